"""PRIVACY on the whole device, over a real socket and the real clock, with and without a cloud."""

import asyncio
import io
import itertools
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import av
import pytest

from likelight.appreciation.sync.store import DeviceStore
from likelight.daemon.device import Device
from likelight_hw.sim.button import SimButton
from support.busy import BUSY, lateness
from support.camera_pictures import luma, read_barcode
from support.gate import no_log
from support.waiting import WITHIN_S
from support.whole import whole

SHUT_WITHIN_S = 0.2


@asynccontextmanager
async def a_device(
    state_dir: Path, *, cloud_answers: bool
) -> AsyncIterator[tuple[Device, str, DeviceStore]]:
    """Run a device with simulated hardware; its embedded cloud may be down for good."""
    async with whole(state_dir) as place, asyncio.TaskGroup() as group:
        if cloud_answers:
            await place.cloud_comes(group)
        await place.until(lambda: "camera" not in place.device.health().waiting_for)
        yield place.device, place.url, place.store
        if cloud_answers:
            await place.cloud_goes()


@dataclass
class Viewer:
    """A viewer's WebSocket: every fragment with the loop's time at which it came."""

    socket: aiohttp.ClientWebSocketResponse
    init: bytes = b""
    came: list[tuple[float, bytes]] = field(default_factory=list)
    inits: list[bytes] = field(default_factory=list)
    """Of each fragment: camera and placeholders have a rate, and so an SPS, of their own."""
    states: list[str] = field(default_factory=list)

    async def read(self) -> None:
        message = await self.socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            text = json.loads(message.data)
            self.states += [text["state"]] if "state" in text else []
        elif message.type is aiohttp.WSMsgType.BINARY and message.data[4:8] == b"ftyp":
            self.init = message.data
        elif message.type is aiohttp.WSMsgType.BINARY:
            self.came.append((asyncio.get_running_loop().time(), message.data))
            self.inits.append(self.init)
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
        frames: list[av.VideoFrame] = []
        fragments = zip(self.inits, self.came, strict=True)
        for init, group in itertools.groupby(fragments, key=lambda pair: pair[0]):
            stream = io.BytesIO(init + b"".join(data for _, (_, data) in group))
            with av.open(stream, "r", format="mp4") as container:
                frames += container.decode(video=0)
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
        async with asyncio.timeout(WITHIN_S):
            await viewer.until_live(15)
        assert device.hardware.indicator.lit

        assert isinstance(device.hardware.privacy, SimButton)
        pressed_at = loop.time()
        device.hardware.privacy.press()
        async with asyncio.timeout(WITHIN_S), lateness() as late:
            while viewer.states[-1] != "private":
                await viewer.read()
        assert loop.time() - pressed_at < BUSY * SHUT_WITHIN_S + late.lost
        assert not device.hardware.indicator.lit
        private_at = loop.time()
        await viewer.read_for(1.3)

        device.hardware.privacy.press()
        async with asyncio.timeout(WITHIN_S):
            await viewer.until_live(5)
        assert device.hardware.indicator.lit
        resumed = [at for at in await asyncio.to_thread(viewer.camera_frames) if at > private_at]

    # Nothing follows "private" on its own socket, until the second press.
    leaked = [at - private_at for at in resumed if at - private_at < 1.3]
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
            assert isinstance(device.hardware.privacy, SimButton)
            viewer = Viewer(socket)
            async with asyncio.timeout(WITHIN_S):
                while not viewer.states:
                    await viewer.read()
                if expected == "private":
                    device.hardware.privacy.press()
                    while viewer.states[-1] != "private":
                        await viewer.read()
                    while not store.private:
                        await viewer.read()
                else:
                    assert viewer.states == ["private"]
                    device.hardware.privacy.press()
                    await viewer.until_live(1)


def fail(*_: object) -> None:
    raise RuntimeError("a part of this device is broken")


ANSWERS = {
    "lamp": ("felt", "set_base"),
    "display": ("felt", "answer", "update"),
}
"""What is reported of a press, by what is broken: where a driver's or a drawing's mistake shows."""


@pytest.mark.parametrize("part", ["lamp", "display", "log"])
async def test_privacy_shuts_though_what_answers_it_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    async with (
        a_device(tmp_path, cloud_answers=False) as (device, url, store),
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/k/demo/ws", max_msg_size=0) as socket,
    ):
        assert isinstance(device.hardware.privacy, SimButton)
        viewer = Viewer(socket)
        async with asyncio.timeout(WITHIN_S):
            await viewer.until_live(5)
        restarts = device.health().components["privacy button"].restarts
        broken = device.window_in.lamp if part == "lamp" else device.window_in.presenter
        for answer in ANSWERS.get(part, ()):
            monkeypatch.setattr(broken, answer, fail)
        with no_log() if part == "log" else nullcontext():
            device.hardware.privacy.press()
            async with asyncio.timeout(WITHIN_S):
                while viewer.states[-1] != "private":
                    await viewer.read()
                assert not device.on_air.open
                assert not device.hardware.indicator.lit
                while not store.private:
                    await viewer.read()
        if part == "log":
            return
        assert device.health().components["privacy button"].restarts == restarts
        await viewer.read_for(0.3)  # a press before the contacts are calm would be a bounce
        device.hardware.privacy.press()
        async with asyncio.timeout(WITHIN_S):
            await viewer.until_live(1)


async def test_no_log_line_tells_of_a_press(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody watches, so that the camera stops and starts with each press, and the feed too."""
    async with (
        a_device(tmp_path, cloud_answers=True) as (device, url, _),
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/k/demo/ws", max_msg_size=0) as socket,
    ):
        viewer = Viewer(socket)
        assert isinstance(device.hardware.privacy, SimButton)
        async with asyncio.timeout(WITHIN_S):
            await viewer.until_live(5)
            caplog.set_level(logging.DEBUG)
            for _ in range(2):
                caplog.clear()
                reasons = device.health().reasons
                device.hardware.privacy.press()
                while viewer.states[-1] != "private":
                    await viewer.read()
                await viewer.read_for(1.3)
                assert device.health().reasons == reasons
                device.hardware.privacy.press()
                await viewer.until_live(5)
                ours = [one for one in caplog.records if one.name.startswith("likelight")]
                assert [one.getMessage() for one in ours] == []
