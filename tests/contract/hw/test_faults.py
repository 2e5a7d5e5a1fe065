"""A camera that hangs, dies, vanishes or won't stop: viewers see that, stay, and see it back."""

import asyncio
import gc
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from likelight.appreciation.panel.headline import headline
from likelight.appreciation.panel.situation import Situation
from likelight.appreciation.screens.models import StatusScreen
from likelight.appreciation.screens.render import pages
from likelight.appreciation.sync.connection import CloudConnection
from likelight.contract import State
from likelight.gate.on_air import OnAir
from likelight.runtime.clock import utc_now
from likelight_hw.backoff import RetryBackoff
from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.process import CameraProcess
from likelight_hw.camera.timeouts import CameraTimeouts
from likelight_hw.ports import (
    AccessUnit,
    CameraPhase,
    CameraStatus,
    DrawnPlaceholder,
    Jpeg,
    StreamFormat,
)
from likelight_hw.sim.indicator import SimIndicator
from support import stub_camera
from support.busy import BUSY
from support.camera import children
from support.feed import Kitchen, kitchen
from support.panels import PANELS
from support.waiting import WITHIN_S

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="follows processes by way of Linux's /proc"
)

CHILD = (sys.executable, "-S", "-E", stub_camera.__file__)
HASTY = CameraTimeouts(silent_s=0.25, hung_s=0.5, pauses_s=(0.01,))


@dataclass
class Outputs:
    """Which ways out have shown the camera's picture (True) or a placeholder, since one asked."""

    shown: dict[bool, set[str]] = field(default_factory=lambda: {True: set(), False: set()})
    ways: int = 5
    ended: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def see(self, way: str, data: bytes) -> None:
        self.shown[stub_camera.PICTURE in data].add(way)
        self.changed.set()

    async def all_show(self, camera: bool) -> float:
        """Return how many seconds it took until every way out has shown it from now on."""
        clock = asyncio.get_running_loop().time
        began = clock()
        self.shown[camera].clear()
        async with asyncio.timeout(WITHIN_S):
            while len(self.shown[camera]) < self.ways:
                self.changed.clear()
                await self.changed.wait()
        return clock() - began


class Window:
    """A camera, the gate and the feed, wired as the device wires them."""

    def __init__(self, place: Kitchen, camera: CameraProcess) -> None:
        self.camera = camera
        self.place = place
        self.outputs = Outputs()
        self.statuses: list[CameraStatus] = []
        self.on_air = OnAir(
            camera,
            SimIndicator(),
            show=place.hub.show,
            store_privacy=_keep,
            on_change=lambda: None,
            now=utc_now,
        )
        self.on_air.use_stored_privacy(private=False)
        self.on_air.on_consent(True)
        self.on_air.on_hours(True, None)

    def on_format(self, stream: StreamFormat) -> None:
        self.place.hub.set_format(stream.width, stream.height, stream.fps)

    def on_access_unit(self, unit: AccessUnit) -> None:
        self.place.hub.publish(unit.data, keyframe=unit.keyframe, captured_us=unit.captured_us)

    def on_jpeg(self, jpeg: Jpeg) -> None:
        self.place.hub.publish_jpeg(jpeg.data, captured_us=jpeg.captured_us)

    def on_placeholder(self, placeholder: DrawnPlaceholder) -> None:
        raise AssertionError("the stub draws no placeholder")

    def on_status(self, status: CameraStatus) -> None:
        self.statuses.append(status)
        self.on_air.on_camera(status)
        self.outputs.changed.set()

    async def reaches(self, phase: CameraPhase) -> CameraStatus:
        """Return the status of `phase`, which is now or comes; a busy machine may see it late."""
        told = max(len(self.statuses) - 1, 0)
        async with asyncio.timeout(WITHIN_S):
            while True:
                for status in self.statuses[told:]:
                    if status.phase is phase:
                        return status
                self.outputs.changed.clear()
                await self.outputs.changed.wait()


async def _keep(_: bool) -> None:
    """Privacy is not under test here."""


@asynccontextmanager
async def window(
    config: CameraConfig | None = None,
    timeouts: CameraTimeouts | None = None,
    *,
    playlist: bool = True,
) -> AsyncIterator[Window]:
    """A live kitchen, watched in every way there is; `playlist` is the one that takes its time."""
    camera = CameraProcess(
        config or CameraConfig(), timeouts=timeouts or CameraTimeouts(), command=CHILD
    )
    camera.jpeg_rate(15)
    async with kitchen() as place, aiohttp.ClientSession() as session:
        view = Window(place, camera)
        watchers = [_watch, _multipart, _snapshots, _endless_mp4]
        if playlist:
            watchers.append(_playlist)
        view.outputs.ways = len(watchers)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(work)
                for work in (
                    camera.run(view, ()),
                    view.on_air.run(),
                    *(watch(session, place, view.outputs) for watch in watchers),
                )
            ]
            view.on_air.on_demand(True)
            await view.outputs.all_show(True)
            yield view
            for task in tasks:
                task.cancel()


async def _watch(session: aiohttp.ClientSession, place: Kitchen, outputs: Outputs) -> None:
    async with session.ws_connect(f"{place.url}/k/demo/ws", max_msg_size=0) as ws:
        async for message in ws:
            if message.type is aiohttp.WSMsgType.BINARY and b"mdat" in message.data:
                outputs.see("ws", message.data)
    outputs.ended.append("ws")


async def _multipart(session: aiohttp.ClientSession, place: Kitchen, outputs: Outputs) -> None:
    async with session.get(f"{place.url}/k/demo/stream.mjpg") as response:
        while line := await response.content.readline():
            if line.startswith(b"Content-Length:"):
                size = int(line.split(b":")[1])
                await response.content.readuntil(b"\r\n\r\n")
                outputs.see("mjpeg", await response.content.readexactly(size))
    outputs.ended.append("mjpeg")


async def _snapshots(session: aiohttp.ClientSession, place: Kitchen, outputs: Outputs) -> None:
    while True:
        async with session.get(f"{place.url}/k/demo/snapshot.jpg") as response:
            outputs.see("snapshot", await response.read())
        await asyncio.sleep(0.05)


async def _endless_mp4(session: aiohttp.ClientSession, place: Kitchen, outputs: Outputs) -> None:
    async with session.get(f"{place.url}/k/demo/live.mp4") as response:
        with suppress(asyncio.IncompleteReadError):
            while True:
                head = await response.content.readexactly(8)
                box = await response.content.readexactly(int.from_bytes(head[:4], "big") - 8)
                if head[4:] == b"mdat":
                    outputs.see("mp4", box)
    outputs.ended.append("mp4")


async def _playlist(session: aiohttp.ClientSession, place: Kitchen, outputs: Outputs) -> None:
    """Follow the playlist as a player does: each part as soon as it is there."""
    async with session.get(f"{place.url}/k/demo/main.m3u8") as response:
        media = response.url.join(URL((await response.text()).split()[-1]))
    asked: dict[str, int] = {}
    while True:
        async with session.get(media, params=asked) as response:
            text = await response.text()
        _, sequence, rest = text.partition("#EXT-X-MEDIA-SEQUENCE:")
        assert sequence, f"{response.status}: {text}"
        whole, _, begun = text.rpartition("#EXTINF")
        number = int(rest.split()[0]) + whole.count("#EXTINF") + bool(whole)
        asked = {"_HLS_msn": number, "_HLS_part": begun.count("#EXT-X-PART:")}
        parts = re.findall(r'#EXT-X-PART:.*URI="([^"]+)"', text)
        async with session.get(media.join(URL(parts[-1]))) as part:
            if part.status == 200:
                outputs.see("hls", await part.read())


def strike(number: int) -> None:
    (child,) = children()
    os.kill(child, number)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGSTOP, "K1"), (signal.SIGKILL, "K2"), (signal.SIGUSR1, "K3")],
    ids=["hangs", "dies", "vanishes"],
)
async def test_viewers_see_the_fault_and_then_the_picture_of_another_child(
    number: int, code: str
) -> None:
    async with window() as view:
        strike(number)
        assert await view.outputs.all_show(False) < BUSY * 2.0
        assert view.on_air.state is State.FAULT
        assert view.camera.status.code == code
        assert view.camera.status.reason
        # The next child works at once, so the camera works again when the last one was given up.
        await view.reaches(CameraPhase.FAILED)
        vanished = number == signal.SIGUSR1
        if vanished:
            strike(number)
        await view.outputs.all_show(True)
        assert view.outputs.ended == []
        assert view.camera.restarts == (0 if vanished else 1), "a child without a source stays"


@pytest.mark.parametrize("watched_again", [False, True])
async def test_a_child_that_freezes_at_rest_is_found_out(watched_again: bool) -> None:
    async with window() as view:
        view.on_air.on_demand(False)
        view.camera.stop()
        await view.reaches(CameraPhase.STOPPED)
        # STOPPED is the daemon's word; the child rests once it has said so itself.
        async with asyncio.timeout(WITHIN_S):
            while view.camera._child and view.camera._child.stream:
                await asyncio.sleep(0.01)
        clock = asyncio.get_running_loop().time
        strike(signal.SIGSTOP)
        struck = clock()
        if watched_again:
            view.camera.start()
        told = await view.reaches(CameraPhase.SILENT)
        assert clock() - struck < BUSY * 2.0
        assert (told.code, view.on_air.state) == ("K1", State.FAULT)
        await view.reaches(CameraPhase.FAILED)
        await view.reaches(CameraPhase.STREAMING if watched_again else CameraPhase.STOPPED)
        assert view.camera.restarts == 1


async def test_a_driver_that_blocks_in_stop_is_found_out_and_replaced() -> None:
    async with window(timeouts=CameraTimeouts(hung_s=0.5, pauses_s=(0.1,))) as view:
        strike(signal.SIGUSR2)
        view.camera.stop()
        failed = await view.reaches(CameraPhase.FAILED)
        assert failed.code == "K1"
        await view.reaches(CameraPhase.STOPPED)
        view.camera.start()
        await view.outputs.all_show(True)
        assert view.outputs.ended == []


async def test_a_device_that_comes_back_ends_the_longest_pause_of_a_driver_that_died(
    tmp_path: Path,
) -> None:
    source = tmp_path / "video0"
    source.touch()
    config = CameraConfig(driver="file", path=source)
    async with window(config, CameraTimeouts(pauses_s=(0.05, 300.0))) as view:
        source.unlink()
        strike(signal.SIGKILL)
        async with asyncio.timeout(WITHIN_S):
            while view.camera.restarts < 2:
                await view.reaches(CameraPhase.FAILED)
                view.outputs.changed.clear()
                await view.outputs.changed.wait()
        assert view.camera.status.code == "K2"
        source.touch()
        await view.outputs.all_show(True)


def test_a_camera_without_a_picture_is_reported_after_1_s_and_killed_after_2_s() -> None:
    timeouts = CameraTimeouts()
    assert (timeouts.silent_s, timeouts.hung_s) == (1.0, 2.0)
    # A camera at rest sends no pictures, so it is pinged, and a missing answer shows the fault.
    assert timeouts.ping_every_s + timeouts.silent_s < 2.0
    assert timeouts.brief_pause_s + 1.0 <= 5.0, "1 s to start"


def test_pauses_grow_to_thirty_seconds_but_stay_brief_for_what_gave_pictures() -> None:
    timeouts = CameraTimeouts()
    backoff = RetryBackoff(timeouts.pauses_s, healthy_s=timeouts.healthy_s)
    assert [backoff.pause_s() for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]
    assert (timeouts.brief_pause_s, timeouts.healthy_s) == (4, 30)


@pytest.mark.timeout(400)
async def test_fifty_faults_leave_everything_as_it_was() -> None:
    strikes: list[Callable[[Window], Awaitable[None]]] = [_hang, _die, _vanish, _block_in_stop]
    async with window(timeouts=HASTY, playlist=False) as view:
        for number in range(10):
            await _suffer(view, strikes[number % len(strikes)])
        before = _belongings()
        for number in range(50):
            await _suffer(view, strikes[number % len(strikes)])
        after = _belongings()
        assert view.outputs.ended == []
        # So short time-outs may also be at its end with a child that a busy machine starves.
        assert view.camera.restarts >= 45
    assert after[:2] == before[:2], "descriptors and processes are as they were"
    assert after[2] - before[2] < 2_000, "memory, in KiB"
    assert not children()


async def _suffer(view: Window, fault: Callable[[Window], Awaitable[None]]) -> None:
    told = len(view.statuses)
    await fault(view)
    async with asyncio.timeout(WITHIN_S):
        while not any(status.phase is CameraPhase.FAILED for status in view.statuses[told:]):
            view.outputs.changed.clear()
            await view.outputs.changed.wait()
    await view.outputs.all_show(True)


async def _hang(_: Window) -> None:
    strike(signal.SIGSTOP)


async def _die(_: Window) -> None:
    strike(signal.SIGKILL)


async def _vanish(view: Window) -> None:
    strike(signal.SIGUSR1)
    await view.reaches(CameraPhase.FAILED)
    if view.camera.status.code == "K3":
        strike(signal.SIGUSR1)
    # Otherwise a busy machine delayed the child until it counted as hung, and it is replaced.


async def _block_in_stop(view: Window) -> None:
    strike(signal.SIGUSR2)
    view.camera.stop()
    await view.reaches(CameraPhase.FAILED)
    view.camera.start()


def _belongings() -> tuple[int, int, int]:
    """Return how many descriptors and children there are, and the resident KiB."""
    gc.collect()
    resident = Path("/proc/self/statm").read_text().split()[1]
    kib = int(resident) * os.sysconf("SC_PAGE_SIZE") // 1024
    return len(list(Path("/proc/self/fd").iterdir())), len(children()), kib


def test_the_crew_reads_the_trouble_and_its_code_on_every_panel() -> None:
    calm = Situation(CloudConnection.CONNECTED, State.FAULT, likes_today=3, trouble="K1")
    for panel in PANELS.values():
        words = " ".join(line for page in pages(headline(calm), panel) for line in page.text)
        assert "Camera trouble." in words
        assert "The lamp still works." in words
        assert "call IT, code K1." in words
    quiet = headline(replace(calm, trouble=None))
    assert isinstance(quiet, StatusScreen)
    assert "IT" not in quiet.detail
