"""PRIVACY on the whole device, over a real socket and the real clock, with and without a cloud."""

import asyncio
import io
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import av
import pytest

from likelight import placeholders
from likelight.appreciation.cloud import HttpCloud
from likelight.appreciation.store import DeviceStore
from likelight.clock import utc_now
from likelight.config import Camera, Config, Kitchen, Web
from likelight.device import Device
from likelight.embedded import make_embedded_cloud
from likelight.web.server import WebServer, listen
from likelight.web.site import make_site
from likelight_hw.sim.button import SimButton
from support.camera import luma, read_barcode
from support.demo import free_port

KITCHEN = Kitchen(id="demo", name="A kitchen")
SHUT_WITHIN_S = 0.2


@asynccontextmanager
async def a_device(
    state_dir: Path, *, cloud_answers: bool
) -> AsyncIterator[tuple[Device, str, DeviceStore]]:
    """Run a device with simulated hardware; its embedded cloud may be down for good."""
    config = Config(
        kitchen=KITCHEN,
        web=Web(port=free_port()),
        camera=Camera(barcode=True, width=640, height=360),
        state_dir=state_dir,
    )
    url = f"http://127.0.0.1:{config.web.port}"
    store = DeviceStore(state_dir / "device.sqlite")
    await store.open()
    own = await asyncio.to_thread(
        make_embedded_cloud, state_dir / "cloud.sqlite", now=utc_now, rng=random.Random(1)
    )
    try:
        async with HttpCloud(url, KITCHEN.id, "a token") as cloud:
            packaged = await asyncio.to_thread(placeholders.load, simulated=True)
            device = Device(config, store, cloud, own, packaged)
            with await asyncio.to_thread(listen, config.web) as listener:
                server = WebServer(lambda: make_site(device, None), listener)
                device.supervisor.add("web", server, critical=True)
                if cloud_answers:
                    own.enrol(KITCHEN.id, KITCHEN.name, "a token")
                    device.supervisor.add("cloud", own, critical=False)
                async with asyncio.TaskGroup() as group:
                    living = group.create_task(device.supervisor.run())
                    seen = 0
                    while "camera" in device.health().waiting_for:
                        seen = await device.changes.wait_beyond(seen)
                    yield device, url, store
                    living.cancel()
                await device.close()
    finally:
        await store.close()


@dataclass
class Viewer:
    """A viewer's WebSocket: every fragment with the loop's time at which it came."""

    socket: aiohttp.ClientWebSocketResponse
    init: bytes = b""
    came: list[tuple[float, bytes]] = field(default_factory=list)
    states: list[str] = field(default_factory=list)

    async def read(self) -> None:
        message = await self.socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            text = json.loads(message.data)
            self.states += [text["state"]] if "state" in text else []
        elif message.type is aiohttp.WSMsgType.BINARY and message.data[4:8] == b"ftyp":
            assert self.init in (b"", message.data), "one decoder is enough: all have one SPS"
            self.init = message.data
        elif message.type is aiohttp.WSMsgType.BINARY:
            self.came.append((asyncio.get_running_loop().time(), message.data))
        else:
            raise AssertionError(f"the socket closed: {message}")

    async def until_live(self, fragments: int) -> None:
        """Read until so many fragments came after the newest `live`."""
        before = 0
        while not self.states or self.states[-1] != "live" or len(self.came) < before + fragments:
            if not self.states or self.states[-1] != "live":
                before = len(self.came)
            await self.read()

    async def read_for(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.read()
        except TimeoutError:
            return

    def camera_frames(self) -> list[float]:
        """Return when each fragment came that holds a camera's picture: those carry the barcode."""
        stream = io.BytesIO(self.init + b"".join(data for _, data in self.came))
        with av.open(stream, "r", format="mp4") as container:
            frames = list(container.decode(video=0))
        assert len(frames) == len(self.came)
        pairs = zip(frames, self.came, strict=True)
        return [came_at for frame, (came_at, _) in pairs if read_barcode(luma(frame)) is not None]


@pytest.mark.parametrize("cloud_answers", [True, False])
async def test_no_camera_frame_leaves_after_privacy(tmp_path: Path, cloud_answers: bool) -> None:
    loop = asyncio.get_running_loop()
    async with (
        a_device(tmp_path, cloud_answers=cloud_answers) as (device, url, _),
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/k/demo/ws", max_msg_size=0) as socket,
    ):
        viewer = Viewer(socket)
        async with asyncio.timeout(20):
            await viewer.until_live(15)
        assert device.indicator.lit

        assert isinstance(device.privacy, SimButton)
        pressed_at = loop.time()
        device.privacy.press()
        await viewer.read_for(SHUT_WITHIN_S)
        assert not device.indicator.lit
        assert viewer.states[-1] == "private"
        await viewer.read_for(1.3)

        device.privacy.press()
        async with asyncio.timeout(10):
            await viewer.until_live(5)
        assert device.indicator.lit
        resumed = [at for at in await asyncio.to_thread(viewer.camera_frames) if at > pressed_at]

    leaked = [at - pressed_at for at in resumed if SHUT_WITHIN_S < at - pressed_at < 1.3]
    assert not leaked
    assert resumed, "the picture is back"
    assert resumed[-1] - pressed_at > 1.0


async def test_privacy_holds_through_a_restart(tmp_path: Path) -> None:
    for expected in ("private", "idle"):
        async with (
            a_device(tmp_path, cloud_answers=False) as (device, url, store),
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{url}/k/demo/ws", max_msg_size=0) as socket,
        ):
            assert isinstance(device.privacy, SimButton)
            viewer = Viewer(socket)
            async with asyncio.timeout(20):
                while not viewer.states:
                    await viewer.read()
                if expected == "private":
                    device.privacy.press()
                    while viewer.states[-1] != "private":
                        await viewer.read()
                    while not store.private:
                        await viewer.read()
                else:
                    assert viewer.states == ["private"]
                    device.privacy.press()
                    await viewer.until_live(1)
