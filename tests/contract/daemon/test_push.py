"""A push to media servers that others wrote, from the real child process over real sockets."""

import asyncio
import itertools
import logging
import random
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from likelight.contract import State
from likelight.daemon.push import Push, PushPhase, PushStatus
from likelight.feed.hub import Hub
from likelight.feed.outlets import Demand
from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.process import CameraProcess
from likelight_hw.child.link import ChildLink
from likelight_hw.ports import AccessUnit, StreamFormat
from likelight_hw.push import process as push_process
from likelight_hw.push.target import PushTarget
from likelight_hw.sim.button import SimButton
from support.busy import BUSY, lateness
from support.camera import Recorder, children
from support.camera_pictures import luma, read_barcode
from support.certificates import make_authority
from support.demo import free_port
from support.feed import now_us
from support.media_server import KEY, MediaServer, needs_nginx, watch
from support.pictures import encode, heavy
from support.raw_server import raw_server
from support.waiting import WITHIN_S
from support.whole import whole

SHUT_WITHIN_S = 0.2
CA_FILE = Path("/dev/null")
FORMAT = StreamFormat(320, 192, 30, simulated=True)


@dataclass
class Pushed:
    """A running push, its hub, and what it said of itself."""

    push: Push
    hub: Hub
    keyframes_asked: int = 0
    heard: list[PushStatus] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self) -> None:
        self.heard.append(self.push.status)
        self._changed.set()

    async def until(self, met: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not met():
                self._changed.clear()
                await self._changed.wait()

    async def phase(self, phase: PushPhase) -> PushStatus:
        """Wait until the push is in `phase`."""
        await self.until(lambda: self.push.status.phase is phase)
        return self.push.status


@asynccontextmanager
async def pushing(
    target: PushTarget, keyframe: Callable[[], None] = lambda: None
) -> AsyncIterator[Pushed]:
    """Run a push to `target`; the gate is open."""
    hub = Hub(now_us=now_us, on_demand=lambda _: None)
    pushed: Pushed

    def asked() -> None:
        pushed.keyframes_asked += 1
        keyframe()

    push = Push(
        target, hub, request_keyframe=asked, on_change=lambda: pushed.hear(), rng=random.Random(1)
    )
    pushed = Pushed(push, hub)
    push.set_format(FORMAT)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(push.run())
        hub.show(State.LIVE)
        try:
            yield pushed
        finally:
            running.cancel()


class Forwarder(Recorder):
    """A camera's sink that hands what it gets to a push."""

    push: Push

    def on_format(self, stream: StreamFormat) -> None:
        super().on_format(stream)
        self.push.set_format(stream)

    def on_access_unit(self, unit: AccessUnit) -> None:
        super().on_access_unit(unit)
        self.push.on_unit(unit)


@asynccontextmanager
async def filmed(target: PushTarget) -> AsyncIterator[Pushed]:
    """Push the simulated camera, which draws its capture time, to `target`."""
    camera = CameraProcess(CameraConfig(width=640, height=360, barcode=True))
    sink = Forwarder()
    async with asyncio.TaskGroup() as group, pushing(target, camera.keyframe) as pushed:
        sink.push = pushed.push
        camera.start()
        running = group.create_task(camera.run(sink, ()))
        try:
            await sink.more_units(1)
            yield pushed
        finally:
            running.cancel()


async def stream(pushed: Pushed) -> None:
    """Push pictures of one shade, as a camera of 30 frames a second, until cancelled."""
    units = await asyncio.to_thread(encode, [100] * 30)
    for number, unit in enumerate(itertools.cycle(units)):
        pushed.push.on_unit(AccessUnit(unit.data, unit.keyframe, 1_000_000 + number * 33_333))
        await asyncio.sleep(1 / 30)


@needs_nginx
@pytest.mark.parametrize("secure", [False, True])
async def test_the_stream_arrives_as_it_was_made(tmp_path: Path, secure: bool) -> None:
    authority = await asyncio.to_thread(make_authority, tmp_path / "ca", "DNS:localhost")
    # FFmpeg's own quoting must carry every character that means something to it.
    odd = tmp_path / "an 'odd' [path]: a|b=c\\d"
    await asyncio.to_thread(shutil.copy, authority.ca_file, odd)
    server = MediaServer(tmp_path, authority)
    target = PushTarget(server.tls_url if secure else server.url, odd)
    async with server.running(), filmed(target) as pushed:
        await pushed.phase(PushPhase.STREAMING)
        await server.says(f"publish: name='{KEY}'")
        frames = await watch(server.url, 45, rtmp_live="live")
    assert pushed.keyframes_asked == 1
    times = [frame.time for frame in frames if frame.time is not None]
    assert len(times) == 45
    assert times == sorted(set(times))
    stamps = [read_barcode(luma(frame)) for frame in frames]
    assert None not in stamps
    # The pushed times are the capture times, to the millisecond that FLV counts in.
    drift = [
        (stamp - stamps[0]) % 2**20 - (at - times[0]) * 1000
        for stamp, at in zip(stamps, times, strict=True)
        if stamp is not None and stamps[0] is not None
    ]
    assert max(map(abs, drift)) <= 2


@needs_nginx
@pytest.mark.parametrize("scheme", ["rtmps", "rtsps"])
@pytest.mark.parametrize("wrong", ["authority", "host"])
async def test_a_server_that_tls_does_not_vouch_for_gets_nothing(
    tmp_path: Path, wrong: str, scheme: str
) -> None:
    name = "localhost" if wrong == "authority" else "other.example"
    authority = await asyncio.to_thread(make_authority, tmp_path / "ca", f"DNS:{name}")
    stranger = await asyncio.to_thread(make_authority, tmp_path / "stranger", "DNS:localhost")
    server = MediaServer(tmp_path, authority)
    trusted = stranger if wrong == "authority" else authority
    target = PushTarget(server.tls_url.replace("rtmps", scheme), trusted.ca_file)
    async with server.running(), pushing(target) as pushed:
        status = await pushed.phase(PushPhase.WAITING)
    assert status.reason is not None
    told = {"authority": "certificate is not trusted", "host": "does not match hostname localhost"}
    assert told[wrong] in status.reason
    assert PushPhase.STREAMING not in [status.phase for status in pushed.heard]
    assert not any("publish" in line for line in server.lines)


@needs_nginx
async def test_a_server_that_was_gone_is_found_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server = MediaServer(tmp_path)
    async with pushing(PushTarget(server.url, CA_FILE)) as pushed, asyncio.TaskGroup() as group:
        camera = group.create_task(stream(pushed))
        async with server.running():
            await pushed.phase(PushPhase.STREAMING)
            await server.says("publish: name=")
        await pushed.phase(PushPhase.WAITING)
        async with server.running():
            again = len(server.lines)
            await pushed.phase(PushPhase.STREAMING)
            await server.says("publish: name=", since=again)
            assert len(await watch(server.url, 5, rtmp_live="live")) == 5
        camera.cancel()
    lost = [status for status in pushed.heard if status.phase is PushPhase.WAITING]
    assert lost[0].reason == "the server closed the connection"
    ours = [record for record in caplog.records if record.name == "likelight.daemon.push"]
    assert [record.levelname for record in ours] == ["INFO", "WARNING", "INFO"]
    assert ours[-1].getMessage() == f"The stream goes to rtmp://127.0.0.1:{server.port} again"
    assert KEY not in caplog.text
    assert not any(KEY in str(status) for status in pushed.heard)


async def test_rtsp_arrives_too() -> None:
    port = free_port()
    await rtsp_arrives(port, PushTarget(f"rtsp://127.0.0.1:{port}/live/{KEY}", CA_FILE))


@needs_nginx
async def test_rtsps_arrives_too(tmp_path: Path) -> None:
    authority = await asyncio.to_thread(make_authority, tmp_path / "ca", "DNS:localhost")
    port = free_port()
    server = MediaServer(tmp_path, authority, tls_for=port)
    async with server.running():
        url = f"rtsps://localhost:{server.tls_port}/live/{KEY}"
        await rtsp_arrives(port, PushTarget(url, authority.ca_file))


async def rtsp_arrives(port: int, target: PushTarget) -> None:
    """Push to `target`, behind which a receiver listens on `port`, and look at what comes."""
    url = f"rtsp://127.0.0.1:{port}/live/{KEY}"
    async with asyncio.TaskGroup() as group:
        viewer = group.create_task(watch(url, 40, rtsp_flags="listen", listen_timeout="15"))
        async with filmed(target) as pushed:
            await pushed.phase(PushPhase.STREAMING)
            frames = await viewer
    times = [frame.time for frame in frames if frame.time is not None]
    assert len(times) >= 39  # RTP's clock starts with the first report, which the first may miss
    assert times == sorted(set(times))
    assert all(read_barcode(luma(frame)) is not None for frame in frames)


def large_unit(number: int) -> AccessUnit:
    """Return 10 KB that no decoder is for; every 30th is a keyframe."""
    unit = heavy(10_000, keyframe=number % 30 == 0)
    return AccessUnit(unit.data, unit.keyframe, number * 33_333)


@dataclass
class Deaf:
    """A way to a server that can be made to stop reading what it is sent, or to read the rest."""

    port: int
    server_port: int
    hears: asyncio.Event = field(default_factory=asyncio.Event)
    heard: int = 0
    ending: asyncio.Future[Exception | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward, back = await asyncio.open_connection("127.0.0.1", self.server_port)
        try:
            async with asyncio.TaskGroup() as group:
                answers = group.create_task(self._answer(onward, writer))
                try:
                    while data := await reader.read(4096):
                        self.heard += len(data)
                        back.write(data)
                        await self.hears.wait()
                    self.ending.set_result(None)
                except ConnectionError as error:
                    self.ending.set_result(error)
                answers.cancel()
        finally:
            back.transport.abort()
            writer.transport.abort()

    async def _answer(self, onward: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):  # how the server ends is not what `ending` tells
            while data := await onward.read(4096):
                writer.write(data)


@asynccontextmanager
async def deaf(server: MediaServer) -> AsyncIterator[Deaf]:
    """Put a `Deaf` with small buffers before `server`; it reads until `hears` is cleared."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    way = Deaf(listener.getsockname()[1], server.port)
    way.hears.set()
    async with raw_server(way.serve, sock=listener, limit=4096):
        yield way


@needs_nginx
async def test_a_server_that_stops_reading_costs_no_memory_and_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_process, "ANSWER_S", 1.0)
    monkeypatch.setattr(push_process, "STALLED_S", 1.0)
    written: list[int] = []
    write = ChildLink.write
    monkeypatch.setattr(
        ChildLink,
        "write",
        lambda link, data: (written.append(len(data)), write(link, data)),
    )
    server = MediaServer(tmp_path)
    async with server.running(), deaf(server) as way:
        target = PushTarget(f"rtmp://127.0.0.1:{way.port}/live/{KEY}", CA_FILE)
        async with pushing(target) as pushed:
            await pushed.phase(PushPhase.STREAMING)
            way.hears.clear()
            before = len(pushed.heard)
            for number in range(400):
                pushed.push.on_unit(large_unit(number))
                await asyncio.sleep(0)
            # The first status from here on; the next tries fail at this server, too.
            await pushed.until(lambda: len(pushed.heard) > before)
            given_up = pushed.heard[before]
            assert given_up.phase is PushPhase.WAITING
            assert given_up.reason == "the server took nothing for 1 s"
    # 4 MB were offered.
    assert sum(written) < 1_500_000


@needs_nginx
async def test_what_the_kernel_still_holds_is_dropped_when_the_gate_shuts(tmp_path: Path) -> None:
    server = MediaServer(tmp_path)
    async with server.running(), deaf(server) as way:
        target = PushTarget(f"rtmp://127.0.0.1:{way.port}/live/{KEY}", CA_FILE)
        async with pushing(target) as pushed:
            await pushed.phase(PushPhase.STREAMING)
            way.hears.clear()
            process = pushed.push._process
            assert process is not None
            for number in itertools.takewhile(lambda _: not process._link.full, itertools.count()):
                pushed.push.on_unit(large_unit(number))
                await asyncio.sleep(0.005)
            # Every buffer on the way is full now, and the child hangs in a write.
            assert pushed.push.status.phase is PushPhase.STREAMING
            pushed.hub.show(State.PRIVATE)
            shut_at = time.monotonic()
            way.hears.set()
            async with lateness() as late:
                ending = await way.ending
            assert isinstance(ending, ConnectionResetError)
            assert time.monotonic() - shut_at < BUSY * SHUT_WITHIN_S + late.lost
    assert way.heard < 400_000


async def test_a_server_that_never_answers_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_process, "ANSWER_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"rtmp://127.0.0.1:{listener.getsockname()[1]}/live/{KEY}"
        async with pushing(PushTarget(url, CA_FILE)) as pushed:
            await pushed.phase(PushPhase.CONNECTING)
            status = await pushed.phase(PushPhase.WAITING)
            assert status.reason == "the server did not answer within 1 s"
            await pushed.phase(PushPhase.CONNECTING)
            pushed.hub.show(State.PRIVATE)
            # It ends at once, though the child hangs in a connect that holds its GIL.
            assert pushed.push.status.phase is PushPhase.SHUT


@pytest.mark.skipif(sys.platform != "linux", reason="reads command lines in Linux's /proc")
async def test_no_command_line_and_no_environment_has_the_secret() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"rtmp://127.0.0.1:{listener.getsockname()[1]}/live/{KEY}"
        async with pushing(PushTarget(url, CA_FILE)):
            listener.setblocking(False)
            loop = asyncio.get_running_loop()
            connection, _ = await asyncio.wait_for(loop.sock_accept(listener), WITHIN_S)
            with connection:
                (child,) = children()
                seen = [
                    Path(f"/proc/{child}/{file}").read_bytes() for file in ("cmdline", "environ")
                ]
    assert b"likelight_hw.push" in seen[0]
    assert not any(KEY.encode() in text for text in seen)


@pytest.mark.skipif(sys.platform != "linux", reason="the parent's death is a signal on Linux only")
async def test_kill_nine_of_the_daemon_ends_a_push_that_hangs() -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"rtmp://127.0.0.1:{listener.getsockname()[1]}/live/{KEY}"
        daemon = await asyncio.create_subprocess_exec(sys.executable, "-c", _DAEMON, url)
        try:
            async with asyncio.timeout(WITHIN_S):
                connection, _ = await loop.sock_accept(listener)
                with connection:
                    connection.setblocking(False)
                    assert await loop.sock_recv(connection, 1), (
                        "the child speaks, and gets no answer"
                    )
                    daemon.kill()
                    with suppress(ConnectionResetError):
                        while await loop.sock_recv(connection, 65536):
                            pass
        finally:
            with suppress(ProcessLookupError):
                daemon.kill()
            await daemon.wait()


_DAEMON = """
import asyncio, pathlib, sys
from likelight_hw.ports import StreamFormat
from likelight_hw.push.process import PushProcess
from likelight_hw.push.target import PushTarget

target = PushTarget(sys.argv[1], pathlib.Path("/dev/null"))
asyncio.run(PushProcess(target, StreamFormat(320, 192, 30, False), lambda: None).run())
"""


@needs_nginx
async def test_privacy_ends_the_push_of_a_whole_device(tmp_path: Path) -> None:
    server = MediaServer(tmp_path)
    async with (
        server.running(),
        whole(tmp_path, push_target=PushTarget(server.url, CA_FILE)) as place,
    ):
        device = place.device

        async def until(phase: PushPhase) -> None:
            await place.until(
                lambda: (status := device.health().push) is not None and status.phase is phase
            )

        # Nobody watches but the push, and that is enough.
        assert device.feed.hub.demand == Demand()
        await until(PushPhase.STREAMING)
        assert device.feed.hub.demand == Demand(h264=1)
        assert device.hardware.indicator.lit
        assert len(await watch(server.url, 10, rtmp_live="live")) == 10

        assert isinstance(device.hardware.privacy, SimButton)
        before = len(server.lines)
        pressed_at = time.monotonic()
        device.hardware.privacy.press()
        await server.says("disconnect", since=before)
        assert time.monotonic() - pressed_at < BUSY, "the server has to notice and to say so"
        await until(PushPhase.SHUT)
        assert not device.hardware.indicator.lit

        device.on_air.end_privacy()  # a thumb as quick as this would be a bounce
        await until(PushPhase.STREAMING)
        await server.says("publish: name=", since=before)
