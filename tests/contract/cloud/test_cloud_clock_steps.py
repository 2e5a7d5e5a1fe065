"""The cloud's wall clock is set, by seconds or years: over HTTP, SQLite and in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.cloud import NOON, Site, serving
from support.permissions import SettableClock
from support.virtual import run_virtual

STEPS = [
    timedelta(seconds=-7),
    timedelta(seconds=7),
    timedelta(days=-2),
    timedelta(days=2),
    timedelta(days=-3650),
    timedelta(days=3650),
]
AHEAD = [timedelta(seconds=7), timedelta(days=2), timedelta(days=3650)]
Play = Callable[[Site, SettableClock], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    """Return what plays scenarios one after the other, each with a cloud on the same file."""

    def run(*scenarios: Play) -> None:
        async def served() -> None:
            clock = SettableClock(NOON)
            for scenario in scenarios:
                unix = tmp_path / f"{scenario.__name__}.sock"
                async with serving(tmp_path / "cloud.db", now=clock, unix=unix) as site:
                    await scenario(site, clock)

        run_virtual(served())

    return run


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def later_than(moment: datetime, told: Any) -> list[str]:
    """Return the times in `told` later than `moment`, but for a note's end and the next one's."""
    found = []
    for name, value in told.items() if isinstance(told, dict) else enumerate(told):
        if isinstance(value, dict | list):
            found += later_than(moment, value)
        elif isinstance(value, str) and value.startswith("20") and value.endswith("Z"):
            later = {"expires_at": timedelta(hours=12), "next_at": timedelta(seconds=20)}
            limit = moment + later.get(str(name), timedelta())
            found += [f"{name}: {value}"] if time_of(value) > limit else []
    return found


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
def test_what_came_while_the_clock_was_ahead_is_told_without_a_time_of_the_future(
    play: Callable[..., None], ahead: timedelta
) -> None:
    notes: list[str] = []

    async def ahead_of_time(site: Site, clock: SettableClock) -> None:
        clock.set_ahead(ahead)
        cursor = (await site.poll()).body["cursor"]
        await asyncio.sleep(60)
        notes.append((await site.note(key="one")).body["id"])
        assert (await site.like()).status == 202
        cursor = (await site.poll(cursor)).body["cursor"]
        await site.poll(cursor)  # which acknowledges the note
        future = clock().isoformat()
        await site.status(
            camera={"state": "private", "since": future, "cause": "button"},
            light={"lit_total": 1, "last_lit_at": future},
            notes=[{"id": notes[0], "shown_at": future, "thanked_at": future}],
            thanks={"id": "t1", "at": future},
        )
        site.forget_viewer()
        notes.append((await site.note()).body["id"])
        clock.set_ahead(-ahead)
        assert (await site.like()).status == 202
        polled = (await site.poll(cursor)).body
        assert [note["id"] for note in polled["notes"]] == [notes[1]], "it is late, and not lost"
        assert polled["likes"]["delta"] == 1
        assert later_than(clock(), polled) == []
        site.forget_viewer()  # the first one's reply was lost, and its cookie with it
        again = (await site.note(key="one")).body
        assert again["id"] == notes[0]
        assert later_than(clock(), again) == []
        assert (await site.summary())["state"] == "private"
        await tells_nothing_of_the_future(site, clock)
        await asyncio.sleep(100)
        gone = await site.summary()
        assert gone["state"] == "offline"
        assert later_than(clock(), gone) == []
        since = time_of(gone["since"])
        await asyncio.sleep(100)
        assert (await site.summary())["since"] == gone["since"]
        assert timedelta(seconds=200) <= clock() - since <= timedelta(seconds=210)

    async def after_a_restart(site: Site, clock: SettableClock) -> None:
        await tells_nothing_of_the_future(site, clock)
        await asyncio.sleep(90)
        assert (await site.summary())["state"] == "offline", "it has said nothing here"

    async def tells_nothing_of_the_future(site: Site, clock: SettableClock) -> None:
        told = await site.summary()
        assert told["thanks"]["id"] == "t1"
        assert later_than(clock(), told) == []
        await asyncio.sleep(5)
        later = await site.summary()
        assert {**later, "server_time": 0} == {**told, "server_time": 0}, "no news each second"
        for note, state in zip(notes, ("thanked", "queued"), strict=True):
            reply = await site.call("GET", f"/v1/notes/{note}")
            assert reply.body["state"] == state
            assert later_than(clock(), reply.body) == []

    play(ahead_of_time, after_a_restart)


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_since_when_a_kitchen_is_offline_follows_the_clock(
    play: Callable[..., None], step: timedelta
) -> None:
    async def scenario(site: Site, clock: SettableClock) -> None:
        await site.poll()
        await site.status()
        await asyncio.sleep(100)
        for by in (timedelta(), step, -step):
            clock.set_ahead(by)
            told = await site.summary()
            assert told["state"] == "offline"
            assert clock() - time_of(told["since"]) == timedelta(seconds=100)

    play(scenario)


@pytest.mark.parametrize("step", STEPS, ids=str)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_note_expires_by_the_clock_as_it_is_and_is_there_again_when_that_is_set_right(
    play: Callable[..., None], step: timedelta, when: str
) -> None:
    async def scenario(site: Site, clock: SettableClock) -> None:
        start = (await site.poll()).body["cursor"]
        if when == "before":
            clock.set_ahead(step)
        note = (await site.note()).body["id"]
        if when == "after":
            clock.set_ahead(step)
        expired = when == "after" and step >= timedelta(hours=12)
        state = "expired" if expired else "queued"
        assert (await site.call("GET", f"/v1/notes/{note}")).body["state"] == state
        polled = (await site.poll(start)).body
        assert [one["id"] for one in polled["notes"]] == ([] if expired else [note])
        assert polled["dropped_notes"] == int(expired)
        clock.set_ahead(-step)
        # A note that was sent while the clock was 12 h behind, or more, has had its time.
        late = when == "before" and step <= timedelta(hours=-12)
        state = "expired" if late else "queued"
        assert (await site.call("GET", f"/v1/notes/{note}")).body["state"] == state
        polled = (await site.poll(start)).body
        assert [one["id"] for one in polled["notes"]] == ([] if late else [note])
        clock.set_ahead(timedelta(hours=12))
        ahead = when == "before" and step > timedelta()
        state = "queued" if ahead else "expired"
        assert (await site.call("GET", f"/v1/notes/{note}")).body["state"] == state
        if ahead:
            (told,) = (await site.poll(start)).body["notes"]
            assert time_of(told["expires_at"]) <= clock() + timedelta(hours=12)

    play(scenario)


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_a_viewer_goes_on_over_a_step_and_no_token_outlives_its_day(
    play: Callable[..., None], step: timedelta
) -> None:
    async def scenario(site: Site, clock: SettableClock) -> None:
        assert (await site.like()).status == 202
        clock.set_ahead(step)
        assert (await site.like()).status == 202
        (cookie,) = [one.value for one in site.session.cookie_jar]
        clock.set_ahead(-step)
        reply = await site.like(headers={"Cookie": f"likelight_viewer={cookie}"})
        assert reply.status == 202
        assert (await site.summary())["likes"]["total"] == 3
        right = abs(step) < timedelta(hours=1)
        assert ("Set-Cookie" in reply.headers) is not right

    play(scenario)
