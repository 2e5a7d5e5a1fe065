"""The relay's times, as the contract has them, on the virtual clock."""

import asyncio
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from likelight.contract import State
from likelight.feed.upload.protocol import PacketKind, UploadPacket
from support.cloud import KID
from support.pictures import CAMERA_SHADE, jpeg, jpeg_shade
from support.relay import HandDevice, RelaySite, beside, relay_site
from support.virtual import run_virtual
from support.waiting import WITHIN_S, until


def test_a_line_that_ends_is_dropped_within_a_second(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with relay_site(tmp_path / "cloud.db") as site, site.watcher() as watcher:
            async with site.device() as device:
                await device.open()
                await device.frames(5)
                await watcher.state(State.LIVE)
            assert await until(lambda: site.hub.state is not State.LIVE) < 1.0
            await watcher.state(State.OFFLINE)

    run_virtual(scenario())


def cut_off(device: HandDevice) -> None:
    """End the connection as kill -9 does to the device's process."""
    connection = device.socket._response.connection
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()


def pull_the_cable(_: HandDevice) -> None:
    """Nothing more comes, no end of the connection either."""


@pytest.mark.parametrize("interrupt", [cut_off, pull_the_cable])
@pytest.mark.parametrize("event_after_s", [0.01, 0.85, 1.5])
def test_an_interrupted_line_is_told_within_two_seconds_of_the_last_picture(
    tmp_path: Path, interrupt: Callable[[HandDevice], None], event_after_s: float
) -> None:
    """By an event stream too, which has just sent another event and may send one a second."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        told: list[tuple[float, Any]] = []

        async def follow(site: RelaySite) -> None:
            async with site.session.get(f"{site.base}/v1/kitchens/{KID}/live") as stream:
                async for line in stream.content:
                    if line.startswith(b'data: {"kid"'):
                        told.append((loop.time(), json.loads(line.removeprefix(b"data: "))))

        async with relay_site(tmp_path / "cloud.db") as site, site.watcher():
            await site.status()
            async with site.device() as device, beside(follow(site)):
                await device.open()
                async with beside(device.film()):
                    await until(lambda: bool(told) and told[-1][1]["feed"]["arriving"])
                    await asyncio.sleep(3)
                last = loop.time()
                interrupt(device)
                await asyncio.sleep(event_after_s)
                await site.like()
                await until(lambda: told[-1][1]["state"] == "interrupted")
                assert (await site.summary())["state"] == "interrupted"
                assert loop.time() - last < 2.0
                assert told[-1][1]["feed"] == {"arriving": False}

    run_virtual(scenario())


def test_privacy_drops_parts_playlists_and_pictures_within_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def virtual_us() -> int:
        return int(asyncio.get_running_loop().time() * 1e6)

    # The pictures' own time goes as fast as the clock by which they are sent.
    monkeypatch.setattr("support.relay.wall_us", virtual_us)
    monkeypatch.setattr("likelight_cloud.relay.relays._now_us", virtual_us)

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with relay_site(tmp_path / "cloud.db") as site, site.device() as device:
            await device.open()
            async with beside(device.film()):
                part = await _a_part(site)
                snapshot = asyncio.ensure_future(site.call("GET", f"/k/{KID}/snapshot.jpg"))
                while await device.told("jpeg_fps") != 5:
                    pass
                await device.socket.send_bytes(
                    UploadPacket(PacketKind.JPEG, jpeg(CAMERA_SHADE)).pack()
                )
                assert jpeg_shade((await snapshot).body) == CAMERA_SHADE
            assert (await site.call("GET", part)).status == 200
            shut_at = loop.time()
            await device.gate(State.PRIVATE)
            while (await site.call("GET", part)).status == 200:
                assert loop.time() - shut_at < 1.0
                await asyncio.sleep(0.01)
            shown = await site.call("GET", f"/k/{KID}/snapshot.jpg")
            assert loop.time() - shut_at < 1.0
            assert (shown.status, len(shown.body) > 10_000) == (200, True)
            assert jpeg_shade(shown.body) != CAMERA_SHADE

    run_virtual(scenario())


async def _a_part(site: RelaySite) -> str:
    """Return where a part of the camera's is, once the playlist has one."""
    multivariant = (await site.call("GET", f"/k/{KID}/stream.m3u8")).body.decode()
    media = urljoin(f"/k/{KID}/", multivariant.splitlines()[3])
    async with asyncio.timeout(WITHIN_S):
        while True:
            playlist = (await site.call("GET", media)).body.decode()
            if parts := re.findall(r'PART:.*URI="([^"]+)"', playlist):
                return urljoin(media, parts[-1])
            await asyncio.sleep(0.1)


def test_keyframes_are_asked_for_once_a_second(tmp_path: Path) -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with relay_site(tmp_path / "cloud.db") as site, site.device() as device:
            async with site.watcher():
                await device.open()
                await device.frames(1)
                await device.gate(State.FAULT)
                await device.gate(State.LIVE)
                asked: list[float] = []

                async def listen() -> None:
                    while len(asked) < 4:
                        assert await device.told("keyframe") is True
                        asked.append(loop.time())

                async with asyncio.TaskGroup() as group, asyncio.timeout(WITHIN_S):
                    listening = group.create_task(listen())
                    while not listening.done():
                        await device.frames(8)  # none of them a keyframe, from here on
                        device._sent -= 8
                        await asyncio.sleep(0.05)
        assert all(1.0 <= later - earlier < 1.2 for earlier, later in pairwise(asked)), asked

    run_virtual(scenario())
