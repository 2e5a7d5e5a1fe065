"""The device's wall clock is set, by seconds or years, before or after a press: nothing breaks."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from likelight.contract import State
from likelight.contract.schedule import daily
from support.device import CODES, Device
from support.permissions import SettableClock
from support.scripted_cloud import ScriptedCloud
from support.virtual import run_virtual, virtual_now

STEPS = [
    timedelta(seconds=-7),
    timedelta(seconds=7),
    timedelta(days=-2),
    timedelta(days=2),
    timedelta(days=-3650),
    timedelta(days=3650),
]
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def thanks_of(cloud: ScriptedCloud) -> list[str]:
    """Return the ids of all thanks that the cloud was told, each once, in order."""
    return list(dict.fromkeys(status.thanks.id for _, status in cloud.statuses if status.thanks))


@pytest.mark.parametrize("step", STEPS, ids=str)
@pytest.mark.parametrize("when", ["before", "after"])
def test_notes_likes_and_thanks_go_on_over_a_step(
    tmp_path: Path, step: timedelta, when: str
) -> None:
    async def scenario() -> None:
        clock = SettableClock(NOON)
        cloud = ScriptedCloud(virtual_now(NOON))
        async with Device(tmp_path / "device.db", cloud, clock).living() as device:
            await asyncio.sleep(10)
            cloud.like(3)
            first = cloud.note("heroes")
            await asyncio.sleep(20)
            if when == "before":
                clock.set_ahead(step)
            device.thanks.press()
            await asyncio.sleep(0.1)
            device.thanks.release()
            if when == "after":
                clock.set_ahead(step)
            await asyncio.sleep(60)
            assert set(cloud.thanked) == {first}
            assert len(thanks_of(cloud)) == 1, "a heartbeat makes no new thanks"
            cloud.like(2)
            second = cloud.note("best_team")
            await asyncio.sleep(20)
            assert cloud.lit_total == 5
            assert sum(delta for delta, _ in device.gestures) == 5, "each like is lit once"
            assert device.diary.of("note on the panel")[-1] == "best_team"
            assert [note.id for note in device.window.notes_shown] == [first, second]
            device.thanks.press()
            await asyncio.sleep(0.1)
            device.thanks.release()
            await asyncio.sleep(300)
            assert set(cloud.thanked) == {first, second}
            assert len(thanks_of(cloud)) == 2
            assert cloud.statuses[-1][1].notes == (), "every receipt was acknowledged"
            assert len(cloud.asked) < 100, "no poll is hurried"
            assert len(cloud.statuses) < 100

    run_virtual(scenario())


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_notes_that_wait_over_a_step_and_a_start_are_shown_in_their_order(
    tmp_path: Path, step: timedelta
) -> None:
    async def scenario() -> None:
        clock = SettableClock(NOON)
        cloud = ScriptedCloud(virtual_now(NOON))
        path = tmp_path / "device.db"
        async with Device(path, cloud, clock).living():
            await asyncio.sleep(10)
            sent = [cloud.note(code) for code in CODES[:3]]
            await asyncio.sleep(0.5)
        clock.set_ahead(step)
        async with Device(path, cloud, clock).living() as device:
            await asyncio.sleep(5)
            sent.append(cloud.note(CODES[3]))
            await asyncio.sleep(300)
            assert [note.id for note in device.window.notes_shown] == sent
            assert list(cloud.shown) == sent

    run_virtual(scenario())


def test_the_day_s_count_is_that_of_the_day_that_the_clock_shows(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = SettableClock(NOON)
        cloud = ScriptedCloud(virtual_now(NOON))
        async with Device(tmp_path / "device.db", cloud, clock).living() as device:
            for step_days, likes in ((0, 3), (2, 4), (-2, 5), (-3650, 6)):
                clock.set_ahead(timedelta(days=step_days))
                await asyncio.sleep(10)
                cloud.like(likes)
                await asyncio.sleep(120)
                assert f"{likes} today" in device.window.screen.text

    run_virtual(scenario())


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("step", "quiet"),
    [
        (timedelta(seconds=-7), False),
        (timedelta(seconds=7), False),
        (timedelta(hours=11), True),
        (timedelta(hours=-9), True),
        (timedelta(days=-3650), False),
        (timedelta(days=3650, hours=11), True),
    ],
    ids=str,
)
def test_quiet_hours_are_those_of_the_clock_as_it_is(
    tmp_path: Path, step: timedelta, quiet: bool, when: str
) -> None:
    hours = daily("22:00-06:30", UTC)

    async def scenario() -> None:
        clock = SettableClock(NOON)
        cloud = ScriptedCloud(virtual_now(NOON))
        device = Device(
            tmp_path / "device.db", cloud, clock, quiet=lambda: hours.is_open(clock()), night=0.3
        )
        async with device.living(), asyncio.TaskGroup() as group:
            night = group.create_task(device.window.night.run())
            await asyncio.sleep(10)
            if when == "before":
                clock.set_ahead(step)
            device.turn(State.PRIVATE)
            if when == "after":
                clock.set_ahead(step)
            await asyncio.sleep(60)
            sent = cloud.note("heroes")
            await asyncio.sleep(60)
            assert (sent not in cloud.shown) is quiet, "by night a note waits"
            assert (device.lights.frame.level == 0) is quiet, "by night the lamp's base is dark"
            clock.set_ahead(-step)
            await asyncio.sleep(60)
            assert sent in cloud.shown
            assert device.lights.frame.level > 0
            night.cancel()

    run_virtual(scenario())
