"""The crew's consent, asked for and taken at the panel: a store has no shell.

Who holds the button confirms that the crew has signed the notice on paper. Nothing else can answer:
not the cloud, not the configuration, not what lies on the card.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

from likelight.appreciation.buttons.question import Question, Questions
from likelight.appreciation.screens.models import Screen, StatusScreen
from likelight.assets.crew_words import CrewWords
from likelight.config.settings import ConsentSettings
from likelight.gate.consent import (
    Consent,
    ConsentError,
    ConsentStatus,
    remove_consent,
    write_consent,
)
from likelight.gate.consent_watch import ConsentWatch
from likelight.runtime.clock import Now

log = logging.getLogger(__name__)

HOLD_S = 5
LOOK_AGAIN_S = 10.0
"""How soon the panel asks once the clock is set, and for the new day at midnight."""
STORE_WITHIN_S = 10.0
"""A worn-out SD card can hang for minutes; the crew reads that nothing was recorded."""
SIGNED_BY = "signed on paper"
_ABOUT = "consent"
_TO_ASK = {
    ConsentStatus.MISSING,
    ConsentStatus.OVERDUE,
    ConsentStatus.OTHER_KITCHEN,
    ConsentStatus.UNREADABLE,
}


@dataclass(frozen=True, slots=True)
class Notice:
    """What a hold agrees to: a notice, for a kitchen, up to and with a last day."""

    kitchen: str
    number: str
    review: date

    def screen(self, words: CrewWords, buttons: str) -> StatusScreen:
        """Return what asks for it, to be answered by holding `buttons`."""
        signed = words.signed.format(date=self.review)
        hold = words.hold.format(name=buttons, seconds=HOLD_S)
        title = words.notice.format(number=self.number)
        return StatusScreen(title, f"{signed} {hold}", "camera_crossed")


def notice_today(settings: ConsentSettings, kitchen: str, now: datetime) -> Notice:
    """Return what a crew is asked at `now`, in the kitchen's own time."""
    review = now.date() + timedelta(days=settings.review_after_days)
    return Notice(kitchen, settings.notice, review)


async def record_signed(
    notice: Notice, state_dir: Path, keep_private: Callable[[], Awaitable[None]], now: Now
) -> None:
    """Record that the crew has signed `notice` on paper; the camera is private before.

    Raises `ConsentError`, or `OSError`, of which a `TimeoutError` is one: then the crew reads that
    nothing was recorded, and what a disk that hangs still writes is removed again.
    """
    given_up = threading.Event()
    consent = Consent(
        kitchen=notice.kitchen,
        signed_by=SIGNED_BY,
        notice=notice.number,
        recorded_at=now().astimezone(UTC),
        review=notice.review,
    )

    def write() -> None:
        write_consent(state_dir, consent)
        if given_up.is_set():
            remove_consent(state_dir)

    try:
        async with asyncio.timeout(STORE_WITHIN_S):
            await keep_private()
            await asyncio.to_thread(write)
    except TimeoutError:
        given_up.set()
        raise


class PanelConsent:
    """Asks by `questions`, and records in `state_dir` what the crew of `kitchen` has agreed to.

    A component. `keep_private` makes the camera private for good, or raises `OSError`; that comes
    before the record, so that a consent never puts a kitchen on air. `enrolled` returns whether the
    kitchen's id is the final one, and `tell` shows a screen for a moment. `on_recorded` is called
    after each record. `clock_is_set` may block.
    """

    def __init__(
        self,
        settings: ConsentSettings,
        questions: Questions,
        consent: ConsentWatch,
        *,
        kitchen: str,
        state_dir: Path,
        words: CrewWords,
        zone: tzinfo,
        enrolled: Callable[[], bool],
        keep_private: Callable[[], Awaitable[None]],
        tell: Callable[[Screen], None],
        on_recorded: Callable[[], None],
        clock_is_set: Callable[[], bool],
        now: Now,
    ) -> None:
        self._settings = settings
        self._questions = questions
        self._consent = consent
        self._kitchen = kitchen
        self._state_dir = state_dir
        self._words = words
        self._zone = zone
        self._enrolled = enrolled
        self._keep_private = keep_private
        self._tell = tell
        self._on_recorded = on_recorded
        self._clock_is_set = clock_is_set
        self._now = now
        self._notice: Notice | None = None
        """What is asked now; None while nothing can be."""
        self._agreed: Notice | None = None
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """What decides whether to ask may have changed."""
        self._changed.set()

    async def run(self) -> None:
        """Ask and record, for ever."""
        try:
            while True:
                self._changed.clear()
                self._ask(await asyncio.to_thread(self._clock_is_set))
                if (agreed := self._agreed) is not None:
                    self._agreed = None
                    await self._record(agreed)
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN_S):
                        await self._changed.wait()
        finally:
            # Nobody would record what is agreed to.
            self._put(None)

    def _ask(self, clock_is_set: bool) -> None:
        health = self._consent.health
        if health is None or not clock_is_set or not self._enrolled():
            self._put(None)
            return
        now = self._now().astimezone(self._zone)
        self._put(notice_today(self._settings, self._kitchen, now))
        missing = health.status in _TO_ASK
        asked = self._questions.of_thanks(_ABOUT)
        if missing and asked is None and self._notice is not None:
            self._questions.put(_ABOUT, self._question(self._notice, "THANKS", patient=True))
        elif not missing:
            self._questions.put(_ABOUT, None)

    def _put(self, notice: Notice | None) -> None:
        """Ask about `notice`; one that is asked already stays, and so does a hold under way."""
        if notice == self._notice:
            return
        self._notice = notice
        self._questions.put(_ABOUT, None)
        self._questions.of_both = None
        if notice is not None:
            both = self._question(notice, "THANKS + PRIVACY", patient=False)
            self._questions.of_both = both

    def _question(self, notice: Notice, buttons: str, *, patient: bool) -> Question:
        def agreed() -> None:
            self._agreed = notice
            self._changed.set()

        return Question(notice.screen(self._words, buttons), agreed, HOLD_S, patient)

    async def _record(self, notice: Notice) -> None:
        words = self._words
        try:
            await record_signed(notice, self._state_dir, self._keep_private, self._now)
        except (OSError, ConsentError) as error:
            why = str(error) or "the disk hangs"
            log.error("The crew's consent could not be recorded: %s", why)  # noqa: TRY400  in words
            self._tell(StatusScreen(words.card_failing, words.call_it.format(code="D3"), "wrench"))
            return
        await self._consent.reload()
        log.info("Consent to notice %s was recorded at the panel", notice.number)
        self._tell(StatusScreen(words.recorded, words.press_privacy, "check"))
        self._on_recorded()
