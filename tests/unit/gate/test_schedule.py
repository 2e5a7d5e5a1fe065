"""Opening hours, compared with the kitchen's clock minute by minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likelight.contract import Week
from likelight.contract.schedule import WEEKDAYS, Hours, daily, in_rows, instant, overlap, weekly

ZONES = {
    name: ZoneInfo(name)
    for name in (
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",  # half an hour of summer time
        "Africa/Casablanca",  # turns its clocks around Ramadan
        "America/Havana",  # turns them at midnight
        "Asia/Beirut",
    )
}
TURNS = {
    "Europe/Berlin": [date(2026, 3, 29), date(2026, 10, 25)],
    "America/New_York": [date(2026, 3, 8), date(2026, 11, 1)],
    "Asia/Kathmandu": [date(2026, 5, 1)],
    "Australia/Lord_Howe": [date(2026, 4, 5), date(2026, 10, 4)],
    "Africa/Casablanca": [date(2026, 2, 15), date(2026, 3, 22)],
    "America/Havana": [date(2026, 3, 8), date(2026, 11, 1)],
    "Asia/Beirut": [date(2026, 3, 29), date(2026, 10, 25)],
}
MINUTE = timedelta(minutes=1)


def walk(hours: Hours, start: datetime, days: int) -> list[tuple[datetime, bool]]:
    """Look at the wall clock once a minute, as a person with a list of the hours would.

    Each day's opening happens when the clock first shows its time or a later one, and its closing
    likewise.
    """
    first = start.astimezone(hours.zone).date() - timedelta(days=3)
    due = []
    for ahead in range(days + 6):
        day = first + timedelta(days=ahead)
        midnight = datetime(day.year, day.month, day.day)
        for opens, closes in hours.week[day.weekday()]:
            due.append((midnight + opens * MINUTE, midnight + closes * MINUTE))
    seen, latest = [], datetime.min
    moment = start
    while moment < start + timedelta(days=days):
        shown = moment.astimezone(hours.zone).replace(tzinfo=None, fold=0, second=0)
        latest = max(latest, shown)
        seen.append((moment, any(opens <= latest < closes for opens, closes in due)))
        moment += MINUTE
    return seen


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    def clock(minute: int) -> str:
        return f"{minute // 60:02}:{minute % 60:02}"

    rows: Week = {}
    # Around the hours in which clocks are turned, quarters are as good as minutes.
    times = st.one_of(
        st.integers(0, 16).map(lambda quarter: 15 * quarter),
        st.integers(0, 1439),
    )
    for weekday in WEEKDAYS:
        cuts = sorted(draw(st.lists(times, unique=True, max_size=4)))
        pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
        row = [f"{clock(begin)}-{clock(end)}" for begin, end in pairs]
        if len(cuts) % 2 and (not pairs or cuts[-1] > pairs[-1][1]):
            end = draw(st.sampled_from(["24:00", "00:00", "02:30", "03:00"]))
            if end != clock(cuts[-1]):
                row.append(f"{clock(cuts[-1])}-{end}")
        rows[weekday] = ", ".join(row) or "closed"
    return rows


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_hours_are_what_a_walk_over_the_clock_finds(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(ZONES)))
    turn = data.draw(st.sampled_from(TURNS[name]))
    hours = weekly(data.draw(weeks()), ZONES[name])
    start = datetime(turn.year, turn.month, turn.day, tzinfo=UTC) - timedelta(days=1)
    seen = walk(hours, start, 3)
    changes = [at for (_, was), (at, is_open) in pairwise(seen) if was != is_open]
    for at, is_open in seen[:: data.draw(st.integers(1, 29))]:
        assert hours.is_open(at) is is_open, at
    for at in (start, *changes, *(change - MINUTE for change in changes)):
        later = [change for change in changes if change > at]
        change = hours.next_change(at)
        if later:
            assert change == later[0]
        else:
            assert change is None or change >= seen[-1][0]


@pytest.mark.parametrize("name", sorted(ZONES))
def test_each_change_leads_to_the_next_one_for_a_year(name: str) -> None:
    hours = weekly(dict.fromkeys(WEEKDAYS, "11:00-14:00, 17:00-01:30"), ZONES[name])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    state, changes = hours.is_open(now), 0
    while now < datetime(2027, 1, 1, tzinfo=UTC):
        change = hours.next_change(now)
        assert change is not None
        assert not any(
            hours.is_open(now + (change - now) * part / 3) is not state for part in range(1, 3)
        )
        assert hours.is_open(change) is not state
        local = change.astimezone(ZONES[name])
        # No zone turns its clocks at lunch; at night one may leave 01:30 out.
        assert (local.hour, local.minute) in [(11, 0), (14, 0), (17, 0), (1, 30)]
        now, state, changes = change, not state, changes + 1
    assert changes in (4 * 365, 4 * 365 + 1)


@given(weeks(), weeks())
@settings(deadline=None, max_examples=30)
def test_what_two_schedules_allow_is_what_both_do_and_reads_as_it_is_written(
    one: Week, other: Week
) -> None:
    mine, theirs = weekly(one, UTC), weekly(other, UTC)
    both = weekly(in_rows(overlap(mine, theirs)), UTC)
    monday = datetime(2026, 11, 16, tzinfo=UTC)
    for day, spans in [*enumerate(mine.week), *enumerate(theirs.week)]:
        for edge in (
            monday + (day * 24 * 60 + minute) * MINUTE for span in spans for minute in span
        ):
            for moment in (edge, edge - MINUTE):
                assert both.is_open(moment) == (mine.is_open(moment) and theirs.is_open(moment))


def test_hours_that_spring_leaves_out_end_with_the_jump() -> None:
    berlin = ZONES["Europe/Berlin"]
    jump = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert instant(date(2026, 3, 29), 2 * 60 + 30, berlin) == jump
    hours = weekly({"saturday": "20:00-02:30"}, berlin)
    assert hours.next_change(jump - MINUTE) == jump
    assert not weekly({"sunday": "02:10-02:50"}, berlin).is_open(jump)


def test_hours_that_autumn_repeats_happen_once() -> None:
    berlin = ZONES["Europe/Berlin"]
    hours = weekly({"saturday": "20:00-02:30"}, berlin)
    closing = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert hours.next_change(closing - MINUTE) == closing
    assert not any(hours.is_open(closing + minute * MINUTE) for minute in range(180))


def test_a_day_that_a_zone_skipped() -> None:
    apia = ZoneInfo("Pacific/Apia")  # went from Thursday 29 December 2011 to Saturday
    hours = weekly({"friday": "09:00-17:00", "saturday": "09:00-17:00"}, apia)
    thursday = datetime(2011, 12, 29, 12, 0, tzinfo=apia)
    opening = hours.next_change(thursday)
    assert opening is not None
    local = opening.astimezone(apia)
    assert (local.weekday(), local.hour) == (5, 9)


@pytest.mark.parametrize(("text", "never"), [("00:00-24:00", True), ("closed", False)])
def test_always_and_never_do_not_change(text: str, never: bool) -> None:
    hours = daily(text, ZONES["Europe/Berlin"])
    noon = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    assert hours.is_open(noon) is never
    assert hours.next_change(noon) is None


def test_once_a_week_is_found() -> None:
    hours = weekly({"monday": "11:00-23:00"}, UTC)
    monday = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    assert hours.next_change(monday + timedelta(hours=12)) == monday + timedelta(days=7)


def test_once_a_week_is_found_over_the_hour_that_autumn_adds() -> None:
    hours = weekly({"monday": "11:00-11:30"}, ZONES["Europe/Berlin"])
    closed = datetime(2026, 10, 19, 9, 30, tzinfo=UTC)
    opening = datetime(2026, 10, 26, 10, 0, tzinfo=UTC)  # 7 days and half an hour later
    assert hours.next_change(closed) == opening


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            {"monday": "11-23"},
            'monday: \'11-23\' is not a time span; write "11:00-23:00", or "closed"',
        ),
        ({"monday": "11:00-25:00"}, "monday: '11:00-25:00' has a time that no clock shows"),
        ({"friday": "24:00-02:00"}, "friday: '24:00-02:00' has a time that no clock shows"),
        ({"friday": "11:60-12:00"}, "a time that no clock shows"),
        ({"sunday": "11:00-11:00"}, "ends when it begins"),
        ({"sunday": "11:00-15:00, 14:00-16:00"}, "sunday: two of its time spans overlap"),
        ({"sunday": ""}, "sunday: '' is not a time span"),
        (
            {"sunday": ", ".join(f"{hour}:00-{hour}:30" for hour in range(14))},
            "sunday: it has 14 time spans; write at most 13",
        ),
    ],
)
def test_a_mistake_is_reported_in_words(rows: Week, words: str) -> None:
    (weekday,) = rows
    with pytest.raises(ValueError, match=weekday) as told:
        weekly(rows, UTC)
    assert words in str(told.value)
