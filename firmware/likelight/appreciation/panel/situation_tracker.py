"""The present situation, put together from the parts that know it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from likelight.appreciation.buttons.attention import ANSWER_S
from likelight.appreciation.buttons.question import Question
from likelight.appreciation.obstacle import Obstacle
from likelight.appreciation.panel.settings import PanelSettings
from likelight.appreciation.panel.situation import Situation
from likelight.appreciation.screens.models import Screen
from likelight.appreciation.sync.connection import CloudConnection
from likelight.appreciation.sync.diagnosis import diagnose
from likelight.appreciation.sync.inbox import Inbox
from likelight.appreciation.sync.poll import Poller
from likelight.contract import CameraReport
from likelight.runtime.clock import Now

LIVELY_S = 60.0
"""How long after the last likes the count stays on the display when nobody watches."""
LIKED_S = 10.0
"""For so long likes go before what waits for the crew, a question or a mistake; then that has
twice as long, however many likes come."""

_NEVER = float("-inf")


class SituationTracker:
    """Collects the state of the other parts, and remembers for a while what has just happened.

    `stuck` returns the names of the buttons that do not work, `asked` the question that is open,
    and `held` what the panel must show while somebody answers it.
    """

    def __init__(
        self,
        inbox: Inbox,
        poller: Poller,
        settings: PanelSettings,
        *,
        camera: Callable[[], CameraReport],
        stuck: Callable[[], tuple[str, ...]],
        asked: Callable[[], Question | None],
        held: Callable[[], Screen | None],
        now: Now,
    ) -> None:
        self.camera_trouble: str | None = None
        self._inbox = inbox
        self._poller = poller
        self._settings = settings
        self._camera = camera
        self._stuck = stuck
        self._asked = asked
        self._held = held
        self._now = now
        self._likes_seen = 0
        self._lively_until = _NEVER
        self._liked_until = _NEVER
        self._thanking_until = _NEVER
        self._hiding_until = _NEVER
        self._told: Screen | None = None
        self._told_until = _NEVER
        self.aiming: Screen | None = None
        """What the panel shows while the crew aims the camera."""

    def start(self) -> None:
        """Begin after the inbox is loaded: what came before a start is not news."""
        self._likes_seen = self._inbox.totals.total

    def events_came(self) -> None:
        """The inbox has taken in a reply of the cloud."""
        total = self._inbox.totals.total
        if total > self._likes_seen:
            self._lively_until = _time() + LIVELY_S
            if _time() >= self._liked_until + 2 * LIKED_S:
                self._liked_until = _time() + LIKED_S
        self._likes_seen = total

    def thanks_given(self) -> None:
        """The crew has said thanks: the screen says so for a moment."""
        self._thanking_until = _time() + ANSWER_S

    def tell(self, screen: Screen) -> None:
        """The crew has answered a question: the screen says for a moment what became of it."""
        self._told, self._told_until = screen, _time() + ANSWER_S
        self._thanking_until = _NEVER

    def privacy_taken(self) -> None:
        """The crew has pressed PRIVACY: its answer takes the place of the one to THANKS."""
        self._thanking_until = self._told_until = _NEVER
        self._hiding_until = _time() + ANSWER_S

    @property
    def has_worked(self) -> bool:
        """Whether the cloud has answered this kitchen's device, also before this start."""
        return self._inbox.cursor is not None

    @property
    def obstacle(self) -> Obstacle | None:
        """What keeps the device from its cloud, and must be mended first, where that is known."""
        match self._poller.connection:
            case CloudConnection.STARTING:
                return diagnose(self._settings.observed())
            case CloudConnection.OFFLINE:
                return diagnose(replace(self._settings.observed(), failure=self._poller.failure))
        return None

    def current(self) -> Situation:
        """Return the situation now."""
        now, question = _time(), self._asked()
        viewers, camera = self._inbox.viewers, self._camera()
        timezone = self._settings.timezone
        at_rest = self._settings.viewers_at_rest and viewers.band is not None
        return Situation(
            connection=self._poller.connection,
            failure=self._poller.failure,
            obstacle=self.obstacle,
            has_worked=self.has_worked,
            camera=camera.state,
            cause=camera.cause,
            opens_at=camera.opens_at and camera.opens_at.astimezone(timezone),
            today=self._now().astimezone(timezone).date(),
            consent_until=self._settings.review_due(),
            stuck=self._stuck(),
            likes_today=self._inbox.likes_today,
            trouble=self.camera_trouble,
            troubles=self._settings.troubles(),
            file_mistakes=self._settings.file_mistakes(),
            pairing_code=self._settings.pairing_code(),
            viewers=viewers.band,
            viewers_at_rest=at_rest,
            lively=now < self._lively_until or (viewers.watching and not at_rest),
            just_liked=now < self._liked_until,
            thanking=now < self._thanking_until,
            hiding=now < self._hiding_until,
            first=self._held() or (self._told if now < self._told_until else self.aiming),
            question=None if question is None else question.screen,
            patient=question is not None and question.patient,
        )


def _time() -> float:
    return asyncio.get_running_loop().time()
