"""What time and paper allow: the crew's consent until its review date, and the opening hours.

Looks at the wall clock again and again instead of sleeping until a moment: clocks are set.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from likelight.gate.consent import (
    WARN_BEFORE_REVIEW,
    Consent,
    ConsentError,
    ConsentStatus,
    consent_status,
    read_consent,
)
from likelight.gate.schedule import Hours, parse
from likelight.runtime.clock import Now

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 10.0
"""Also how soon a consent that was withdrawn in a way we never heard of ends the picture."""
LOOK_WITHIN_S = 5.0
"""A worn-out SD card can stand still for minutes. What can't be read by then is no consent."""
MOST_TURNS = 64
"""How many openings and closings of two schedules are looked at for one that both allow."""

_WORDS = {
    ConsentStatus.VALID: "The crew's consent holds",
    ConsentStatus.MISSING: "The camera stays off: the crew's consent is not recorded",
    ConsentStatus.OVERDUE: "The camera is off: the crew's consent is past its review date",
    ConsentStatus.UNREADABLE: "The camera is off: the record of the crew's consent can't be read",
    ConsentStatus.NO_CLOCK: "The camera stays off until the clock is set: consent has an end date",
}


class Gate(Protocol):
    """What hears of the permissions."""

    def on_consent(self, consented: bool) -> None: ...

    def on_hours(self, is_open: bool, opens_at: datetime | None) -> None: ...


@dataclass(frozen=True, slots=True)
class ConsentHealth:
    """How the consent stands; `review` is its last day. Names nobody."""

    status: ConsentStatus
    review: date | None = None
    review_due: bool = False
    """The review date is less than 14 days away, or has passed."""


class Permissions:
    """Tells `gate` what is allowed, whenever that changes.

    `state_dir` holds the consent; None when the camera is no real sensor and needs none.
    `clock_is_set` may block. `on_change` is called when `consent` has changed.
    """

    def __init__(
        self,
        gate: Gate,
        *,
        hours: Hours | None,
        state_dir: Path | None,
        zone: tzinfo,
        clock_is_set: Callable[[], bool],
        on_change: Callable[[], None],
        now: Now,
    ) -> None:
        self.consent: ConsentHealth | None = None
        """None while nothing is known, and where no consent is needed."""
        self._gate = gate
        self._own = hours
        self._wished: Hours | None = None
        self._state_dir = state_dir
        self._zone = zone
        self._clock_is_set = clock_is_set
        self._on_change = on_change
        self._now = now
        self._ends: datetime | None = None
        self._looking = asyncio.Lock()
        self._late: asyncio.Future[tuple[Consent | None, bool]] | None = None
        """The last look at the disk, which may still be under way."""
        self._changed = asyncio.Event()
        self._mind_hours()
        if state_dir is None:
            gate.on_consent(True)

    @property
    def review_due(self) -> date | None:
        """The review date, when the crew should be told of it."""
        return self.consent.review if self.consent and self.consent.review_due else None

    def wish(self, schedule: dict[str, Any]) -> None:
        """Heed the cloud's schedule as well; an empty one is none.

        It can only close. One that can't be understood closes altogether.
        """
        try:
            self._wished = parse(_rows(schedule), self._zone) if schedule else None
        except ValueError as error:
            log.warning("The cloud's schedule can't be understood, so we are closed: %s", error)
            self._wished = parse({}, self._zone)
        self._mind_hours()
        self._changed.set()

    async def reload(self) -> str:
        """Read the consent anew, now; return in words how it stands."""
        await self._mind_consent()
        if self.consent is None:
            return "The camera of this device is simulated and needs no consent."
        return f"{_WORDS[self.consent.status]}."

    def routes(self) -> list[web.RouteDef]:
        """Return what the command line may ask of a running device."""

        async def reload(_: web.Request) -> web.Response:
            words = await self.reload()
            holds = self.consent is not None and self.consent.status is ConsentStatus.VALID
            return web.json_response({"words": words, "holds": holds})

        return [web.post("/consent/reload", reload)]

    async def run(self) -> None:
        """Look at the clock for ever."""
        while True:
            self._changed.clear()
            self._mind_hours()
            await self._mind_consent()
            self._mind_hours()
            try:
                async with asyncio.timeout(self._until_change()):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def _mind_hours(self) -> None:
        now = self._now()
        if self._open(now):
            self._gate.on_hours(True, None)
        else:
            self._gate.on_hours(False, self._next_opening(now))

    def _hours(self) -> list[Hours]:
        return [hours for hours in (self._own, self._wished) if hours is not None]

    def _open(self, now: datetime) -> bool:
        return all(hours.is_open(now) for hours in self._hours())

    def _next_opening(self, now: datetime) -> datetime | None:
        for _ in range(MOST_TURNS):
            turn = self._next_turn(now)
            if turn is None or self._open(turn):
                return turn
            now = turn
        return None

    def _next_turn(self, now: datetime) -> datetime | None:
        turns = [turn for hours in self._hours() if (turn := hours.next_change(now)) is not None]
        return min(turns, default=None)

    def _until_change(self) -> float:
        now = self._now()
        turn = self._next_turn(now)
        due = [(turn - now).total_seconds() for turn in (turn, self._ends) if turn is not None]
        return min([LOOK_AGAIN_S, *(seconds for seconds in due if seconds > 0)])

    async def _mind_consent(self) -> None:
        if self._state_dir is None:
            return
        # One at a time, so that what was read before a withdrawal is never told after it.
        async with self._looking:
            try:
                async with asyncio.timeout(LOOK_WITHIN_S):
                    consent, clock = await self._look(self._state_dir)
                stands = consent_status(consent, self._now(), self._zone, clock_is_set=clock)
            except (ConsentError, TimeoutError) as error:
                log.debug("%s", str(error) or "the disk hangs")
                consent, stands = None, ConsentStatus.UNREADABLE
            self._gate.on_consent(stands is ConsentStatus.VALID)
            self._ends = consent.ends(self._zone) if consent else None
        self._tell(self._health(consent, stands))

    async def _look(self, state_dir: Path) -> tuple[Consent | None, bool]:
        def look() -> tuple[Consent | None, bool]:
            return read_consent(state_dir), self._clock_is_set()

        if self._late is not None:
            # One thread at most hangs with the disk. What it read may be older than a withdrawal.
            await asyncio.wait([self._late])
        self._late = asyncio.get_running_loop().run_in_executor(None, look)
        return await asyncio.shield(self._late)

    def _health(self, consent: Consent | None, stands: ConsentStatus) -> ConsentHealth:
        if consent is None:
            return ConsentHealth(stands)
        due = self._now() >= consent.ends(self._zone) - WARN_BEFORE_REVIEW
        return ConsentHealth(stands, consent.review, due)

    def _tell(self, health: ConsentHealth) -> None:
        before, self.consent = self.consent, health
        if health == before:
            return
        if before is None or before.status is not health.status:
            level = logging.INFO if health.status is ConsentStatus.VALID else logging.WARNING
            log.log(level, "%s", _WORDS[health.status])
        if health.review_due and not (before and before.review_due):
            log.warning("The crew's consent is to be reviewed by %s", health.review)
        self._on_change()


def _rows(schedule: dict[str, Any]) -> dict[str, str]:
    for weekday, text in schedule.items():
        if not isinstance(text, str):
            raise ValueError(f'{weekday}: write it as "11:00-23:00"')
    return schedule
