"""A proxy that is as slow, as far away and as deaf as a test says, and buffers almost nothing.

Its own buffers are small, so that a sender feels the bottleneck at once, as on a real line.
"""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf
from urllib.parse import urlsplit

from support.raw_server import raw_server

PIECE = 4096
"""Bytes that are carried at once."""
AHEAD_S = 0.005
"""How far a sender may run ahead: a timer for each piece would be too slow."""


@dataclass
class SlowLine:
    """Bytes a second in each direction; the one-way delay and its jitter, in seconds.

    `queue` is what the bottleneck holds, in bytes, as a home router does. The rates may change
    while the proxy runs.
    """

    up_bytes_per_s: float = inf
    down_bytes_per_s: float = inf
    delay_s: float = 0.0
    jitter_s: float = 0.0
    queue: int = 16_384


class SlowProxy:
    """Carries bytes between its clients and `host`:`port` as `line` says."""

    def __init__(self, host: str, port: int, line: SlowLine) -> None:
        self.url = ""
        self.line = line
        self.carried_up = 0
        """Bytes of the clients that went on to the server."""
        self._target = host, port
        self._rng = random.Random(7)
        self._writers: set[asyncio.StreamWriter] = set()
        self._clients: set[asyncio.Transport] = set()
        self._deaf = False

    @property
    def deaf(self) -> bool:
        """Takes nothing from the clients any more, and tells nobody.

        What the kernel has acknowledged stays there: a sender's count of what it has not can only
        grow from then on, once the kernel's 16 KiB are full.
        """
        return self._deaf

    @deaf.setter
    def deaf(self, deaf: bool) -> None:
        self._deaf = deaf
        for client in self._clients:
            if deaf:
                client.pause_reading()
            else:
                client.resume_reading()

    def cut_all(self) -> None:
        """End every connection at once."""
        for writer in self._writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either end has gone."""
        # asyncio turns Nagle's algorithm off only where the protocol is named.
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.line.queue)
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, self._target)
            server_reader, server_writer = await asyncio.open_connection(sock=sock, limit=PIECE)
        except BaseException:
            sock.close()
            raise
        self._writers |= {writer, server_writer}
        client = writer.transport
        assert isinstance(client, asyncio.Transport)
        self._clients.add(client)
        if self._deaf:
            client.pause_reading()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(reader, server_writer, up=True))
                group.create_task(self._carry(server_reader, writer, up=False))
        except* ConnectionError:
            pass
        finally:
            self._clients.discard(client)
            for each in (writer, server_writer):
                self._writers.discard(each)
                each.transport.abort()

    async def _carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, up: bool
    ) -> None:
        """Carry bytes in order, each as late as the line makes it, none faster than allowed."""
        loop = asyncio.get_running_loop()
        flying: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            while True:
                due, data = await flying.get()
                await asyncio.sleep(due - loop.time())
                while up and self.deaf:
                    await asyncio.sleep(0.02)
                if up:
                    self.carried_up += len(data)
                sink.write(data)
                await sink.drain()
                flying.task_done()

        async def send() -> None:
            free_at = loop.time()
            while data := await source.read(PIECE):
                rate = self.line.up_bytes_per_s if up else self.line.down_bytes_per_s
                free_at = max(free_at, loop.time() - AHEAD_S) + len(data) / rate
                if free_at > loop.time() + AHEAD_S:
                    await asyncio.sleep(free_at - loop.time())
                late = self.line.delay_s + self._rng.uniform(0, self.line.jitter_s)
                flying.put_nowait((free_at + late, data))
                if not self.line.delay_s:
                    # What is on a line without length is in a buffer, and that is small.
                    await flying.join()
            raise ConnectionResetError("one end has gone")

        async with asyncio.TaskGroup() as group:
            group.create_task(arrive())
            group.create_task(send())


@asynccontextmanager
async def slow_proxy(url: str, line: SlowLine) -> AsyncIterator[SlowProxy]:
    """Serve a proxy to the server at `url`; its own address is `.url`."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = SlowProxy(parts.hostname, parts.port, line)
    listener = socket.socket()
    if line.up_bytes_per_s < inf:
        # What is accepted inherits it: the kernel must not swallow seconds of video.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    listener.bind(("127.0.0.1", 0))
    async with raw_server(proxy.serve, sock=listener, limit=PIECE) as port:
        proxy.url = f"http://127.0.0.1:{port}"
        yield proxy
