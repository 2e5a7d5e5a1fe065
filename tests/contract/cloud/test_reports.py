"""Reports have sums of at least 20 viewers that are over; none of them tells another."""

import asyncio
import csv
import io
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from likelight.contract import Status
from likelight.fleet.stores.details import Details
from likelight_cloud.cli.main import main
from likelight_cloud.cli.report import rows as csv_rows
from likelight_cloud.kitchens.viewer_counts import ViewerCounts
from likelight_cloud.reports import Report, report, report_of
from likelight_cloud.store.aggregates import (
    DaySum,
    LampDay,
    NoteSum,
    Sums,
    period_begins,
    period_of,
    week_of,
)
from likelight_cloud.store.base import Store
from support.cloud import KID, NOON, Site, WallClock, serving, status
from support.cloud_stores import Factory, Rows, opened
from support.waiting import WITHIN_S

TODAY = NOON.date()
LONG_AGO = NOON - timedelta(days=400)
KIDS = ("k1", "k2")
PERIOD = period_of(TODAY)

counts = st.integers(1, 1000)
kids = st.sampled_from(KIDS)
days = st.integers(-3, 70).map(lambda ago: TODAY - timedelta(days=ago))


def by_key(values: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Return the rows that a table may have: one of each primary key, all but the last two."""
    return list({row[:-2]: row for row in values}.values())


sums_of_anything = st.builds(
    lambda day, note, lamp: Sums(
        tuple(DaySum(*row) for row in by_key(day)),
        tuple(NoteSum(*row) for row in by_key(note)),
        tuple(LampDay(*row) for row in lamp),
    ),
    st.lists(st.tuples(kids, days, counts, st.booleans()), max_size=60),
    st.lists(
        st.tuples(
            kids, days.map(week_of), st.sampled_from(("heroes", "yum")), counts, st.booleans()
        ),
        max_size=40,
    ),
    st.lists(st.tuples(kids, days, st.integers(1, 1000), st.just(0)), max_size=5),
)


def of(sums: Sums, kid: str | None) -> Sums:
    """Return the sums of one kitchen, as a store does."""
    if kid is None:
        return sums
    return replace(
        sums,
        days=tuple(one for one in sums.days if one.kid == kid),
        notes=tuple(one for one in sums.notes if one.kid == kid),
        lamps=tuple(one for one in sums.lamps if one.kid == kid),
    )


@given(sums=sums_of_anything, data=st.data())
def test_no_hidden_sum_changes_any_report(sums: Sums, data: st.DataObject) -> None:
    """What does not change with a hidden sum tells nothing of it, however figures are combined."""

    def other(n: int, shown: bool) -> int:
        return n if shown else data.draw(counts)

    changed = replace(
        sums,
        days=tuple(
            replace(one, likes=other(one.likes, one.many and one.day < TODAY)) for one in sums.days
        ),
        notes=tuple(
            replace(one, notes=other(one.notes, one.many and one.week + timedelta(days=7) <= TODAY))
            for one in sums.notes
        ),
    )
    for kid in (None, *KIDS):
        zone = None if kid is None else UTC
        at = NOON if kid else NOON + timedelta(hours=12)
        before = report(of(sums, kid), at, kid=kid, zone=zone)
        assert report(of(changed, kid), at, kid=kid, zone=zone) == before
        assert before.likes == sum(day.likes for day in before.days)
        assert before.notes_sent == sum(note.notes for note in before.notes)
    fleet = report(sums, NOON + timedelta(hours=12), kid=None)
    each = [report(of(sums, kid), NOON, kid=kid, zone=UTC) for kid in KIDS]
    assert fleet.likes == sum(one.likes for one in each)
    assert fleet.notes_sent == sum(one.notes_sent for one in each)


def test_a_trend_compares_a_kitchen_with_itself_and_needs_14_days_of_each() -> None:
    shown = [
        DaySum("k1", TODAY - timedelta(days=ago), 20 if ago <= 28 else 10, True)
        for ago in (*range(1, 15), *range(29, 43))
    ]
    sums = Sums(days=tuple(shown))
    assert report(sums, NOON, kid="k1", zone=UTC).trend_percent == 100
    assert report(sums, NOON, kid=None).trend_percent is None
    fewer = replace(sums, days=tuple(shown[1:]))
    assert report(fewer, NOON, kid="k1", zone=UTC).trend_percent is None


def test_the_twentieth_viewer_is_counted_once_and_a_forgotten_one_not() -> None:
    counted = ViewerCounts()
    for _ in range(3):
        assert not any(counted.add("day", 1, f"v{n}") for n in range(19))
    counted.forget("v3")
    assert not counted.add("day", 1, "v19")
    assert not counted.add("day", 2, "v20"), "another day begins"
    assert not any(counted.add("day", 2, f"v{n}") for n in range(18))
    assert counted.add("day", 2, "v18")
    assert not counted.add("day", 2, "v21")
    assert not counted.add("other", 2, "v21")


@pytest.fixture
async def store(factory: Factory) -> AsyncIterator[Store]:
    async with opened(factory) as store:
        await store.add_kitchen("k1", "One", LONG_AGO, Details(timezone="Pacific/Kiritimati"))
        await store.add_kitchen("k2", "Two", LONG_AGO)
        yield store


async def test_sums_are_kept_by_the_kitchen_s_own_time(store: Store) -> None:
    aggregates = store.aggregates
    # In Kiritimati it is Sunday, 2:00.
    sunday = date(2026, 11, 22)
    await store.add_likes({"k1": 3, "k2": 1}, NOON)
    await store.add_likes({"k1": 4}, NOON + timedelta(minutes=59))
    for n in range(2):
        await store.add_note("k1", id=f"n{n}", code="yum", key=f"{n}", at=NOON, expires_at=NOON)
    await store.add_note("k1", id="n9", code="yum", key="0", at=NOON, expires_at=NOON)
    day = DaySum("k1", sunday, 7, False)
    note = NoteSum("k1", week_of(sunday), "yum", 2, False)
    assert await aggregates.sums("k1", PERIOD) == Sums((day,), (note,))
    await aggregates.flag_likes("k1", NOON, day=True, hour=False)
    await aggregates.flag_note("k1", NOON, "yum")
    day, note = replace(day, many=True), replace(note, many=True)
    assert await aggregates.sums("k1", PERIOD) == Sums((day,), (note,))
    await aggregates.flag_likes("k1", NOON, day=False, hour=True)
    flagged = Sums((day,), (note,), (), period_begins(PERIOD), {6 * 24 + 2: 7})
    assert await aggregates.sums("k1", PERIOD) == flagged
    assert await aggregates.sums("k1", PERIOD - 1) == Sums((day,), (note,))
    (other,) = (await aggregates.sums("k2", PERIOD)).days
    assert other == DaySum("k2", TODAY, 1, False)


OVER = period_begins(PERIOD - 1)
"""The first day of the newest four weeks that are over: a Sunday."""


@dataclass(frozen=True)
class Likes:
    """Likes of one hour, and whether 20 viewers stand behind its day, and behind it."""

    weekday: int
    hour: int
    n: int
    day: bool = True
    many: bool = True
    week: int = 0


async def reports_with(store: Store, added: datetime, likes: list[Likes]) -> tuple[Report, Report]:
    """Return the reports of a kitchen with these likes, and of the fleet that it is in then."""
    await store.add_kitchen("k3", "Three", added)
    for one in likes:
        day = OVER + timedelta(days=one.week * 7 + (one.weekday + 1) % 7)
        at = datetime.combine(day, time(one.hour), UTC)
        await store.add_likes({"k3": one.n}, at)
        await store.aggregates.flag_likes("k3", at, day=one.day, hour=one.many)
    own = await report_of(store.aggregates, NOON, kid="k3", zone=UTC)
    fleet = await report_of(store.aggregates, NOON, kid=None)
    await store.remove_kitchen("k3")
    return own, fleet


def hours_of(told: Report) -> dict[tuple[str, int], float]:
    return {(one.weekday, one.hour): one.of_busiest for one in told.hours}


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shown=st.lists(st.integers(22, 1000), max_size=4),
    weekday=st.integers(0, 6),
    hidden_day=st.booleans(),
    data=st.data(),
)
async def test_no_figure_tells_how_a_hidden_sum_and_the_hour_hidden_beside_it_divide(
    store: Store, shown: list[int], weekday: int, hidden_day: bool, data: st.DataObject
) -> None:
    """Of two kitchens that differ in nothing else no report differs, also not that of the fleet."""
    both = st.integers(21, 5000)
    beside = data.draw(st.tuples(both, both))
    rest = data.draw(st.integers(max(beside) + 1, 6000))
    others = [Likes(weekday, 2 + n, likes) for n, likes in enumerate(shown)]
    whole = [Likes((weekday + 1) % 7, 12, 100), Likes((weekday + 1) % 7, 13, 50)]

    def facts(likes: int) -> list[Likes]:
        if hidden_day:
            # Its likes are in the hour that is hidden, beside those of a day that is shown.
            first = Likes(weekday, 0, 20), Likes(weekday, 0, likes - 20, day=False, week=1)
        else:
            first = Likes(weekday, 0, likes), Likes(weekday, 1, rest - likes, many=False)
        return [*whole, *others, *first]

    first, second = [await reports_with(store, LONG_AGO, facts(likes)) for likes in beside]
    assert first == second
    assert sorted(one.hour for one in first[0].hours) == [*range(2, 2 + len(shown)), 12, 13]


async def test_beside_a_hidden_sum_the_first_hour_is_hidden_and_no_other(store: Store) -> None:
    likes = [
        # Nothing is hidden on Monday, and the first visited hour on Tuesday, which is its busiest.
        *(Likes(0, 12, 120), Likes(0, 13, 38), Likes(0, 14, 20)),
        *(Likes(1, 11, 1, many=False), Likes(1, 12, 60), Likes(1, 13, 50), Likes(1, 14, 60)),
        # One visited hour is left on Wednesday, and Thursday has one day with fewer viewers.
        *(Likes(2, 12, 900), Likes(2, 13, 1, many=False)),
        *(Likes(3, 12, 90), Likes(3, 13, 50), Likes(3, 12, 6, day=False, week=3)),
    ]
    began = datetime.combine(OVER, time.max, UTC)
    shown = {
        ("monday", 12): 1.0,
        ("monday", 13): 0.3,
        ("monday", 14): 0.2,
        ("tuesday", 13): 0.4,
        ("tuesday", 14): 0.5,
        ("thursday", 13): 0.4,
    }
    for told in await reports_with(store, began, likes):
        assert (told.hours_from, hours_of(told)) == (OVER, shown)
        assert told.likes == 1390
    for told in await reports_with(store, began + timedelta(microseconds=1), likes):
        assert (told.hours_from, told.hours, told.likes) == (None, (), 1390)


async def test_the_fleet_s_sums_are_those_of_its_kitchens_together(store: Store) -> None:
    aggregates, end, over = store.aggregates, NOON + timedelta(days=70), PERIOD + 1
    period = period_begins(over)
    late = datetime.combine(period + timedelta(days=1), datetime.min.time(), UTC)
    just = datetime.combine(period, datetime.max.time(), UTC)
    for kid, added in (("k3", just), ("k4", late)):
        await store.add_kitchen(kid, kid, added)
    for n in range(0, 70, 3):
        at = NOON + timedelta(days=n, hours=n % 5)
        for kid in ("k1", "k2", "k3", "k4")[: 4 if at > late else 2]:
            for later in range(3):
                hour = at + timedelta(hours=later)
                await store.add_likes({kid: n + later + 1}, hour)
                if n % 2:
                    await aggregates.flag_likes(kid, hour, day=True, hour=later > 0)
            key = f"{kid}-{n}"
            await store.add_note(kid, id=key, code="yum", key=key, at=at, expires_at=end)
            if n % 3:
                await aggregates.flag_note(kid, at, "yum")
    for n in range(1, 4):
        at = NOON + timedelta(days=40, minutes=n)
        await store.put_status("k1", Status.model_validate(status(n=n)), at)
    each = [await aggregates.sums(kid, over) for kid in ("k1", "k2", "k3", "k4")]
    hours: Counter[int] = Counter()
    for one in each:
        hours.update(one.hours)
    together = Sums(
        *(sum((getattr(one, name) for one in each), ()) for name in ("days", "notes")),
        lamps=each[0].lamps,
        hours_from=period,
        hours=dict(hours),
    )
    told = report(await aggregates.fleet_sums(over), end, kid=None)
    assert told == report(together, end, kid=None)
    assert min(len(told.days), len(told.hours), len(told.lamp)) > 0
    assert [bool(one.hours) for one in each] == [True, True, True, False], "k4 came too late"


async def test_a_lamp_s_day_is_how_long_it_was_heard_of_and_dark(store: Store) -> None:
    await store.add_likes({"k2": 5}, NOON)
    kitchen = await store.kitchen("k2")
    assert kitchen is not None
    for n in range(1, 21):
        light = {"lit_total": 0 if n < 16 else 5, "last_lit_at": None, "epoch": kitchen.epoch}
        body = Status.model_validate(status(n=n, light=light))
        # The first and the eleventh after an outage.
        at = NOON + timedelta(minutes=n if n <= 10 else n + 60)
        await store.put_status("k2", body, at)
    (lamp,) = (await store.aggregates.sums("k2", PERIOD)).lamps
    minute = 60_000
    assert lamp.heard_ms == 18 * minute
    assert lamp.dark_ms == 0
    for n in range(21, 36):
        light = {"lit_total": 0, "last_lit_at": None, "epoch": kitchen.epoch}
        body = Status.model_validate(status(n=n, light=light))
        await store.put_status("k2", body, NOON + timedelta(minutes=n + 60))
    (lamp,) = (await store.aggregates.sums("k2", PERIOD)).lamps
    assert (lamp.heard_ms, lamp.dark_ms) == (33 * minute, 5 * minute)


async def test_sums_are_deleted_when_they_are_old_and_with_their_kitchen(
    store: Store, rows: Rows
) -> None:
    async def everything(at: datetime) -> None:
        await store.add_likes({"k2": 1}, at)
        await store.add_note("k2", id=f"{at}", code="yum", key=f"{at:%y%m%d}", at=at, expires_at=at)

    await everything(NOON)
    await store.put_status("k2", Status.model_validate(status(n=1)), NOON)
    await store.put_status("k2", Status.model_validate(status(n=2)), NOON + timedelta(minutes=1))
    tables = {"likes_day", "likes_hour", "notes_week", "lamp_day"}
    assert tables <= (await rows("k2")).keys()
    await everything(NOON + timedelta(days=300))
    await store.holdings.forget(NOON + timedelta(days=300))
    counted = await rows("k2")
    assert (counted["likes_day"], counted["likes_hour"], counted["lamp_day"]) == (2, 1, 1)
    await store.holdings.forget(NOON + timedelta(days=400))
    counted = await rows("k2")
    assert (counted["likes_day"], counted["notes_week"]) == (1, 1)
    assert not {"likes_hour", "lamp_day"} & counted.keys()
    await store.remove_kitchen("k2")
    assert await rows("k2") == {}


async def viewers(site: Site, count: int) -> None:
    for _ in range(count):
        site.forget_viewer()
        assert (await site.like()).status == 202
        assert (await site.note()).status == 201


async def test_a_day_with_twenty_viewers_is_in_the_report_once_it_is_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = WallClock()
    clock.at = datetime(2026, 10, 1, 12, tzinfo=UTC)
    async with serving(tmp_path / "cloud.db", now=clock) as site:
        clock.step(days=32)
        aggregates = site.cloud.store.aggregates
        await viewers(site, 19)
        # A viewer who comes again counts once, and one who asks to be forgotten not at all.
        await site.like()
        await site.call("DELETE", "/v1/me")
        await viewers(site, 1)
        await asyncio.sleep(0.1)
        assert not (await aggregates.sums(KID, PERIOD)).days[0].many
        await viewers(site, 1)
        async with asyncio.timeout(WITHIN_S):
            while not (await aggregates.sums(KID, PERIOD)).notes[0].many:
                await asyncio.sleep(0.01)
        held = await aggregates.sums(KID, PERIOD)
        assert (held.days[0].many, list(held.hours.values())) == (True, [22])
        assert report(held, clock.at, kid=KID, zone=UTC).days == ()
        clock.step(days=1)
        await viewers(site, 19)
        clock.step(days=1)
        told = await report_of(aggregates, clock.at, kid=KID, zone=UTC)
        assert [(one.day, one.likes) for one in told.days] == [(date(2026, 11, 2), 22)]
        assert (told.likes, told.notes) == (22, ()), "the week is not over"

    def run(*words: str) -> str:
        assert main(["report", *words, "--database", str(tmp_path / "cloud.db")]) == 0
        return capsys.readouterr().out

    for words in ((KID,), ("--fleet",)):
        said = await asyncio.to_thread(run, *words)
        assert "Likes: 22 on 1 days\n    2026-11-02  22" in said
        assert json.loads(await asyncio.to_thread(run, *words, "--json"))["likes"] == 22
        lines = list(csv.reader(io.StringIO(await asyncio.to_thread(run, *words, "--csv"))))
        assert lines[:2] == [["what", "when", "which", "value"], ["likes", "2026-11-02", "", "22"]]


def test_no_cell_of_the_table_is_a_formula() -> None:
    sums = Sums(
        (DaySum("k1", TODAY - timedelta(days=1), 5, True),),
        (NoteSum("k1", week_of(TODAY) - timedelta(days=7), "yum", 5, True),),
        (LampDay("k1", TODAY - timedelta(days=1), 1000, 10),),
        OVER,
        {3: 5},
    )
    told = list(csv_rows(report(sums, NOON, kid="k1", zone=UTC)))
    assert len(told) == 4
    assert not any(cell[:1] in "=+-@" for row in told for cell in row if cell)
