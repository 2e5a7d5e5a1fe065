"""A cursor that the cloud can't use: a new time line, or a damaged one."""

import asyncio
from pathlib import Path

import pytest

from likelight.appreciation.sync.client import (
    BadCursor,
    NewTimeLine,
)
from likelight.appreciation.sync.device_file import SyncState
from likelight.appreciation.sync.store import DeviceStore
from likelight.runtime.clock import loop_time
from support.device import Device
from support.scripted_cloud import ScriptedCloud
from support.virtual import run_virtual, virtual_now


def test_a_new_time_line_s_cursor_is_asked_with_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living():
            await asyncio.sleep(5)
            cloud.like(10)
            await asyncio.sleep(10)
            cloud.start_anew(total=3)
            told_at = loop_time()
            await asyncio.sleep(1)
            at, cursor, _ = next(asked for asked in cloud.asked if asked[0] > told_at)
            assert 0.2 <= at - told_at < 0.25
            assert cursor == "one-again|0|3|0|0.0"

    run_virtual(scenario())


def test_a_damaged_cursor_is_dropped_at_once_and_told_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living():
            await asyncio.sleep(5)
            cloud.fail(BadCursor("this is not a cursor"))
            failed_at = loop_time()
            await asyncio.sleep(0.22)
            at, cursor, wait = cloud.asked[-1]
            assert 0.2 <= at - failed_at < 0.22
            assert (cursor, wait) == (None, 0)

    run_virtual(scenario())
    assert "The cloud can't read this device's cursor; asking without one" in caplog.messages


@pytest.mark.parametrize(
    ("stored", "asked"), [("not-a-cursor", ["not-a-cursor", None]), ("not\na cursor", [None])]
)
def test_a_damaged_cursor_leads_to_a_bootstrap_and_loses_nothing(
    tmp_path: Path, stored: str, asked: list[str | None]
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        path = tmp_path / "device.db"
        async with Device(path, cloud, now).living():
            await asyncio.sleep(5)
            cloud.like(4)
            await asyncio.sleep(10)
        store = DeviceStore(path, kitchen="demo", now=now)
        await store.open()
        memory = await store.sync_state()
        await store.keep(SyncState(stored, memory.desired, memory.totals))
        await store.close()
        cloud.like(3)
        note = cloud.note("hello")
        async with Device(path, cloud, now).living() as device:
            before = len(cloud.asked)
            await asyncio.sleep(10)
            assert [cursor for _, cursor, _ in cloud.asked[before:]][: len(asked)] == asked
            assert device.diary.of("welcome back") == [(3, 7)]
            assert cloud.lit_total == 7
            assert note in cloud.shown

    run_virtual(scenario())


@pytest.mark.parametrize("total", [500, 50_000])
def test_a_new_time_line_makes_no_burst_and_keeps_the_day(tmp_path: Path, total: int) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(5)
            cloud.like(1000)
            await asyncio.sleep(10)
            cloud.start_anew(total=total)
            await asyncio.sleep(40)
            assert device.diary.of("likes") == [(1000, 1000)]
            assert cloud.lit_total == min(total, 1000)
            cloud.like()
            await asyncio.sleep(1)
            assert any("1,001" in line or "1001" in line for line in device.window.screen.text)
            assert device.diary.of("likes") == [(1000, 1000), (1, total + 1)]
            assert device.diary.of("welcome back") == []
            await asyncio.sleep(2)
            assert cloud.lit_total == total + 1

    run_virtual(scenario())


@pytest.mark.parametrize("total", [500, 50_000])
def test_the_first_like_after_a_new_time_line_lights_the_lamp_and_none_is_told_before(
    tmp_path: Path, total: int
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(5)
            cloud.like(1000)
            await asyncio.sleep(10)
            cloud.start_anew(total=total)
            await asyncio.sleep(1)  # its poll with the new time line's cursor is held
            cloud.like(7)
            await asyncio.sleep(5)
            assert device.gestures == [(1000, 1000), (7, total + 7)]
            told = [status.light for _, status in cloud.statuses]
            assert (told[-1].epoch, told[-1].lit_total) == ("one-again", total + 7)
            first = next(light for light in told if light.epoch == "one-again")
            assert first.lit_total <= total
            assert all(light.lit_total <= 1000 for light in told if light.epoch == "one")

    run_virtual(scenario())


def test_a_cursor_ahead_of_the_cloud_makes_no_burst_either(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(5)
            cloud.like(10)
            await asyncio.sleep(10)
            cloud.fail(NewTimeLine(None))
            cloud.like(500)
            await asyncio.sleep(1)
            cloud.fail(None)
            await asyncio.sleep(60)
            assert device.gestures == [(10, 10)]
            cloud.like()
            await asyncio.sleep(3)
            assert device.gestures == [(10, 10), (1, 511)]
            assert cloud.lit_total == 511

    run_virtual(scenario())


def test_a_cloud_that_only_ever_resets_is_not_hammered(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        cloud.fail(NewTimeLine(None))
        async with Device(tmp_path / "device.db", cloud, now).living():
            await asyncio.sleep(3600)
            assert len(cloud.asked) < 250

    run_virtual(scenario())
