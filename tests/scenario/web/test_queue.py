"""What the command line does to likes and notes on their way to the crew."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from PIL import Image

from likelight.appreciation.lamp.effects import BASES, Base
from likelight.assets.crew_words import ENGLISH
from likelight.web.control.lights import lights_routes
from likelight.web.control.queue import queue_routes
from likelight.web.http.problems import ProblemError
from support.device import Device
from support.scripted_cloud import ScriptedCloud
from support.virtual import run_virtual, virtual_now

QUIET = BASES[Base.QUIET]


async def command(device: Device, url: str) -> Any:
    """Call the route's handler as the control server would."""
    routes = queue_routes(device.lamp, device.window.presenter)
    routes += lights_routes(device.lamp, simulated=True)
    (handler,) = (route.handler for route in routes if route.path == url)
    answer = await handler(make_mocked_request("POST", url))  # type: ignore[arg-type,misc]
    assert isinstance(answer, web.Response)
    assert answer.text
    return json.loads(answer.text)


def test_a_pause_holds_notes_and_likes_back_with_their_receipts(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            first = cloud.note("hello")
            await asyncio.sleep(1)
            assert await command(device, "/queue/pause") == {"holds": ["paused"]}
            notes = {cloud.note(code) for code in ("heroes", "best_team")}
            cloud.like(7)
            await asyncio.sleep(3600)
            # What was on the panel already has its receipt.
            assert set(cloud.shown) == {first}
            assert cloud.lit_total == 0
            assert device.diary.of("note on the panel") == ["hello"]
            assert device.lights.frame == QUIET

            assert await command(device, "/queue/resume") == {"holds": []}
            await asyncio.sleep(60)
            assert notes <= set(cloud.shown)
            assert cloud.lit_total == 7
            assert device.diary.of("note on the panel") == ["hello", "heroes", "best_team"]
            assert device.diary.of("lit") == [7]

    run_virtual(scenario())


def test_a_pause_that_ends_with_the_process_has_lost_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            await command(device, "/queue/pause")
            note = cloud.note("heroes")
            cloud.like(7)
            await asyncio.sleep(60)
            assert cloud.shown == {}
        async with Device(tmp_path / "device.db", cloud, now).living():
            await asyncio.sleep(60)
            assert note in cloud.shown
            assert cloud.lit_total == 7

    run_virtual(scenario())


def test_a_skipped_note_is_done_and_the_next_one_comes(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            assert await command(device, "/queue/skip") == {"skipped": False}
            notes = [cloud.note(code) for code in ("hello", "heroes")]
            await asyncio.sleep(1)
            assert device.diary.of("note on the panel") == ["hello"]
            assert await command(device, "/queue/skip") == {"skipped": True}
            await asyncio.sleep(0.5)
            assert device.diary.of("note on the panel") == ["hello", "heroes"]
            await asyncio.sleep(30)
            assert set(cloud.shown) == set(notes)
            assert device.diary.of("note on the panel") == ["hello", "heroes"]

    run_virtual(scenario())


def test_a_note_that_is_still_on_its_way_to_a_slow_panel_is_not_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(30)
            show = device.display.show

            async def slowly(image: Image.Image) -> None:
                await asyncio.sleep(5)
                await show(image)

            monkeypatch.setattr(device.display, "show", slowly)
            cloud.note("hello")
            await asyncio.sleep(3)
            assert await command(device, "/queue/skip") == {"skipped": False}
            await asyncio.sleep(4)
            assert cloud.shown
            assert device.window.screen.screen == "note", "nobody could have read it yet"
            assert await command(device, "/queue/skip") == {"skipped": True}
            await asyncio.sleep(6)
            assert device.window.screen.screen != "note"

    run_virtual(scenario())


def test_muted_the_lamp_stays_at_its_base_while_notes_show(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            assert await command(device, "/queue/mute") == {"holds": ["muted"]}
            await asyncio.sleep(2)
            written = len(device.lights.history)
            note = cloud.note("heroes")
            cloud.like(7)
            device.thanks.press()
            await asyncio.sleep(60)
            assert note in cloud.shown
            assert cloud.lit_total == 0
            assert len(device.lights.history) == written

            assert await command(device, "/queue/unmute") == {"holds": []}
            await asyncio.sleep(20)
            assert cloud.lit_total == 7

    run_virtual(scenario())


def test_a_test_note_is_reported_as_one_and_counted_nowhere(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            await command(device, "/notes/test")
            await asyncio.sleep(1)
            assert " ".join(device.window.screen.text) == ENGLISH.test
            assert device.lights.frame.level > QUIET.level + 0.3
            await asyncio.sleep(60)
            assert device.window.screen.screen != "note"
            assert device.lights.frame == QUIET
            assert cloud.shown == {}
            assert device.window.notes_shown == ()

    run_virtual(scenario())


def test_everything_that_is_shown_as_a_test_is_reported_to_nobody(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            plan = (await command(device, "/lights/test"))["effects"]
            await asyncio.sleep(plan[-1]["starts_s"] + plan[-1]["seconds"] + 1)
            assert device.lights.frame == QUIET
            assert device.diary.of("lit") == []
            assert (cloud.lit_total, cloud.shown) == (0, {})

    run_virtual(scenario())


def test_off_is_dark_until_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            assert await command(device, "/lights/off") == {"holds": ["off"]}
            cloud.like(1)
            await asyncio.sleep(60)
            assert device.lights.frame.level == 0
            assert cloud.lit_total == 0
            assert await command(device, "/lights/on") == {"holds": []}
            await asyncio.sleep(20)
            assert device.lights.frame == QUIET
            assert cloud.lit_total == 1

    run_virtual(scenario())


def test_a_milestone_is_on_the_disk_before_its_gesture_is_over(tmp_path: Path) -> None:
    """So that a power cut does not make the kitchen celebrate it a second time."""

    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.like(99)
            await asyncio.sleep(20)
            cloud.like(1)
            await asyncio.sleep(0.5)
            assert (await device.store.sync_state()).totals.lit_total == 100
            await asyncio.sleep(20)
            cloud.like(1)
            await asyncio.sleep(0.5)
            # Likes as such are kept within 5 s, which spares the card.
            assert (await device.store.sync_state()).totals.lit_total == 100

    run_virtual(scenario())


def test_a_lamp_that_is_gone_is_not_said_to_show_anything(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        async with Device(tmp_path / "device.db", ScriptedCloud(now), now).living() as device:
            device.lights.broken = True
            device.lamp.likes(1, 1)
            await asyncio.sleep(5)
            with pytest.raises(ProblemError, match="does not answer: the simulated lamp is unplug"):
                await command(device, "/lights/test")
            device.lights.broken = False
            await asyncio.sleep(60)
            assert (await command(device, "/lights/test"))["effects"]

    run_virtual(scenario())
