"""Reports of sums: a pure function of what the store shows, the time, and whose report it is.

A sum behind which fewer than 20 viewers stand is in no other figure of its kind and in no total,
and neither is a day, a week or a period of four weeks that is not over.

Days and hours of the week count the same likes, though. So a weekday that hides one of its hours,
or one of its four days, hides one hour more, which 20 viewers visited (`store/aggregates.py`): what
its shown days and hours leave open is never the likes of one hidden sum alone, and no figure tells
how it divides. Hours are in tenths of the busiest, so that what is left open is seldom known
exactly either.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import Final

from likelight.contract import Wire
from likelight.contract.schedule import WEEKDAYS
from likelight_cloud.store.aggregates import (
    PERIOD_DAYS,
    AggregateStore,
    LampDay,
    Sums,
    period_of,
    week_of,
)

LAST_ZONE: Final = timedelta(hours=12)
"""The last time zone ends a day so long after UTC does."""

ENOUGH_DAYS: Final = 14
"""A trend compares four weeks with the four before; each has at least so many days to show."""

_DAY: Final = timedelta(days=1)


class DayLikes(Wire):
    """The likes of one day."""

    day: date
    likes: int


class HourLikes(Wire):
    """How busy an hour of the week is, in the mean of four weeks: 1 is the busiest, in tenths."""

    weekday: str
    hour: int
    of_busiest: float


class WeekNotes(Wire):
    """How often a note was sent in the week that began on this Monday."""

    week: date
    code: str
    notes: int


class LampUp(Wire):
    """How much of the time in which its device was heard of a lamp lit what came."""

    day: date
    percent: float


class Report(Wire):
    """What an operator may know. Sums that are not here are of fewer than 20 viewers, or not over
    yet, or hours that are hidden beside one of these."""

    kitchen: str | None
    """None: the whole fleet."""
    through: date
    """The last day that counts."""
    days: tuple[DayLikes, ...]
    likes: int
    """The sum of `days`, and of no others."""
    hours_from: date | None
    """The first day of the four weeks that `hours` are the mean of; None without any."""
    hours: tuple[HourLikes, ...]
    notes: tuple[WeekNotes, ...]
    notes_sent: int
    """The sum of `notes`, and of no others."""
    lamp: tuple[LampUp, ...]
    lamp_percent: float | None
    trend_percent: int | None
    """How many more likes a day had in the last four weeks than in the four before, of the days
    here; None for the fleet, and with fewer than 14 days in either."""


async def report_of(
    store: AggregateStore, now: datetime, *, kid: str | None, zone: tzinfo | None = None
) -> Report:
    """Return the report of what `store` has. Raises `StoreError`."""
    over = period_of(_today(now, zone)) - 1
    sums = await (store.fleet_sums(over) if kid is None else store.sums(kid, over))
    return report(sums, now, kid=kid, zone=zone)


def report(sums: Sums, now: datetime, *, kid: str | None, zone: tzinfo | None = None) -> Report:
    """Return the report of the kitchen `kid`, in its `zone`, or of the fleet: None and None."""
    today = _today(now, zone)
    likes: defaultdict[date, int] = defaultdict(int)
    for one in sums.days:
        if one.many and one.day < today:
            likes[one.day] += one.likes
    notes: defaultdict[tuple[date, str], int] = defaultdict(int)
    for sent in sums.notes:
        if sent.many and sent.week + 7 * _DAY <= today:
            notes[sent.week, sent.code] += sent.notes
    lamps = [lamp for lamp in sums.lamps if lamp.day < today]
    return Report(
        kitchen=kid,
        through=today - _DAY,
        days=tuple(DayLikes(day=day, likes=n) for day, n in sorted(likes.items())),
        likes=sum(likes.values()),
        hours_from=sums.hours_from,
        hours=_hours(sums.hours),
        notes=tuple(
            WeekNotes(week=week, code=code, notes=n) for (week, code), n in sorted(notes.items())
        ),
        notes_sent=sum(notes.values()),
        lamp=tuple(
            LampUp(day=day, percent=percent)
            for day, of_day in groupby(sorted(lamps, key=_day_of), key=_day_of)
            if (percent := _percent(of_day)) is not None
        ),
        lamp_percent=_percent(lamps),
        trend_percent=None if kid is None else _trend(likes, today),
    )


def _today(now: datetime, zone: tzinfo | None) -> date:
    """Return the kitchen's day; of the fleet, the first that it still is somewhere."""
    return (now - LAST_ZONE).date() if zone is None else now.astimezone(zone).date()


def last_weeks(now: datetime) -> tuple[date, date]:
    """Return the Monday with which the last four weeks began that are over everywhere, and the one
    with which the present week did."""
    until = week_of((now - LAST_ZONE).date())
    return until - PERIOD_DAYS * _DAY, until


def _day_of(lamp: LampDay) -> date:
    return lamp.day


def _percent(lamps: Iterable[LampDay]) -> float | None:
    heard = dark = 0
    for lamp in lamps:
        heard += lamp.heard_ms
        dark += lamp.dark_ms
    return round(100 * (heard - dark) / heard, 1) if heard else None


def _hours(likes: dict[int, int]) -> tuple[HourLikes, ...]:
    busiest = max(likes.values(), default=0)
    return tuple(
        HourLikes(weekday=WEEKDAYS[slot // 24], hour=slot % 24, of_busiest=round(n / busiest, 1))
        for slot, n in sorted(likes.items())
    )


def _trend(likes: dict[date, int], today: date) -> int | None:
    means: list[float] = []
    for weeks_ago in (0, PERIOD_DAYS):
        days = [
            n
            for day, n in likes.items()
            if weeks_ago < (today - day).days <= weeks_ago + PERIOD_DAYS
        ]
        if len(days) < ENOUGH_DAYS:
            return None
        means.append(sum(days) / len(days))
    last, before = means
    return round(100 * (last - before) / before) if before else None
