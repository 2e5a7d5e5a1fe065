"""What a database keeps for reports: sums, never who was counted in them.

A sum of likes or notes has a flag: whether at least 20 different viewers stand behind it. They are
counted in memory (`kitchens/viewer_counts.py`); without the flag no report has the sum.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from likelight_cloud.store.signals import LAMP_AFTER, OUTAGE_MS

MS: Final = timedelta(milliseconds=1)

FLEET: Final = ""
"""In the place of a kitchen's id; none is empty."""

DAYS_KEPT: Final = 400
"""Sums of days and weeks: a year, and the month before it to compare with."""

PERIOD_DAYS: Final = 28
"""An hour of the week is counted together with those of three other weeks, and never alone."""

PERIODS_KEPT: Final = 3

_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
ADDED_BEFORE: Final = (
    f"(CAST(period AS bigint) * {PERIOD_DAYS} - {_EPOCH_DAY - 1}) * {timedelta(days=1) // MS}"
)
"""In the SQL of both stores, the end of a period's first day, in ms since 1970: a kitchen that was
added later has a mean of fewer than four weeks."""


@dataclass(frozen=True, slots=True)
class DaySum:
    """The likes of one day, in the kitchen's zone."""

    kid: str
    day: date
    likes: int
    many: bool


@dataclass(frozen=True, slots=True)
class HourSum:
    """The likes of one hour of the week, of all four weeks of a period: `slot` is 24 times the day
    of the week, Monday being 0, and the hour."""

    kid: str
    period: int
    slot: int
    likes: int
    many: bool


@dataclass(frozen=True, slots=True)
class NoteSum:
    """How often one of the prepared notes was sent in the week that began on Monday, `week`."""

    kid: str
    week: date
    code: str
    notes: int
    many: bool


@dataclass(frozen=True, slots=True)
class LampDay:
    """How long the device was heard of on a day, and how long of that its lamp lit no like."""

    kid: str
    day: date
    heard_ms: int
    dark_ms: int


@dataclass(frozen=True, slots=True)
class Sums:
    """All that a report is made of; of the fleet the sums of all kitchens together, under the id
    `FLEET`."""

    days: tuple[DaySum, ...] = ()
    hours: tuple[HourSum, ...] = ()
    notes: tuple[NoteSum, ...] = ()
    lamps: tuple[LampDay, ...] = ()
    created_on: dict[str, date] = field(default_factory=dict)
    """The day on which each kitchen was added, by UTC."""


class AggregateStore(Protocol):
    """The part of a `Store` that is about reports. Raises `StoreError`."""

    async def flag_likes(self, kid: str, at: datetime, *, day: bool, hour: bool) -> None:
        """Remember that 20 different viewers stand behind the likes of the day, or of the hour of
        the week, that it is at `at`. There is a like in them."""

    async def flag_note(self, kid: str, at: datetime, code: str) -> None:
        """The same of the notes `code` of the week that it is at `at`."""

    async def notes_sent(self, since: date, until: date) -> dict[str, int]:
        """Return how often each note was sent in all kitchens, in the weeks from `since` on and
        before `until`, of which at least 20 different viewers sent it to that kitchen."""

    async def sums(self, kid: str) -> Sums:
        """Return all sums of the kitchen `kid`."""

    async def fleet_sums(self) -> Sums:
        """Return the sums of all kitchens, added up by the database: only those of at least 20
        viewers, and hours only of kitchens that were there for all of their four weeks."""


def lamp_times(
    received_before: int | None, unlit_since: int | None, received: int
) -> tuple[int, int]:
    """Return how long the device was heard of since its report before, and how long of that its
    lamp lit no like, in ms. Times are in ms since 1970."""
    passed = 0 if received_before is None else received - received_before
    if not 0 < passed < OUTAGE_MS:
        return 0, 0
    dark = unlit_since is not None and received - unlit_since >= LAMP_AFTER / MS
    return passed, passed if dark else 0


def period_of(day: date) -> int:
    """Return the number of the four weeks that `day` is in; each has every hour of the week four
    times."""
    return day.toordinal() // PERIOD_DAYS


def period_begins(period: int) -> date:
    """Return the first day of a period."""
    return date.fromordinal(period * PERIOD_DAYS)


def slot_of(local: datetime) -> int:
    """Return the hour of the week that it is at `local`, a time in the kitchen's zone."""
    return local.weekday() * 24 + local.hour


def week_of(day: date) -> date:
    """Return the Monday of the week that `day` is in."""
    return day - timedelta(days=day.weekday())
