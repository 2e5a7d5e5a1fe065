"""What the tests of the feed share: H.264 and JPEG to push, a server, viewers, and eyes.

Pictures are of one shade of grey, so that a decoded one tells where it came from: the camera's are
bright, every placeholder has a dark shade of its own.
"""

import asyncio
import io
import json
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction

import aiohttp
import av
from aiohttp import web
from PIL import Image

from likelight.contract import State
from likelight.feed.annexb import parse
from likelight.feed.hls.hls import Hls
from likelight.feed.hls.routes import hls_routes
from likelight.feed.hub import Hub
from likelight.feed.outlets import Demand
from likelight.feed.placeholders import Placeholder
from likelight.feed.player import player_routes
from likelight.feed.routes import feed_routes

WIDTH, HEIGHT = 320, 192
CAMERA_SHADE = 190
"""Luma of the camera's pictures; everything over 128 is the camera's."""
SHADES = {State.IDLE: 40, State.PRIVATE: 60, State.FAULT: 80, State.OFF: 100}
"""Luma of the placeholders that `hub_with_placeholders` knows."""


@dataclass(frozen=True)
class Unit:
    """One encoded access unit."""

    data: bytes
    keyframe: bool


def encode(
    shades: list[int], *, width: int = WIDTH, height: int = HEIGHT, gop: int = 30
) -> list[Unit]:
    """Return one access unit a shade, H.264 baseline, Annex B, with SPS and PPS at keyframes."""
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.time_base = Fraction(1, 30)
    codec.gop_size = gop
    codec.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:repeat-headers=1:annexb=1",
    }
    units = []
    for number, shade in enumerate(shades):
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane, value in zip(frame.planes, (shade, 128, 128), strict=True):
            plane.update(bytes((value,)) * plane.buffer_size)
        frame.pts = number
        units += [Unit(bytes(packet), packet.is_keyframe) for packet in codec.encode(frame)]
    return units


def heavy(size: int, *, keyframe: bool) -> Unit:
    """Return an access unit of `size` bytes that says nothing; decoders are not for it."""
    slices = b"\0\0\1" + (b"\x65" if keyframe else b"\x61") + b"\xaa" * size
    sets, _ = parse(one_keyframe(CAMERA_SHADE))
    assert sets is not None
    head = b"\0\0\1" + sets.sps + b"\0\0\1" + sets.pps if keyframe else b""
    return Unit(head + slices, keyframe)


def one_keyframe(shade: int, *, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """Return one keyframe of `shade`."""
    return encode([shade], width=width, height=height)[0].data


def jpeg(shade: int, *, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """Return a JPEG of one grey."""
    out = io.BytesIO()
    Image.new("L", (width, height), shade).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def jpeg_shade(data: bytes) -> int:
    """Return the grey of a JPEG made by `jpeg`."""
    with Image.open(io.BytesIO(data)) as image:
        return int(image.convert("L").getpixel((8, 8)))  # type: ignore[arg-type]


def decode(stream: bytes) -> list[int]:
    """Return the luma of each picture of an MP4 stream (init and fragments joined)."""
    with av.open(io.BytesIO(stream), format="mp4") as container:
        return [bytes(frame.planes[0])[0] for frame in container.decode(video=0)]


@dataclass(frozen=True)
class Box:
    """One ISO BMFF box."""

    kind: str
    body: bytes

    def boxes(self, skip: int = 0) -> "list[Box]":
        """Return the boxes inside, after `skip` bytes of own fields."""
        return list(boxes(self.body[skip:]))

    def find(self, *path: str) -> "Box":
        """Return the box at `path` of plain containers."""
        box = self
        for kind in path:
            (box,) = (inner for inner in box.boxes() if inner.kind == kind)
        return box


def boxes(data: bytes) -> Iterator[Box]:
    """Read the boxes of `data`; fails when their sizes do not add up."""
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        assert 8 <= size <= len(data) - at, "a box leaves its container"
        yield Box(kind.decode(), data[at + 8 : at + size])
        at += size


@dataclass(frozen=True)
class Sample:
    """What a fragment says of its one access unit. Times are ticks of 90 kHz."""

    decode: int
    duration: int
    size: int
    keyframe: bool
    captured_us: int
    sequence: int


def read_fragment(data: bytes) -> Sample:
    """Parse one fragment as the hub makes them, checking what must hold for each."""
    prft, moof, mdat = boxes(data)
    assert (prft.kind, moof.kind, mdat.kind) == ("prft", "moof", "mdat")
    kind, track, ntp, media_time = struct.unpack(">IIQQ", prft.body)
    assert kind == 0x0100_0018, "version 1, and the time is the capture's"
    _, sequence = struct.unpack(">II", moof.find("mfhd").body)
    flags, decode_time = struct.unpack(">IQ", moof.find("traf", "tfdt").body)
    assert flags == 0x0100_0000
    trun = struct.unpack(">IIIIII", moof.find("traf", "trun").body)
    assert trun[:2] == (0x701, 1)
    offset, duration, size, sample_flags = trun[2:]
    assert offset == 8 + len(moof.body) + 8, "the data begins right behind the mdat's header"
    assert size == len(mdat.body)
    assert track == 1
    assert media_time == decode_time
    seconds, fraction = ntp >> 32, ntp & 0xFFFF_FFFF
    captured = (seconds - 2_208_988_800) * 1_000_000 + -(-fraction * 1_000_000 >> 32)
    # Depends on no other; or on others, and is no sync sample: a joiner must not begin there.
    assert sample_flags in (0x0200_0000, 0x0101_0000)
    keyframe = sample_flags == 0x0200_0000
    return Sample(decode_time, duration, size, keyframe, captured, sequence)


class Demands:
    """Keeps what the hub said about its viewers, and waits for what it shall say."""

    def __init__(self) -> None:
        self.heard: list[Demand] = []
        self._changed = asyncio.Event()

    def hear(self, demand: Demand) -> None:
        self.heard.append(demand)
        self._changed.set()

    async def until(self, demand: Demand, within: float = 15.0) -> None:
        """Return once the newest is `demand`."""
        async with asyncio.timeout(within):
            while (self.heard or [Demand()])[-1] != demand:
                self._changed.clear()
                await self._changed.wait()


@dataclass(frozen=True)
class Kitchen:
    """A hub behind a real server on port 0."""

    hub: Hub
    demands: Demands
    host: str
    port: int
    server: web.Server

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def cut_all(self) -> None:
        """End every connection, as a failing network does."""
        for connection in list(self.server.connections):
            if connection.transport is not None:
                connection.transport.abort()

    def roll(self, units: list[Unit]) -> None:
        """Push `units` as the camera's, captured just now."""
        for unit in units:
            self.hub.publish(unit.data, keyframe=unit.keyframe, captured_us=now_us())


def now_us() -> int:
    """Wall time in microseconds since the epoch, derived from the loop's own clock."""
    return 1_790_000_000_000_000 + int(asyncio.get_running_loop().time() * 1_000_000)


def hub_with_placeholders(demands: Demands) -> Hub:
    """Return a hub that knows a placeholder for each state of `SHADES`; PRIVATE is smaller."""
    hub = Hub(now_us=now_us, on_demand=demands.hear)
    for state, shade in SHADES.items():
        width, height = (256, 128) if state is State.PRIVATE else (WIDTH, HEIGHT)
        hub.set_placeholder(
            Placeholder.from_keyframe(
                state,
                one_keyframe(shade, width=width, height=height),
                jpeg(shade, width=width, height=height),
                width,
                height,
            )
        )
    return hub


@asynccontextmanager
async def kitchen(*extra: web.RouteDef) -> AsyncIterator[Kitchen]:
    """Serve a hub as kitchen `demo`, with its component running."""
    demands = Demands()
    hub = hub_with_placeholders(demands)
    hls = Hls(hub, epoch="an-epoch")
    app = web.Application()
    app.add_routes(feed_routes({"demo": hub}.get))
    app.add_routes(hls_routes({"demo": hls}.get))
    app.add_routes(player_routes())
    app.add_routes(extra)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        async with asyncio.TaskGroup() as group:
            component = group.create_task(hub.run())
            try:
                assert runner.server is not None
                yield Kitchen(hub, demands, host, port, runner.server)
            finally:
                component.cancel()
    finally:
        await runner.cleanup()


@dataclass
class Received:
    """What a WebSocket viewer got so far."""

    texts: list[dict[str, object]]
    segments: list[bytes]
    """Init segments and fragments in order."""

    @property
    def samples(self) -> list[Sample]:
        return [read_fragment(s) for s in self.segments if s[4:8] != b"ftyp"]

    @property
    def shades(self) -> list[int]:
        """The luma of every picture; each new init segment starts a new decoder, as in MSE."""
        shades: list[int] = []
        stream: list[bytes] = []
        for segment in [*self.segments, b"\0\0\0\x08ftyp"]:
            if segment[4:8] == b"ftyp" and stream:
                shades += decode(b"".join(stream))
                stream = []
            stream.append(segment)
        return shades

    @property
    def states(self) -> list[object]:
        return [text["state"] for text in self.texts if "state" in text]


class Watcher:
    """A WebSocket viewer that keeps what it gets."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.got = Received([], [])

    async def read(self) -> aiohttp.WSMessage:
        """Take one message, within 15 s."""
        message = await self.ws.receive(timeout=15.0)
        if message.type is aiohttp.WSMsgType.TEXT:
            self.got.texts.append(json.loads(message.data))
        elif message.type is aiohttp.WSMsgType.BINARY:
            self.got.segments.append(message.data)
        return message

    async def fragments(self, count: int) -> None:
        """Read until `count` fragments are there in all."""
        while len(self.got.samples) < count:
            await self._read_or_fail()

    async def state(self, state: State) -> None:
        """Read until the newest state text says `state`."""
        while not self.got.states or self.got.states[-1] != state:
            await self._read_or_fail()

    async def until_closed(self) -> aiohttp.WSMessage:
        """Read to the end and return the last message."""
        while True:
            message = await self.read()
            if message.type in (
                aiohttp.WSMsgType.CLOSE,
                aiohttp.WSMsgType.CLOSED,
                aiohttp.WSMsgType.CLOSING,
                aiohttp.WSMsgType.ERROR,
            ):
                return message

    async def _read_or_fail(self) -> None:
        message = await self.read()
        assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), message


@asynccontextmanager
async def watcher(session: aiohttp.ClientSession, kitchen: Kitchen) -> AsyncIterator[Watcher]:
    """Open a viewer's WebSocket."""
    async with session.ws_connect(f"{kitchen.url}/k/demo/ws", max_msg_size=0) as ws:
        yield Watcher(ws)


@asynccontextmanager
async def raw_viewer(
    kitchen: Kitchen, path: str = "/k/demo/ws", *, receive_buffer: int = 8192
) -> AsyncIterator[asyncio.StreamReader]:
    """Open a viewer by hand, with small buffers of its own, and read only the response's head.

    A viewer that reads no further is deaf; leaving the context cuts the connection.
    """
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (kitchen.host, kitchen.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=2048)
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        assert head.startswith((b"HTTP/1.1 101", b"HTTP/1.1 200"))
        yield reader
    finally:
        writer.transport.abort()


async def read_to_the_end(reader: asyncio.StreamReader, within: float = 15.0) -> None:
    """Read until the connection ends, at most `within` seconds."""
    async with asyncio.timeout(within):
        while await reader.read(1 << 16):
            pass
