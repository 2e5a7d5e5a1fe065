"""A server of bytes that leaves nothing open when it ends."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager


@asynccontextmanager
async def raw_server(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    host: str = "127.0.0.1",
    *,
    sock: socket.socket | None = None,
    limit: int = 1 << 16,
) -> AsyncIterator[int]:
    """Serve each connection to a free port of `host`, or to `sock`, with `serve`; yields the port.

    At the end what still runs is cancelled, and every connection aborted. asyncio's own server
    does neither: a transport that stays open fails a later test, the one in which it is collected.
    """
    served: set[asyncio.Future[None]] = set()
    writers: set[asyncio.StreamWriter] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        served.add(asyncio.ensure_future(serve(reader, writer)))

    if sock is None:
        server = await asyncio.start_server(accept, host, 0, limit=limit)
    else:
        server = await asyncio.start_server(accept, sock=sock, limit=limit)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in served:
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*(w.wait_closed() for w in writers), return_exceptions=True)
