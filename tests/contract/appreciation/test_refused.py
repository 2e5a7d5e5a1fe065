"""A device whose token is revoked, on a whole device: its camera is off, also for viewers."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from likelight.appreciation.sync import poll
from likelight.appreciation.sync.connection import CloudConnection
from likelight.contract import State
from support.waiting import WITHIN_S
from support.whole import whole


async def test_the_camera_of_a_refused_device_is_off_though_somebody_watches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poll, "WATCHING_TTL_S", 0.5)
    monkeypatch.setattr(poll, "OFFLINE_AFTER_S", 1.0)
    async with (
        whole(tmp_path, token="revoked") as place,
        aiohttp.ClientSession() as session,
        asyncio.TaskGroup() as group,
    ):
        device = place.device
        await place.until(lambda: "web" not in device.health().waiting_for)
        async with session.ws_connect(f"{place.url}/k/demo/ws"):
            await place.until(lambda: device.on_air.state is State.LIVE)
            await place.cloud_comes(group)
            await place.until(lambda: device.window_in.connection is CloudConnection.REFUSED)
            await place.until(lambda: device.on_air.state is State.FAULT)
            async with asyncio.timeout(WITHIN_S):
                while "cloud-offline" not in device.health().reasons:
                    await asyncio.sleep(0.05)
            assert "cloud-refused" in device.health().reasons
        await place.cloud_goes()
