"""The simulated camera in its real child process, seen through `ports.Camera`."""

import asyncio
import fcntl
import itertools
import os
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

import pytest

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.process import COMMAND, CameraProcess
from likelight_hw.camera.timeouts import CameraTimeouts
from likelight_hw.camera.wire import (
    CameraMessage,
    DesiredState,
    pack_desired_state,
    pack_setup,
    unpack_access_unit,
    unpack_desired_state,
)
from likelight_hw.child.link import ChildLink
from likelight_hw.child.packets import ChildPacket, Unpacker
from likelight_hw.ports import (
    AccessUnit,
    CameraPhase,
    CameraStatus,
    LightFrame,
    Rendition,
    StreamFormat,
)
from likelight_hw.sim.kitchen import LAMP_BOX
from support.camera import SPECS, Decoder, Recorder, children, running
from support.camera_pictures import jpeg_image, luma, mean, nal_units, read_barcode
from support.waiting import WITHIN_S

SMALL = CameraConfig(width=640, height=360)
SPS, PPS = 7, 8

needs_proc = pytest.mark.skipif(
    sys.platform != "linux", reason="follows processes by way of Linux's /proc and pidfd"
)


def wall_us() -> int:
    """The clock by which a picture tells when it was captured."""
    return time.time_ns() // 1000


async def gone(pid: int) -> None:
    """Return once the process has ended; raise `TimeoutError` when it lives on."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, ended.set)
    try:
        async with asyncio.timeout(WITHIN_S):
            await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def test_format_status_then_a_keyframe_that_decodes() -> None:
    async with running(SMALL) as (camera, sink):
        camera.start()
        assert camera.status.phase is CameraPhase.STARTING
        await sink.until(lambda: len(sink.units) >= 5)
    stopped, starting, form, streaming, first = sink.events[:5]
    assert stopped == CameraStatus(CameraPhase.STOPPED)
    assert starting == CameraStatus(CameraPhase.STARTING)
    assert form == StreamFormat(640, 360, 30, simulated=True)
    assert streaming == CameraStatus(CameraPhase.STREAMING)
    assert isinstance(first, AccessUnit)
    assert first.keyframe
    decoder = Decoder()
    for unit in sink.units:
        frame = decoder.decode(unit.data)
        assert (frame.width, frame.height) == (640, 360)
    times = [unit.captured_us for unit in sink.units]
    assert times == sorted(set(times))


async def test_what_is_asked_before_run_is_done_by_run() -> None:
    camera, sink = CameraProcess(SMALL), Recorder()
    camera.start()
    camera.jpeg_rate(30)
    camera.show_lamp(LightFrame(1.0, (255, 255, 255)))
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(camera.run(sink, ()))
        await sink.until(lambda: bool(sink.jpegs))
        task.cancel()
    assert mean(luma(Decoder().decode(sink.units[0].data)), LAMP_BOX) > 180


async def test_a_keyframe_comes_when_asked_for() -> None:
    async with running(SMALL) as (camera, sink):
        camera.start()
        await sink.next_keyframe()
        asked_us = wall_us()
        camera.keyframe()
        keyframe = await sink.keyframe_after(asked_us)
    made = [unit for unit in sink.units if asked_us < unit.captured_us <= keyframe.captured_us]
    # 30 frames is the ordinary distance; a request is answered by the next frame or two, and a busy
    # machine may hold the request up as well.
    assert len(made) < 15


async def test_however_many_ask_a_keyframe_is_made_once_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[DesiredState] = []
    write = ChildLink.write_latest

    def overheard(link: ChildLink, packet: bytes) -> None:
        (desired,) = Unpacker().feed(packet)
        sent.append(unpack_desired_state(desired.payload))
        write(link, packet)

    monkeypatch.setattr(ChildLink, "write_latest", overheard)
    async with running(SMALL) as (camera, sink):
        camera.start()
        await sink.next_keyframe()
        loop = asyncio.get_running_loop()
        began = loop.time()
        while loop.time() - began < 2.5:
            camera.keyframe()
            await sink.more_units(1)
        lasted = loop.time() - began
    assert 2 <= sent[-1].keyframes[Rendition.MAIN] <= 1 + lasted


async def test_the_lamp_is_seen_in_the_decoded_picture() -> None:
    seen = []
    async with running(CameraConfig()) as (camera, sink):
        camera.start()
        for level in (0.0, 0.1, 0.3, 0.6, 1.0):
            asked_us = wall_us()
            camera.show_lamp(LightFrame(level, (255, 217, 160)))
            camera.keyframe()
            unit = await sink.keyframe_after(asked_us)
            seen.append(mean(luma(Decoder().decode(unit.data)), LAMP_BOX))
    assert seen == sorted(seen)
    assert seen[1] - seen[0] >= 6
    assert seen[-1] - seen[0] >= 40


@pytest.mark.parametrize("size", [(640, 360), (1280, 720)])
async def test_the_barcode_is_read_from_every_frame(size: tuple[int, int]) -> None:
    config = CameraConfig(width=size[0], height=size[1], barcode=True)
    async with running(config, SPECS) as (camera, sink):
        camera.start()
        camera.jpeg_rate(30)
        camera.show_lamp(LightFrame(1.0, (255, 217, 160)))
        await sink.until(lambda: len(sink.units) >= 40)
    decoder = Decoder()
    for unit in sink.units:
        picture = luma(decoder.decode(unit.data))
        assert read_barcode(picture) == unit.captured_us // 1000 % 2**20
    for jpeg in sink.jpegs:
        picture = jpeg_image(jpeg.data).convert("L")
        assert read_barcode(picture) == jpeg.captured_us // 1000 % 2**20
    for placeholder in sink.placeholders:
        assert read_barcode(luma(Decoder().decode(placeholder.access_unit))) is None
        assert read_barcode(jpeg_image(placeholder.jpeg).convert("L")) is None


async def test_placeholders_come_first_and_share_the_streams_parameter_sets() -> None:
    async with running(SMALL, SPECS) as (camera, sink):
        await sink.until(lambda: len(sink.placeholders) == len(SPECS))
        camera.start()
        first = (await sink.more_units(1))[0]
    live = nal_units(first.data)
    for placeholder, spec in zip(sink.placeholders, SPECS, strict=True):
        assert (placeholder.name, placeholder.width, placeholder.height) == (spec.name, 640, 360)
        sets = nal_units(placeholder.access_unit)
        assert (sets[SPS], sets[PPS]) == (live[SPS], live[PPS])
        frame = Decoder().decode(placeholder.access_unit)
        assert (frame.width, frame.height) == (640, 360)
        jpeg = jpeg_image(placeholder.jpeg)
        assert jpeg.size == (640, 360)
        pixel = jpeg.getpixel((632, 8))
        assert isinstance(pixel, tuple)
        assert all(abs(a - b) <= 4 for a, b in zip(pixel, spec.paper, strict=True))


async def test_jpegs_come_at_the_asked_rate_and_stop() -> None:
    async with running(SMALL) as (camera, sink):
        camera.start()
        camera.jpeg_rate(10)
        await sink.until(lambda: len(sink.jpegs) >= 8)
        camera.jpeg_rate(0)
        camera.keyframe()
        # The first may be the second's own, on its way already; the next one was made after.
        await sink.next_keyframe()
        await sink.next_keyframe()
        count = len(sink.jpegs)
        await sink.more_units(10)
        assert len(sink.jpegs) == count
    assert jpeg_image(sink.jpegs[0].data).size == (640, 360)
    span = (sink.jpegs[7].captured_us - sink.jpegs[0].captured_us) / 1e6
    assert 7 / span <= 10.5


@needs_proc
async def test_stop_lets_nothing_through_and_start_begins_again() -> None:
    async with running(SMALL) as (camera, sink):
        camera.start()
        camera.jpeg_rate(30)
        await sink.more_units(10)
        (child,) = children()
        camera.stop()
        assert camera.status.phase is CameraPhase.STOPPED
        came, units = len(sink.events), len(sink.units)
        camera.start()
        await sink.until(lambda: len(sink.units) > units)
        anew = [event for event in sink.events[came:] if not isinstance(event, CameraStatus)]
        assert isinstance(anew[0], StreamFormat)
        assert sink.units[units].keyframe
        assert children() == {child}


@needs_proc
async def test_a_child_that_hangs_is_seen_killed_and_replaced() -> None:
    async with running(SMALL, SPECS, timeouts=CameraTimeouts()) as (camera, sink):
        camera.start()
        camera.show_lamp(LightFrame(1.0, (255, 255, 255)))
        await sink.more_units(3)
        (hung,) = children()
        os.kill(hung, signal.SIGSTOP)
        await sink.until(lambda: CameraPhase.SILENT in sink.phases)
        await sink.until(lambda: CameraPhase.FAILED in sink.phases)
        assert camera.status.reason
        before = len(sink.units)
        await sink.until(lambda: sink.phases[-1] is CameraPhase.STREAMING)
        await gone(hung)
        await sink.until(lambda: len(sink.units) > before)
        fresh = sink.units[before]
    assert len(sink.formats) == 2
    assert len(sink.placeholders) == len(SPECS)
    assert fresh.keyframe
    assert mean(luma(Decoder().decode(fresh.data)), LAMP_BOX) > 180


@needs_proc
async def test_a_child_that_dies_is_missed_at_once_and_a_stopped_one_comes_back() -> None:
    async with running(SMALL) as (camera, sink):
        camera.start()
        await sink.more_units(1)
        (child,) = children()
        os.kill(child, signal.SIGKILL)
        await sink.until(lambda: CameraPhase.FAILED in sink.phases)
        assert camera.status.reason is not None
        assert "SIGKILL" in camera.status.reason
        assert CameraPhase.SILENT not in sink.phases
        camera.stop()
        assert camera.status.phase is CameraPhase.FAILED
        await sink.until(lambda: sink.phases[-1] is CameraPhase.STOPPED)


@needs_proc
async def test_the_end_of_run_leaves_no_process() -> None:
    async with running(SMALL) as (camera, sink):
        camera.start()
        await sink.more_units(1)
        (child,) = children()
        os.kill(child, signal.SIGINT)
        os.kill(child, signal.SIGTERM)
        await sink.more_units(2)
    await gone(child)
    assert camera.status.phase is CameraPhase.STOPPED


@needs_proc
async def test_a_stopped_process_ends_too() -> None:
    async with running(SMALL) as (camera, sink):
        camera.start()
        await sink.more_units(1)
        (child,) = children()
        os.kill(child, signal.SIGSTOP)
    await gone(child)


@needs_proc
async def test_kill_nine_of_the_daemon_leaves_no_child() -> None:
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _DAEMON, stdout=asyncio.subprocess.PIPE
    )
    assert daemon.stdout
    async with asyncio.timeout(WITHIN_S):
        child = int(await daemon.stdout.readline())
    os.kill(child, 0)
    daemon.kill()
    await daemon.wait()
    await gone(child)


_DAEMON = """
import asyncio, contextlib, pathlib
from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.process import CameraProcess
from likelight_hw.camera.timeouts import CameraTimeouts

class Sink:
    def on_status(self, status): pass
    on_format = on_jpeg = on_placeholder = on_status
    def on_access_unit(self, unit):
        for task in pathlib.Path("/proc/self/task").iterdir():
            # A thread may end while it is looked at.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                for child in (task / "children").read_text().split():
                    print(child, flush=True)
        camera.stop()

camera = CameraProcess(CameraConfig(width=640, height=360))
camera.start()
asyncio.run(camera.run(Sink(), ()))
"""


def test_the_daemon_never_loads_the_encoders() -> None:
    code = "import sys, likelight_hw.camera.process as p; sys.exit('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_daemon_that_does_not_read_gets_a_gap_and_then_a_keyframe() -> None:
    ours, theirs = socket.socketpair()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * 1024)
    ours.settimeout(100)
    with ours, theirs:
        child = subprocess.Popen(
            [*COMMAND, str(theirs.fileno())], pass_fds=[theirs.fileno()], start_new_session=True
        )
        theirs.close()
        ours.sendall(pack_setup(SMALL, ()))
        ours.sendall(pack_desired_state(DesiredState(stream=1, jpeg_fps=30)))
        packets = received(ours)
        assert next(packets).kind == CameraMessage.READY
        # Until the socket is full, and some 30 pictures longer, nobody reads.
        full, calm_since = 0, time.monotonic()
        while not full or time.monotonic() - calm_since < 1.3:
            time.sleep(0.05)
            if unread(ours) > full:
                full, calm_since = unread(ours), time.monotonic()
        assert next(packets).kind == CameraMessage.FORMAT
        units: list[ChildPacket] = []
        while len(units) < 20:
            packet = next(packets)
            if packet.kind == CameraMessage.ACCESS_UNIT:
                units.append(packet)
    assert child.wait(20) == 0
    steps = [(b.captured_us - a.captured_us, b) for a, b in itertools.pairwise(units)]
    gap, after = max(steps, key=lambda step: step[0])
    assert gap > 900_000
    assert unpack_access_unit(after).keyframe
    assert sum(len(unit.payload) for unit in units[: units.index(after)]) < 100_000


def unread(link: socket.socket) -> int:
    """Return how many bytes wait in `link`."""
    return int.from_bytes(fcntl.ioctl(link, termios.FIONREAD, bytes(4)), sys.byteorder)


def received(link: socket.socket) -> Iterator[ChildPacket]:
    unpacker = Unpacker()
    while data := link.recv(65536):
        yield from unpacker.feed(data)
