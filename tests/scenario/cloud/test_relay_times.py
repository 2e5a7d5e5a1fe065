"""The relay on the virtual clock: what it holds is gone within a second, itself in a minute."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from likelight.contract import State
from likelight.feed.transport import unacknowledged_bytes
from likelight.feed.upload.protocol import PacketKind, UploadPacket
from likelight.runtime.clock import utc_now
from likelight_cloud.trust.device import hashed
from support.cloud import KID, bearer
from support.feed import now_us
from support.pictures import heavy
from support.relay import (
    GOP,
    HandDevice,
    RelaySite,
    Uploading,
    beside,
    relay_site,
    uploading,
)
from support.slow_proxy import SlowLine, SlowProxy, slow_proxy
from support.valve import Valve
from support.virtual import run_virtual
from support.waiting import until

Trouble = Callable[[Uploading, SlowProxy], Awaitable[None]]


async def go_live(site: RelaySite, device: HandDevice) -> None:
    await device.open()
    await device.frames(5)
    await until(lambda: site.hub.meter.frames == 5)
    assert site.hub.state is State.LIVE


def test_an_upload_that_falls_silent_is_dropped_within_a_second(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with relay_site(tmp_path / "cloud.db") as site, site.device() as device:
            await go_live(site, device)
            took = await until(lambda: site.hub.state is State.INTERRUPTED)
            assert 0.5 < took < 1.0

    run_virtual(scenario())


def test_an_upload_that_speaks_is_not_taken_for_a_silent_one(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with relay_site(tmp_path / "cloud.db") as site, site.device() as device:
            await go_live(site, device)
            for _ in range(10):  # four pictures in three seconds, as a dark kitchen may have
                await asyncio.sleep(0.75)
                assert site.hub.state is State.LIVE
                await device.frames(1)

    run_virtual(scenario())


def push(device: Uploading, size: int, *, keyframe: bool = False) -> None:
    unit = heavy(size, keyframe=keyframe)
    device.hub.publish(unit.data, keyframe=keyframe, captured_us=now_us())


async def dead(device: Uploading, line: SlowProxy) -> None:
    """The line takes nothing any more, and the device has noticed nothing yet."""
    socket = device.socket
    assert socket is not None
    assert socket.transport is not None
    line.deaf = True
    while unacknowledged_bytes(socket.transport) < 16_000:
        push(device, 6_000)
        await until(lambda: device.up_to_date)


async def late(device: Uploading, line: SlowProxy) -> None:
    """More than a second of small pictures is on its way, and no silence betrays the line."""
    await dead(device, line)
    line.line.up_bytes_per_s = 30_000
    line.deaf = False


async def full(device: Uploading, line: SlowProxy) -> None:
    """Some of a picture that takes two seconds has gone out."""
    line.line.up_bytes_per_s = 80_000
    before = line.carried_up
    push(device, 160_000)
    await until(lambda: line.carried_up > before + 8_000)


@pytest.mark.parametrize("trouble", [dead, late, full])
@pytest.mark.parametrize("state", [State.PRIVATE, State.OFF, State.CLOSED])
def test_a_shut_is_at_the_relay_within_a_second_whatever_the_line_does(
    tmp_path: Path, state: State, trouble: Trouble
) -> None:
    async def scenario() -> None:
        async with (
            relay_site(tmp_path / "cloud.db") as site,
            slow_proxy(site.base, SlowLine(up_bytes_per_s=10_000_000)) as line,
            uploading(line.url) as device,
        ):
            device.upload.on_watched(True)
            device.live()
            push(device, 6_000, keyframe=True)
            await until(lambda: site.relays.hub(KID) is not None and site.hub.meter.frames == 1)
            await trouble(device, line)
            device.hub.show(state)
            shut_at = asyncio.get_running_loop().time()
            await until(lambda: site.hub.state is not State.LIVE)
            assert asyncio.get_running_loop().time() - shut_at < 1.0

    run_virtual(scenario())


def test_a_relay_that_nobody_uses_is_forgotten_after_a_minute(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with relay_site(tmp_path / "cloud.db") as site:
            async with site.watcher() as watcher:
                await watcher.state(State.OFFLINE)
            used = site.hub
            with used.watch_h264(Valve()):
                await asyncio.sleep(300)
                assert site.relays.hub(KID) is used, "somebody watches"
            async with site.device() as device, beside(pongs(device)):
                await go_live(site, device)
                await asyncio.sleep(300)
                assert site.relays.hub(KID) is used, "somebody uploads"
            await asyncio.sleep(59)
            assert site.relays.hub(KID) is used, "who comes back within a minute finds it"
            await asyncio.sleep(8)
            assert site.relays.hub(KID) is None

    run_virtual(scenario())


async def pongs(device: HandDevice) -> None:
    """Answer the relay's pings, as aiohttp does while somebody reads."""
    async for _ in device.socket:
        pass


def test_a_viewer_at_the_cloud_who_waits_for_a_keyframe_has_the_device_asked(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        async with relay_site(tmp_path / "cloud.db") as site, site.device() as device:
            device.now_us = now_us
            await device.open()
            await device.frames(1)
            await until(lambda: site.hub.meter.frames == 1)
            valve = Valve()
            with site.hub.watch_h264(valve):
                for number in range(2, 50):  # no keyframe for more than a second
                    valve.open = not 10 <= number < 30
                    device._sent += device._sent % GOP == 0  # which would be a keyframe
                    await device.frames(1)
                    await until(lambda number=number: site.hub.meter.frames == number)  # type: ignore[misc]
                    await asyncio.sleep(1 / 30)
                assert await device.told("keyframe") is True

    run_virtual(scenario())


def test_an_upload_that_floods_ends_with_words_and_the_others_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with relay_site(tmp_path / "cloud.db") as site, site.device() as honest:
            await site.cloud.store.add_kitchen("other", "Another kitchen", utc_now())
            await site.cloud.store.add_token("other", hashed("another-token"), utc_now())
            flood = await site.session.ws_connect(
                f"{site.base}/v1/kitchens/other/feed", headers=bearer("another-token")
            )
            await go_live(site, honest)
            flooding = HandDevice(flood)
            await flooding.open()
            unit = bytes(UploadPacket(PacketKind.JPEG, b"\xff\xd8" + bytes(1_000_000)).pack())
            for _ in range(9):  # of 10 MB that may come at once
                await flood.send_bytes(unit)
            for _ in range(30):  # 40 Mbit/s are five of them a second
                await asyncio.sleep(0.2)
                await flood.send_bytes(unit)
                await honest.frames(1)
            assert flooding.socket.close_code is None
            with suppress(ConnectionError):
                for _ in range(20):
                    await flood.send_bytes(unit)
            last = await flood.receive()
            while last.type not in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
                last = await flood.receive()
            assert (last.data, last.extra) == (4429, "an upload may have 40 Mbit/s")
            await honest.frames(1)
            await until(lambda: site.hub.meter.frames == 36)
            assert site.hub.state is State.LIVE
            await flood.close()

    run_virtual(scenario())
    assert "An upload was closed, because it sent more than 40 Mbit/s" in caplog.messages
