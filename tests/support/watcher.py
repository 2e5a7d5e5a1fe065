"""Viewers of the feed: over a WebSocket, and over a bare socket that reads at its own pace."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from likelight.contract import State
from support.boxes import Sample, read_fragment
from support.feed import Kitchen
from support.pictures import decode
from support.waiting import WITHIN_S


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
        """Take one message."""
        message = await self.ws.receive(timeout=WITHIN_S)
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
        upgrade = (
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        )
        asked = upgrade if path.endswith("/ws") else ""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n{asked}\r\n".encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WITHIN_S)
        assert head.startswith((b"HTTP/1.1 101", b"HTTP/1.1 200"))
        yield reader
    finally:
        writer.transport.abort()


async def read_to_the_end(reader: asyncio.StreamReader, within: float = WITHIN_S) -> None:
    """Read until the connection ends, at most `within` seconds."""
    async with asyncio.timeout(within):
        while await reader.read(1 << 16):
            pass
