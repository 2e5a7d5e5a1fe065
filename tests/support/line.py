"""A line between a viewer and the server: a proxy that is as slow and as far away as it is told."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One viewer's line: bytes a second down, one-way delay and its jitter in seconds.

    `queue` is what the bottleneck holds, in bytes, as a home router does.
    """

    bytes_per_s: float
    delay_s: float = 0.0
    jitter_s: float = 0.0
    queue: int = 16_384


_PIECE = 1460


@asynccontextmanager
async def line(host: str, port: int, line: Line) -> AsyncIterator[int]:
    """Yield the port of a proxy to `host` and `port` whose every connection is such a line."""
    rng = random.Random(7)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(down_in: asyncio.StreamReader, down_out: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, line.queue)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (host, port))
        up_in, up_out = await asyncio.open_connection(sock=sock, limit=_PIECE)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_carry(down_in, up_out, line, float("inf"), rng))
                group.create_task(_carry(up_in, down_out, line, line.bytes_per_s, rng))
        except* (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            up_out.transport.abort()
            down_out.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _carry(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    line: Line,
    bytes_per_s: float,
    rng: random.Random,
) -> None:
    """Carry bytes from `source` to `sink`, in order, each late and none faster than allowed."""
    loop = asyncio.get_running_loop()
    flying: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def land() -> None:
        while True:
            due, data = await flying.get()
            await asyncio.sleep(due - loop.time())
            sink.write(data)
            await sink.drain()

    async def send() -> None:
        free_at = loop.time()
        while data := await source.read(_PIECE):
            # The sender runs up to 5 ms ahead: a timer for each piece would be too slow.
            free_at = max(free_at, loop.time() - 0.005) + len(data) / bytes_per_s
            if free_at > loop.time() + 0.005:
                await asyncio.sleep(free_at - loop.time())
            flying.put_nowait((free_at + line.delay_s + rng.uniform(0, line.jitter_s), data))
        raise ConnectionResetError

    async with asyncio.TaskGroup() as group:
        group.create_task(land())
        group.create_task(send())
