"""A new device on its way to its cloud: panel and lamp say what is in the way, until it works."""

import asyncio
from pathlib import Path

from likelight.appreciation.lamp.effects import BASES, Base
from likelight.appreciation.obstacle import Obstacle
from likelight.appreciation.sync.client import FailureKind, Unreachable
from likelight.appreciation.sync.diagnosis import Observed
from likelight.contract import State
from likelight.runtime.network_manager import Link
from support.device import Device
from support.scripted_cloud import ScriptedCloud
from support.virtual import run_virtual, virtual_now


def test_each_obstacle_is_said_until_the_first_answer_and_its_code_alone_after_that(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        cloud.fail(Unreachable("no network"))
        seen = Observed(Link.WIFI_REFUSED)
        device = Device(tmp_path / "device.db", cloud, now, observed=lambda: seen)
        async with device.living():
            await asyncio.sleep(1)
            assert "Wi-Fi password refused." in " ".join(device.window.screen.text)
            assert device.diary.of("obstacle")[-1] is Obstacle.WIFI_REFUSED
            await asyncio.sleep(30)
            device.turn(State.PRIVATE)
            assert device.diary.of("base")[-1] is Base.PRIVATE
            await asyncio.sleep(1)
            assert device.lights.frame.rgb == BASES[Base.PRIVATE].rgb
            device.turn(State.IDLE)
            seen = Observed(Link.UP)
            cloud.fail(Unreachable("no such name", FailureKind.DNS))
            await asyncio.sleep(120)
            assert "Cloud name unknown." in " ".join(device.window.screen.text)
            assert device.diary.of("obstacle")[-1] is Obstacle.NO_NAME
            assert device.diary.of("lit") == []
            cloud.fail(None)
            await asyncio.sleep(90)
            assert device.window.screen.screen == "idle"
            assert device.diary.of("base")[-1] is Base.QUIET
            seen = Observed(Link.WIFI_UNSEEN)
            cloud.fail(Unreachable("no network"))
            await asyncio.sleep(120)
            said = " ".join(device.window.screen.text)
            assert said.startswith("No connection.")
            assert device.diary.of("base")[-1] is Base.OFFLINE

    run_virtual(scenario())
