"""Whether the crew's consent holds now: the record on the disk, read again and again.

Looks at the wall clock again and again instead of sleeping until a moment: clocks are set.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path

from likelight.contract.figures import WARN_BEFORE_REVIEW
from likelight.gate.consent import (
    Consent,
    ConsentError,
    ConsentStatus,
    consent_status,
    read_consent,
)
from likelight.runtime.clock import Now

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 10.0
"""Also how soon a consent that was withdrawn without a word to us takes the camera off the air."""
READ_WITHIN_S = 5.0
"""A worn-out SD card can hang for minutes. A consent that can't be read by then counts as none."""

_WORDS = {
    ConsentStatus.VALID: "The crew's consent holds",
    ConsentStatus.MISSING: "The camera stays off: the crew's consent is not recorded",
    ConsentStatus.OVERDUE: "The camera is off: the crew's consent is past its review date",
    ConsentStatus.OTHER_KITCHEN: "The camera stays off: the consent on record is another kitchen's"
    " and void here; record this crew's",
    ConsentStatus.UNREADABLE: "The camera is off: the record of the crew's consent can't be read",
    ConsentStatus.NO_CLOCK: "The camera stays off until the clock is set: consent has an end date",
}


@dataclass(frozen=True, slots=True)
class ConsentHealth:
    """The consent's status; `review` is its last day. Names nobody."""

    status: ConsentStatus
    review: date | None = None
    review_due: bool = False
    """The review date is less than 14 days away, or has passed."""

    @property
    def holds(self) -> bool:
        """Whether there is a consent, and it holds."""
        return self.status is ConsentStatus.VALID


class ConsentWatch:
    """Calls `on_consent` with whether the consent in `state_dir` holds for `kitchen`, an id.

    `state_dir` is None when the camera is simulated and needs no consent. `clock_is_set` may block.
    `on_change` is called when `health` has changed.
    """

    def __init__(
        self,
        on_consent: Callable[[bool], None],
        *,
        kitchen: str,
        state_dir: Path | None,
        zone: tzinfo,
        clock_is_set: Callable[[], bool],
        on_change: Callable[[], None],
        now: Now,
    ) -> None:
        self.health: ConsentHealth | None = None
        """None before the first look, and where no consent is needed."""
        self._on_consent = on_consent
        self._kitchen = kitchen
        self._state_dir = state_dir
        self._zone = zone
        self._clock_is_set = clock_is_set
        self._on_change = on_change
        self._now = now
        self._ends: datetime | None = None
        self._looking = asyncio.Lock()
        self._reading: asyncio.Future[tuple[Consent | None, bool]] | None = None
        """The last read of the disk, which may still be under way."""
        if state_dir is None:
            on_consent(True)

    @property
    def holds(self) -> bool:
        """Whether there is a consent, and it holds."""
        return self.health is not None and self.health.holds

    @property
    def review_due(self) -> date | None:
        """The review date, once the crew should know of it."""
        return self.health.review if self.health and self.health.review_due else None

    async def reload(self) -> str:
        """Read the consent again, now; return a sentence on its status."""
        if self._state_dir is not None:
            await self._look(self._state_dir)
        if self.health is None:
            return "The camera of this device is simulated and needs no consent."
        return f"{_WORDS[self.health.status]}."

    async def run(self) -> None:
        """Read the disk and the clock for ever; a simulated camera needs neither."""
        while self._state_dir is not None:
            await self._look(self._state_dir)
            await asyncio.sleep(self._until_next_look())

    def _until_next_look(self) -> float:
        if self._ends is None:
            return LOOK_AGAIN_S
        seconds = (self._ends - self._now()).total_seconds()
        return min(LOOK_AGAIN_S, seconds) if seconds > 0 else LOOK_AGAIN_S

    async def _look(self, state_dir: Path) -> None:
        # One at a time, so that what was read before a withdrawal never counts after it.
        async with self._looking:
            try:
                async with asyncio.timeout(READ_WITHIN_S):
                    consent, clock_is_set = await self._read(state_dir)
                status = self._status_of(consent, clock_is_set)
            except (ConsentError, TimeoutError) as error:
                log.debug("%s", str(error) or "the disk hangs")
                consent, status = None, ConsentStatus.UNREADABLE
            self._on_consent(status is ConsentStatus.VALID)
            self._ends = consent.ends(self._zone) if consent else None
        self._set_health(self._health_of(consent, status))

    def _status_of(self, consent: Consent | None, clock_is_set: bool) -> ConsentStatus:
        return consent_status(
            consent, self._now(), self._zone, clock_is_set=clock_is_set, kitchen=self._kitchen
        )

    async def _read(self, state_dir: Path) -> tuple[Consent | None, bool]:
        def read() -> tuple[Consent | None, bool]:
            return read_consent(state_dir), self._clock_is_set()

        if self._reading is not None:
            # At most one thread hangs with the disk. What it read may be older than a withdrawal.
            await asyncio.wait([self._reading])
        self._reading = asyncio.get_running_loop().run_in_executor(None, read)
        return await asyncio.shield(self._reading)

    def _health_of(self, consent: Consent | None, status: ConsentStatus) -> ConsentHealth:
        if consent is None or status is ConsentStatus.OTHER_KITCHEN:
            return ConsentHealth(status)
        due = self._now() >= consent.ends(self._zone) - WARN_BEFORE_REVIEW
        return ConsentHealth(status, consent.review, due)

    def _set_health(self, health: ConsentHealth) -> None:
        before, self.health = self.health, health
        if health == before:
            return
        if before is None or before.status is not health.status:
            level = logging.INFO if health.status is ConsentStatus.VALID else logging.WARNING
            log.log(level, "%s", _WORDS[health.status])
        if health.review_due and not (before and before.review_due):
            log.warning("The crew's consent is to be reviewed by %s", health.review)
        self._on_change()
