"""Who may stay at the device's port: a connection that asks for something, and soon.

aiohttp waits for ever for the head of a request. Connections that never ask would take every
descriptor, and with them the camera's next process and the store.
"""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

HEAD_WITHIN_S = 10.0
"""The head of a first request must be whole by then, however slowly its lines trickle in."""

MOST_SILENT = 500
"""So many may be inside without having asked; the next one takes the place of the oldest."""

KEEP_ALIVE_S = 60.0
"""Between two requests. The pages of ours ask at least every 15 s."""

_TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Door:
    """Makes the protocols of `server` for its listening socket; `let_in` goes before all routes."""

    def __init__(self) -> None:
        self._server: web.Server | None = None
        self._silent: dict[asyncio.Protocol, asyncio.TimerHandle] = {}

    def open(self, server: web.Server) -> None:
        """Send everybody to `server` from now on."""
        self._server = server

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of one more connection."""
        assert self._server is not None
        comer = self._server()
        if len(self._silent) >= MOST_SILENT:
            self._send_away(next(iter(self._silent)))  # dicts keep their order: the oldest
        loop = asyncio.get_running_loop()
        self._silent[comer] = loop.call_later(HEAD_WITHIN_S, self._send_away, comer)
        return comer

    @web.middleware
    async def let_in(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note that this connection has asked for something."""
        timer = self._silent.pop(request.protocol, None)
        if timer:
            timer.cancel()
        return await handler(request)

    def _send_away(self, silent: asyncio.Protocol) -> None:
        self._silent.pop(silent).cancel()
        assert isinstance(silent, web.RequestHandler)
        if silent.transport is not None:
            silent.transport.write(_TOO_LATE)
        silent.force_close()
