"""What a database keeps for reports: sums, never who was counted in them.

A sum of likes or notes has a flag: whether at least 20 different viewers stand behind it. They are
counted in memory (`kitchens/viewer_counts.py`); without the flag no report has the sum.

The likes of an hour of the week are in those of its days, too. So a weekday of four weeks that
hides one of its hours, or one of its four days, hides the first of its other hours as well: no
hidden sum is left when hours are taken from days, or the reverse. The first, since its place says
nothing of its likes: of the least busy one would know that it had no more than those shown.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Protocol

from likelight_cloud.store.rows import ms
from likelight_cloud.store.signals import LAMP_AFTER, OUTAGE_MS

MS: Final = timedelta(milliseconds=1)

FLEET: Final = ""
"""In the place of a kitchen's id; none is empty."""

DAYS_KEPT: Final = 400
"""Sums of days and weeks: a year, and the month before it to compare with."""

PERIOD_DAYS: Final = 28
"""An hour of the week is counted together with those of three other weeks, and never alone."""

PERIODS_KEPT: Final = 3

_SHOWN_HOURS: Final = """
SELECT slot, CAST(sum(n) AS bigint) AS n FROM (
    SELECT slot, n, many,
           count(*) FILTER (WHERE NOT many) OVER of_weekday AS hidden,
           row_number() OVER of_weekday AS nth
    FROM (
        SELECT kid, slot / 24 AS weekday, slot, n, many FROM likes_hour JOIN kitchen USING (kid)
        WHERE period = $1 AND created_at < $2
        UNION ALL
        SELECT kid, {weekday}, NULL, NULL, many FROM likes_day
        WHERE NOT many AND day BETWEEN $3 AND $4
    ) AS sums
    {of_kitchen}
    WINDOW of_weekday AS (
        PARTITION BY kid, weekday ORDER BY many DESC, slot
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
) AS ranked
WHERE many AND (hidden = 0 OR nth > 1)
GROUP BY slot
"""


@dataclass(frozen=True, slots=True)
class DaySum:
    """The likes of one day, in the kitchen's zone."""

    kid: str
    day: date
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
    notes: tuple[NoteSum, ...] = ()
    lamps: tuple[LampDay, ...] = ()
    hours_from: date | None = None
    """The first day of the newest four weeks that were over in which 20 viewers came in an hour;
    None where a report shows none of their hours."""
    hours: dict[int, int] = field(default_factory=dict)
    """The likes of each hour of the week in these, by `slot_of`: only those that a report shows."""


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

    async def sums(self, kid: str, over: int) -> Sums:
        """Return all sums of the kitchen `kid`; `over` is the newest period that is over."""

    async def fleet_sums(self, over: int) -> Sums:
        """Return the sums of all kitchens, added up by the database: only those of at least 20
        viewers, and of hours those that each kitchen's own report shows."""


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


def newest_hours(kid: str | None) -> str:
    """Return the SQL, of both stores, of the newest period up to $1 in which 20 viewers came in an
    hour: to the kitchen `kid`, which is $2 then, or to any."""
    of_kitchen = "" if kid is None else " AND kid = $2"
    return f"SELECT max(period) FROM likes_hour WHERE many AND period <= $1{of_kitchen}"  # noqa: S608 - constants


def shown_hours(kid: str | None, *, weekday: str) -> str:
    """Return the SQL, of both stores, of the hours of the week that reports show, of the kitchen
    `kid` or of all together: rows of slot and n.

    $1 to $4 are the period, the end of its first day in ms since 1970 (of a kitchen that was added
    later it is the mean of fewer than four weeks), its first and its last day; $5 is `kid`, if any.
    `weekday` is the SQL of the weekday of `day`, Monday being 0.
    """
    of_kitchen = "" if kid is None else "WHERE kid = $5"
    return _SHOWN_HOURS.format(weekday=weekday, of_kitchen=of_kitchen)


def limits_of(period: int) -> tuple[int, date, date]:
    """Return the end of a period's first day in ms since 1970, its first and its last day."""
    first = period_begins(period)
    second = datetime.combine(first + timedelta(days=1), time.min, UTC)
    return ms(second), first, first + timedelta(days=PERIOD_DAYS - 1)


def slot_of(local: datetime) -> int:
    """Return the hour of the week that it is at `local`, a time in the kitchen's zone: 24 times the
    day of the week, Monday being 0, and the hour."""
    return local.weekday() * 24 + local.hour


def week_of(day: date) -> date:
    """Return the Monday of the week that `day` is in."""
    return day - timedelta(days=day.weekday())
