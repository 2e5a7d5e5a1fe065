"""Closes connections that send no request, or send it too slowly.

aiohttp waits for ever for the head of a request. Connections that never send one would use up all
file descriptors, and neither the camera's next process nor the store could then be opened.
"""

import asyncio
import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from likelight.runtime.paced_log import PacedLog
from likelight.web.http.connection import Connection

HEAD_WITHIN_S = 10.0
"""The head of a first request must be whole by then, however slowly its lines arrive."""

MOST_SILENT = 500
"""At most this many open connections may have sent no request yet; one more closes the oldest.

All addresses count together: a proxy, or a building with one address, brings many viewers at once.
"""

log = logging.getLogger(__name__)

_TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class ConnectionGuard:
    """Makes the protocols of a server for its listening socket.

    `middleware` goes before all others: it tells the guard that a connection has sent a request.
    """

    def __init__(self) -> None:
        self._server: web.Server | None = None
        self._silent: dict[asyncio.Protocol, asyncio.TimerHandle] = {}
        self._malformed = PacedLog(log)

    def protect(self, server: web.Server) -> None:
        """Make protocols of `server` from now on."""
        self._server = server

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of one more connection."""
        assert self._server is not None
        loop = asyncio.get_running_loop()
        protocol = Connection(self._server, loop=loop, malformed=self._malformed)
        if len(self._silent) >= MOST_SILENT:
            self._time_out(next(iter(self._silent)))  # dicts keep their order: the oldest
        self._silent[protocol] = loop.call_later(HEAD_WITHIN_S, self._time_out, protocol)
        return protocol

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note that this connection has sent a request."""
        timer = self._silent.pop(request.protocol, None)
        if timer:
            timer.cancel()
        return await handler(request)

    def _time_out(self, protocol: asyncio.Protocol) -> None:
        self._silent.pop(protocol).cancel()
        assert isinstance(protocol, web.RequestHandler)
        if protocol.transport is not None:
            protocol.transport.write(_TIMED_OUT)
        protocol.force_close()
