"""A narrow line: a proxy that passes what a client sends at a given rate, and hides nothing of it.

Its own buffers are small, so that a sender feels the line at once, as on a real one.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

CHUNK = 4096


class Throttle:
    """Passes bytes to `host`:`port`; `deaf` takes none any more and tells nobody."""

    def __init__(self, host: str, port: int, bytes_per_s: float) -> None:
        self.url = ""
        self.deaf = False
        self.relayed = 0
        self.bytes_per_s = bytes_per_s
        self._target = host, port
        self._writers: set[asyncio.StreamWriter] = set()

    def cut_all(self) -> None:
        """End every connection at once."""
        for writer in self._writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back_reader, back_writer = await asyncio.open_connection(*self._target)
        self._writers |= {writer, back_writer}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._slowly(reader, back_writer))
                group.create_task(_at_once(back_reader, writer))
        except* ConnectionError:
            pass
        finally:
            for each in (writer, back_writer):
                self._writers.discard(each)
                each.transport.abort()

    async def _slowly(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            await asyncio.sleep(len(data) / self.bytes_per_s)
            while self.deaf:
                await asyncio.sleep(0.02)
            self.relayed += len(data)
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError("the client has gone")


async def _at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    raise ConnectionResetError("the server has gone")


@asynccontextmanager
async def throttled(url: str, *, bytes_per_s: float) -> AsyncIterator[Throttle]:
    """Serve a line to `url`."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    line = Throttle(parts.hostname, parts.port, bytes_per_s)
    listener = socket.socket()
    # What is accepted inherits it: the kernel must not swallow seconds of video.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    listener.bind(("127.0.0.1", 0))
    served: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(asyncio.ensure_future(line.serve(reader, writer)))

    server = await asyncio.start_server(accept, sock=listener, limit=CHUNK)
    line.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        line.cut_all()
        for task in served:
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)
