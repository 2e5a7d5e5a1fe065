"""Bad clients at the device's port: each is answered or closed, and viewers notice nothing."""

import asyncio
import gc
import os
import resource
import socket
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from likelight.contract import State
from likelight.feed.outlets import Demand
from likelight.feed.routes import feed_routes
from likelight.web.http.connection_guard import MOST_SILENT
from likelight.web.http.server import WebServer
from support.boxes import read_fragment
from support.busy import BUSY, lateness
from support.feed import Demands, Kitchen, hub_with_placeholders, now_us
from support.pictures import HEIGHT, WIDTH, heavy
from support.virtual import run_virtual
from support.waiting import WITHIN_S
from support.watcher import Watcher, raw_viewer, watcher

UPGRADE = (
    b"GET /k/demo/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
KEY, LIGHT = heavy(20_000, keyframe=True), heavy(5_000, keyframe=False)


@asynccontextmanager
async def device() -> AsyncIterator[Kitchen]:
    """Serve a live hub the way the device does, behind its own guard."""
    demands = Demands()
    hub = hub_with_placeholders(demands)
    hub.set_format(WIDTH, HEIGHT, 30)
    hub.show(State.LIVE)

    def fill(app: web.Application) -> None:
        app.add_routes(feed_routes({"demo": hub}.get))

    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(hub.run()),
                group.create_task(WebServer(fill, listener).run()),
            ]
            server = web.Server(_nobody)  # of no use here: the guard has its own
            yield Kitchen(hub, demands, "127.0.0.1", listener.getsockname()[1], server)
            for task in tasks:
                task.cancel()


async def _nobody(_: web.BaseRequest) -> web.StreamResponse:
    raise web.HTTPNotFound


@asynccontextmanager
async def undisturbed(place: Kitchen) -> AsyncIterator[None]:
    """Watch while the guests misbehave: every frame comes, in order and in time."""
    async with aiohttp.ClientSession() as session, watcher(session, place) as viewer:
        async with asyncio.TaskGroup() as group, lateness() as late:
            camera = group.create_task(_roll(place))
            came: list[tuple[int, float]] = []
            reading = group.create_task(_read(viewer, came))
            yield
            seen = len(came)
            async with asyncio.timeout(WITHIN_S):
                while len(came) < seen + 5:
                    await asyncio.sleep(0.02)
            camera.cancel()
            reading.cancel()
    first, _ = came[0]
    assert [sequence for sequence, _ in came] == list(range(first, first + len(came)))
    assert statistics.median(age for _, age in came) < BUSY * 0.1 + late.lost


async def _roll(place: Kitchen) -> None:
    number = 0
    while True:
        unit = LIGHT if number % 30 else KEY
        place.hub.publish(unit.data, keyframe=unit.keyframe, captured_us=now_us())
        number += 1
        await asyncio.sleep(1 / 30)


async def _read(viewer: Watcher, came: list[tuple[int, float]]) -> None:
    """Note each fragment's sequence and age in seconds, and keep none: memory is measured here."""
    while True:
        message = await viewer.read()
        assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)
        if message.type is aiohttp.WSMsgType.BINARY and message.data[4:8] == b"prft":
            sample = read_fragment(message.data)
            came.append((sample.sequence, (now_us() - sample.captured_us) / 1e6))
        viewer.got.segments.clear()


async def say(place: Kitchen, *words: bytes) -> bytes:
    """Send `words` over one connection and return all that comes until it is closed."""
    reader, writer = await asyncio.open_connection(place.host, place.port)
    answer = b""
    try:
        async with asyncio.timeout(WITHIN_S):
            for word in words:
                writer.write(word)
            while piece := await reader.read(65536):
                answer += piece
    except ConnectionResetError:
        pass
    finally:
        writer.transport.abort()
    return answer


@pytest.mark.parametrize(
    ("garbage", "code"),
    [
        (b"\x82\x81\0\0\0\0x" * 40, 1008),  # well made, but nobody has so much to say
        (b"\x8f\x80\0\0\0\0", 1002),  # there is no opcode 15
        (b"\xf2\x80\0\0\0\0", 1002),  # no extension was agreed on
        (b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 1009),  # 9 EB are announced
        (b"\x81\x82\0\0\0\0\xff\xfe", 1007),  # no UTF-8
    ],
    ids=["flood", "opcode", "reserved", "endless", "text"],
)
async def test_a_websocket_that_sends_garbage_is_closed_with_its_code(
    garbage: bytes, code: int
) -> None:
    async with device() as place, undisturbed(place):
        answer = await say(place, UPGRADE, garbage)
        assert answer.startswith(b"HTTP/1.1 101 ")
        assert b"\x88" in answer
        closing = answer[answer.rindex(b"\x88", 0, len(answer) - 3) :]
        assert int.from_bytes(closing[2:4], "big") == code


@pytest.mark.parametrize(
    "flood",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(10_000)),
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"y" * 2_000_000,
        b"GET /" + b"y" * 2_000_000,
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 this is TLS \r\n\r\n",
    ],
    ids=["headers", "header", "line", "tls"],
)
async def test_a_header_flood_is_a_bad_request(flood: bytes) -> None:
    async with device() as place, undisturbed(place):
        answer = await say(place, flood, b"\r\n\r\n")
        # Where the flood still poured in at the close, the kernel's reset may overtake the answer.
        assert not answer or answer.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))


def test_a_client_that_asks_for_nothing_gets_408_and_is_closed_in_ten_seconds() -> None:
    async def scenario() -> None:
        async with device() as place:
            loop = asyncio.get_running_loop()
            for beginning in (b"", b"GET /k/demo/snapshot.jpg HTTP/1.1\r\nX-Slow: "):
                began = loop.time()
                answer = await say(place, beginning)
                assert answer.startswith(b"HTTP/1.1 408 ")
                assert loop.time() - began == pytest.approx(10, abs=0.5)

    run_virtual(scenario())


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from Linux's /proc")
async def test_five_thousand_idle_connections_leave_memory_flat_and_viewers_alone() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    many = min(5_000, (soft - 200) // 2)  # both ends are ours
    async with device() as place, undisturbed(place):
        await _be_idle(place, many)  # what grows once, grows now
        before = _resident_kib()
        await _be_idle(place, many)
        assert _resident_kib() - before < 8_000


async def _be_idle(place: Kitchen, many: int) -> None:
    loop = asyncio.get_running_loop()
    guests = []
    try:
        for _ in range(many):
            guest = socket.socket()
            guest.setblocking(False)
            guests.append(guest)
            await loop.sock_connect(guest, (place.host, place.port))
        # The oldest had to make room, and got an answer that says so.
        if many > 2 * MOST_SILENT:
            async with asyncio.timeout(WITHIN_S):
                assert (await loop.sock_recv(guests[0], 100)).startswith(b"HTTP/1.1 408 ")
        assert b"image/jpeg" in await say(
            place, b"GET /k/demo/snapshot.jpg HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
    finally:
        for guest in guests:
            guest.close()


def _resident_kib() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from Linux's /proc")
@pytest.mark.parametrize("way", ["ws", "live.mp4", "stream.mjpg"])
async def test_clients_that_never_read_cost_no_memory_and_no_frame(way: str) -> None:
    async with device() as place, undisturbed(place):
        jpeg = b"\xff\xd8" + b"\xaa" * 30_000 + b"\xff\xd9"
        deaf = [raw_viewer(place, f"/k/demo/{way}") for _ in range(20)]
        for guest in deaf:
            await guest.__aenter__()
        for _ in range(30):  # a second, to fill what there is of buffers
            place.hub.publish_jpeg(jpeg, captured_us=now_us())
            await asyncio.sleep(1 / 30)
        before = _resident_kib()
        for _ in range(45):
            place.hub.publish_jpeg(jpeg, captured_us=now_us())
            await asyncio.sleep(1 / 30)
        # 20 viewers of 2 Mbit/s or more would have piled up 5 MB and more.
        assert _resident_kib() - before < 2_500
        for guest in deaf:
            await guest.__aexit__(None, None, None)
        await place.demands.until(Demand(1, 0))
