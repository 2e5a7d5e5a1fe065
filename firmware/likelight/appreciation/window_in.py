"""The window in: cloud, lamp, display and button, wired into one component."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import date, datetime, tzinfo
from typing import Protocol

from likelight.appreciation.buttons.attention import ANSWER_S
from likelight.appreciation.buttons.thanks import ThanksButton
from likelight.appreciation.buttons.watched import CrewButton
from likelight.appreciation.lamp.effects import Base
from likelight.appreciation.panel.headline import Situation
from likelight.appreciation.panel.presenter import Presenter
from likelight.appreciation.panel.surface import Shown
from likelight.appreciation.sync.client import CloudClient
from likelight.appreciation.sync.inbox import Inbox, LikesLamp
from likelight.appreciation.sync.poll import Link, Poller
from likelight.appreciation.sync.report import Reporter
from likelight.appreciation.sync.store import DeviceStore, KeptNote
from likelight.contract import CameraReport, Catalogue, Desired, Health, State, Viewers
from likelight.runtime.clock import Now
from likelight_hw.ports import Button, Display

log = logging.getLogger(__name__)

LIVELY_S = 60.0
"""How long after the last likes the count stays on the display when nobody watches."""


class WindowLamp(LikesLamp, Protocol):
    """What the window in asks of the lamp; no call waits."""

    def set_base(self, base: Base) -> None: ...

    def note(self) -> None: ...

    def thanks(self) -> None: ...

    def felt(self) -> None: ...


class WindowIn:
    """Brings likes and notes to the crew, and their answers back.

    The store must be open, and its owner closes it. Give the lamp's `on_lit` to `lit`, and call
    `camera_changed` whenever what `camera()` returns has changed. `privacy` is the other button: an
    elbow on both means that one, and what is wrong with either is told on the display. `on_button`
    hears when that changed for THANKS. `review_due` returns the date by which the crew's consent is
    to be reviewed, when that is soon. `on_link`, `on_viewers` and `on_desired` hear of changes, on
    the event loop; `on_desired` hears the last known wish at start too, so that it holds without a
    network. In `quiet()` hours the display is dark, or at brightness `night`; see `Presenter`.
    """

    def __init__(
        self,
        store: DeviceStore,
        cloud: CloudClient,
        lamp: WindowLamp,
        display: Display,
        thanks: Button,
        *,
        catalogue: Catalogue,
        camera: Callable[[], CameraReport],
        measure: Callable[[], Awaitable[Health]],
        simulated: bool,
        on_link: Callable[[Link], None],
        on_viewers: Callable[[Viewers], None],
        on_desired: Callable[[Desired], None],
        now: Now,
        rng: random.Random,
        timezone: tzinfo | None = None,
        privacy: CrewButton | None = None,
        on_button: Callable[[], None] = lambda: None,
        review_due: Callable[[], date | None] = lambda: None,
        quiet: Callable[[], bool] = lambda: False,
        night: float = 0.0,
    ) -> None:
        self._lamp = lamp
        self._camera = camera
        self._on_link = on_link
        self._private = False
        self._trouble: str | None = None
        self._likes_heard = 0
        self._lively_until = float("-inf")
        self._thanking_until = float("-inf")
        self._inbox = Inbox(
            store,
            lamp,
            now=now,
            on_desired=on_desired,
            on_viewers=on_viewers,
            on_news=self._news_came,
            on_receipt=self._receipt_due,
            timezone=timezone,
        )
        self._poller = Poller(cloud, self._inbox, rng=rng, on_link=self._link_changed)
        self._reporter = Reporter(
            cloud,
            store,
            self._inbox,
            camera=camera,
            measure=measure,
            simulated=simulated,
            now=now,
            rng=rng,
        )
        self._presenter = Presenter(
            display,
            self._inbox,
            catalogue=catalogue,
            situation=self._situation,
            on_note=lamp.note,
            rng=rng,
            quiet=quiet,
            night=night,
        )
        self._thanks = ThanksButton(
            self._inbox,
            overruled=privacy.touched_since if privacy else lambda _: False,
            on_thanks=self._thanked,
            on_repeat=self._repeat,
        )
        thanks_button = CrewButton(
            "THANKS", thanks, self._thanks, on_felt=self.felt, on_trouble=self.button_changed
        )
        self._thanks_button = thanks_button
        self._on_button = on_button
        self._review_due = review_due
        self._now = now
        self._timezone = timezone
        self.buttons = (thanks_button, privacy) if privacy else (thanks_button,)

    @property
    def link(self) -> Link:
        """How the device stands with its cloud."""
        return self._poller.link

    @property
    def reported(self) -> asyncio.Event:
        """Set once the cloud has had a status from this process."""
        return self._reporter.reported

    @property
    def display_trouble(self) -> str:
        """Why the display shows nothing new; empty while it does."""
        return self._presenter.trouble

    @property
    def screen(self) -> Shown:
        """What is on the display."""
        return self._presenter.current

    @property
    def likes_lit(self) -> int:
        """The highest cloud total that the lamp has physically shown (`lit_total`)."""
        return self._inbox.tally.lit_total

    @property
    def notes_shown(self) -> tuple[KeptNote, ...]:
        """The last notes that the display showed, in that order; also those from before a start."""
        return tuple(self._inbox.history)

    @property
    def viewers(self) -> Viewers:
        """The band of viewers and whether anybody watches, as the cloud last said."""
        return self._inbox.viewers

    def lit(self, total: int, at: datetime) -> None:
        """The lamp has physically risen for the likes that carry the cloud's `total`."""
        self._inbox.lit(total, at)

    def camera_changed(self) -> None:
        """What `camera()` returns has changed: tell crew and cloud at once."""
        # The lamp last: one that fails must cost neither the cloud nor the display the news.
        self._reporter.change_at_once()
        private = self._camera().state is State.PRIVATE
        if private and not self._private:
            self._thanking_until = float("-inf")
            self._presenter.answer()
        self._private = private
        self._presenter.change()
        self._set_base()

    def camera_trouble(self, code: str | None) -> None:
        """The camera has this trouble (a short code), or none any more: the display says so."""
        if code != self._trouble:
            self._trouble = code
            self._presenter.change()

    def felt(self) -> None:
        """A button was pressed, whichever: screen and lamp answer at once."""
        self._presenter.felt()
        self._lamp.felt()

    def pause(self) -> None:
        """Let notes wait for `resume`; the lamp is paused by its own `hold`."""
        self._presenter.pause()

    def resume(self) -> None:
        """Show the notes that waited."""
        self._presenter.resume()

    def skip(self) -> bool:
        """The note on the display is done; False: there is none."""
        return self._presenter.skip()

    def test_note(self) -> None:
        """Show a note that says it is a test; nobody gets a receipt for it."""
        self._presenter.test_note()

    def button_changed(self) -> None:
        """What is wrong with a button has changed: the display says so."""
        self._presenter.change()
        self._on_button()

    def consent_changed(self) -> None:
        """What `review_due()` returns may have changed: the display says so."""
        self._presenter.change()

    async def run(self) -> None:
        """Work for ever; what the lamp has shown is stored in the end."""
        await self._inbox.load()
        self._likes_heard = self._inbox.tally.total
        self._private = self._camera().state is State.PRIVATE
        self._set_base()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._inbox.run())
            group.create_task(self._presenter.run())
            group.create_task(self._thanks_button.run())
            group.create_task(self._thanks.run())
            group.create_task(self._reporter.run())
            group.create_task(self._poller.run())

    def _situation(self) -> Situation:
        now = asyncio.get_running_loop().time()
        viewers, camera = self._inbox.viewers, self._camera()
        return Situation(
            link=self._poller.link,
            why=self._poller.why,
            camera=camera.state,
            cause=camera.cause,
            opens_at=camera.opens_at and camera.opens_at.astimezone(self._timezone),
            today=self._now().astimezone(self._timezone).date(),
            consent_until=self._review_due(),
            stuck=tuple(button.name for button in self.buttons if button.trouble),
            likes_today=self._inbox.likes_today,
            trouble=self._trouble,
            viewers=viewers.band,
            lively=viewers.watching or now < self._lively_until,
            thanking=now < self._thanking_until,
        )

    def _news_came(self) -> None:
        total = self._inbox.tally.total
        if total > self._likes_heard:
            self._lively_until = asyncio.get_running_loop().time() + LIVELY_S
        self._likes_heard = total
        self._presenter.change()

    def _receipt_due(self) -> None:
        self._reporter.change()

    def _link_changed(self, link: Link) -> None:
        self._set_base()
        self._presenter.change()
        if link is Link.CONNECTED:
            self._reporter.reconnected()
        self._on_link(link)

    def _repeat(self) -> None:
        if self._presenter.repeat():
            log.info("The crew reads the last note again")

    def _thanked(self) -> None:
        self._reporter.change_at_once()
        self._thanking_until = asyncio.get_running_loop().time() + ANSWER_S
        self._presenter.answer()
        self._lamp.thanks()

    def _set_base(self) -> None:
        state = self._camera().state
        if state is State.PRIVATE:
            base = Base.PRIVATE
        elif self.link not in (Link.STARTING, Link.CONNECTED):
            base = Base.OFFLINE
        else:
            base = Base.ON_AIR if state is State.LIVE else Base.QUIET
        self._lamp.set_base(base)
