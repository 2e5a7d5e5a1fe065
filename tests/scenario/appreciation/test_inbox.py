"""When what came from the cloud is on the disk, and what of it is reported to the cloud."""

import asyncio
from pathlib import Path

import pytest

from likelight.appreciation.lamp.lamp import Hold
from support.device import Device
from support.scripted_cloud import ScriptedCloud
from support.virtual import run_virtual, virtual_now
from support.watched_store import after_a_power_cut, on_the_disk


def test_likes_and_their_cursor_are_on_the_disk_within_30_s(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(60)
            cloud.like(7)
            await asyncio.sleep(0.02)
            assert device.gestures == [(7, 7)], "the lamp comes first"
            assert (await on_the_disk(device.store)).totals.total == 0
            await asyncio.sleep(0.25)
            cursor = cloud.asked[-1][1]
            await asyncio.sleep(29.73)
            memory = await on_the_disk(device.store)
            assert (memory.cursor, memory.totals.total, memory.totals.lit_total) == (cursor, 7, 7)

    run_virtual(scenario())


def test_likes_that_came_just_before_the_end_are_on_the_disk(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(60)
            cloud.like(7)
            await asyncio.sleep(1)
            cursor = cloud.asked[-1][1]
            assert (await on_the_disk(device.store)).totals.total == 0
        memory = await on_the_disk(device.store)
        assert (memory.cursor, memory.totals.total, memory.totals.lit_total) == (cursor, 7, 7)

    run_virtual(scenario())


def test_a_shown_note_and_thanks_are_told_at_once_and_on_the_disk_within_a_second(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(60)
            note = cloud.note("heroes")
            await asyncio.sleep(0.5)
            assert note in cloud.shown
            async with after_a_power_cut(device.store) as left:
                assert [waiting.id for waiting in await left.waiting()] == [note]
            await asyncio.sleep(1)
            async with after_a_power_cut(device.store) as left:
                assert [shown.id for shown in await left.history()] == [note]
            await asyncio.sleep(60)
            device.thanks.press()
            await asyncio.sleep(0.1)
            assert note in cloud.thanked
            await asyncio.sleep(1)
            async with after_a_power_cut(device.store) as left:
                assert await left.thanks() == cloud.statuses[-1][1].thanks

    run_virtual(scenario())


def test_likes_that_a_full_disk_refused_are_stored_once_it_has_room(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(60)
            device.store.full = True
            cloud.like(7)
            await asyncio.sleep(60)
            assert (await on_the_disk(device.store)).totals.total == 0
            device.store.full = False
            await asyncio.sleep(30)
            assert (await on_the_disk(device.store)).totals.total == 7

    run_virtual(scenario())


def test_a_new_time_line_is_on_the_disk_at_once(tmp_path: Path) -> None:
    """Or a power cut would have the device hold a total of the old log against the new one."""

    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(5)
            cloud.like(1000)
            await asyncio.sleep(10)
            cloud.start_anew(total=400)
            await asyncio.sleep(0.3)
            memory = await on_the_disk(device.store)
            assert memory.cursor is not None
            assert memory.cursor.startswith("one-again|")
            assert (memory.totals.epoch, memory.totals.total) == ("one-again", 400)

    run_virtual(scenario())


@pytest.mark.parametrize(("total", "told"), [(400, 400), (5000, 1000)])
def test_a_glow_that_a_reset_overtook_tells_no_more_than_the_new_total(
    tmp_path: Path, total: int, told: int
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(5)
            device.lamp.hold(Hold.PAUSED)
            cloud.like(1000)
            await asyncio.sleep(5)
            cloud.start_anew(total=total)
            await asyncio.sleep(5)
            assert cloud.lit_total == 0
            device.lamp.release(Hold.PAUSED)
            await asyncio.sleep(5)
            assert device.diary.of("lit") == [1000]
            assert cloud.lit_total == told
            assert all(status.light.lit_total <= total for _, status in cloud.statuses)

    run_virtual(scenario())
