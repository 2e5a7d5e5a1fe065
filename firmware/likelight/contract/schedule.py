"""Opening hours: the text that a person writes for a week, and its meaning on each day of the year.

Pure functions. A wall time means the first instant at which the kitchen's clock shows it or a
later one. So hours that begin or end inside the hour that spring skips begin or end with the jump,
and those inside the hour that autumn repeats begin or end once, the first time.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import get_args

from likelight.contract import Weekday

WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
DAY_MIN = 24 * 60
HORIZON_DAYS = 9
"""A week's hours show everything they do within 8 days; one more for those that cross midnight."""
MOST_SPANS = 13
"""In one day: the contract gives a day's row 200 characters, of which each takes 15."""
_SECOND = timedelta(seconds=1)
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-\N{EN DASH}]\s*(\d{1,2}):(\d{2})")

Span = tuple[int, int]
"""Opening and closing, in minutes after the day's midnight; past 1440 means the next day."""


@dataclass(frozen=True, slots=True)
class Hours:
    """The open hours of each weekday (Monday first), in the time zone `zone`."""

    week: tuple[tuple[Span, ...], ...]
    zone: tzinfo

    def is_open(self, now: datetime) -> bool:
        """Return whether `now` (aware) lies within the hours."""
        for opens, closes in self._spans(now):
            if closes > now:
                return opens <= now
        return False

    def next_change(self, now: datetime) -> datetime | None:
        """Return when (UTC) `is_open` changes next after `now`; None if it never does."""
        until = now + timedelta(days=HORIZON_DAYS - 1)
        for opens, closes in self._spans(now):
            for moment in (opens, closes):
                if now < moment < until:
                    return moment
        return None

    def _spans(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the open times around `now` (UTC) in order; those that touch are one."""
        day = now.astimezone(self.zone).date()
        whole: tuple[datetime, datetime] | None = None
        for opens, closes in self._daily_spans(day):
            if whole is None or opens > whole[1]:
                if whole is not None:
                    yield whole
                whole = opens, closes
            else:
                whole = whole[0], max(whole[1], closes)
        if whole is not None:
            yield whole

    def _daily_spans(self, today: date) -> Iterator[tuple[datetime, datetime]]:
        # Yesterday's hours may reach into today. Those of the day before may do so too, when the
        # zone skipped a whole day.
        for ahead in range(-2, HORIZON_DAYS + 1):
            day = today + timedelta(days=ahead)
            for opens, closes in self.week[day.weekday()]:
                begin, end = instant(day, opens, self.zone), instant(day, closes, self.zone)
                if begin < end:
                    yield begin, end


def instant(day: date, minute: int, zone: tzinfo) -> datetime:
    """Return (UTC) when the clocks of `zone` first show `minute` of `day`, or a later time."""
    midnight = datetime(day.year, day.month, day.day)
    wall = midnight + timedelta(minutes=minute)
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall_time(moment, zone) == wall:
        return moment
    # The clocks skip this time: the jump lies between the two instants that it could mean.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    while moment - before > _SECOND:
        middle = before + (moment - before) // 2
        if _wall_time(middle, zone) < wall:
            before = middle
        else:
            moment = middle
    return moment.replace(microsecond=0)


def _wall_time(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def overlap(one: Hours, other: Hours) -> Hours:
    """Return the hours that lie within both, in the zone of `one`."""
    week: list[list[Span]] = [[] for _ in WEEKDAYS]
    for day, spans_of_day in enumerate(one.week):
        for opens, closes in spans_of_day:
            # The other's hours of the day before may reach into this one, and these into the next.
            for ahead in (-1, 0, 1):
                for begin, end in other.week[(day + ahead) % len(week)]:
                    both = max(opens, begin + ahead * DAY_MIN), min(closes, end + ahead * DAY_MIN)
                    if both[0] < both[1]:
                        later, opening = divmod(both[0], DAY_MIN)
                        span = (opening, both[1] - later * DAY_MIN)
                        week[(day + later) % len(week)].append(span)
    return Hours(tuple(_joined(spans_of_day) for spans_of_day in week), one.zone)


def _joined(read: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for opens, closes in sorted(read):
        if joined and opens <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(closes, joined[-1][1])
        else:
            joined.append((opens, closes))
    return tuple(joined)


def in_rows(hours: Hours) -> dict[Weekday, str]:
    """Return a row for each day, as `weekly` reads them."""
    return {
        day: ", ".join(f"{_clock(opens)}-{_clock(closes)}" for opens, closes in spans_of_day)
        or "closed"
        for day, spans_of_day in zip(WEEKDAYS, hours.week, strict=True)
    }


def _clock(minute: int) -> str:
    hour = minute // 60
    return f"{hour if minute <= DAY_MIN else hour - 24:02}:{minute % 60:02}"


def weekly(rows: Mapping[Weekday, str], zone: tzinfo) -> Hours:
    """Read hours such as {"monday": "11:00-14:00, 17:00-23:00"}; a day without a row is closed.

    Raises `ValueError` with a message that names the row.
    """
    week = []
    for weekday in WEEKDAYS:
        try:
            week.append(spans(rows.get(weekday, "closed")))
        except ValueError as error:
            raise ValueError(f"{weekday}: {error}") from None
    return Hours(tuple(week), zone)


def daily(text: str, zone: tzinfo) -> Hours:
    """Read hours that are the same on each day, such as "22:00-06:30"."""
    return Hours((spans(text),) * len(WEEKDAYS), zone)


def spans(text: str) -> tuple[Span, ...]:
    """Read one day's hours: "11:00-14:00, 17:00-02:00", or "closed".

    An end that is not after its beginning is on the next day. Raises `ValueError`, which says how
    to write it.
    """
    if text.strip().lower() == "closed":
        return ()
    read = sorted(_span(part.strip()) for part in text.split(","))
    if len(read) > MOST_SPANS:
        raise ValueError(f"it has {len(read)} time spans; write at most {MOST_SPANS}")
    _check_no_overlap(read)
    return tuple(read)


def _span(text: str) -> Span:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f'{text!r} is not a time span; write "11:00-23:00", or "closed"')
    from_h, from_min, to_h, to_min = (int(part) for part in match.groups())
    opens, closes = 60 * from_h + from_min, 60 * to_h + to_min
    if from_min > 59 or to_min > 59 or opens >= DAY_MIN or closes > DAY_MIN:
        raise ValueError(f"{text!r} has a time that no clock shows; a day is 00:00-24:00")
    if opens == closes:
        raise ValueError(f'{text!r} ends when it begins; write "00:00-24:00" for the whole day')
    return (opens, closes) if closes > opens else (opens, closes + DAY_MIN)


def _check_no_overlap(read: Sequence[Span]) -> None:
    for (_, closes), (opens, _) in pairwise(read):
        if opens < closes:
            raise ValueError("two of its time spans overlap; make them one")
