"""One HTTP connection: its errors are problems, and a client can't fill the log with them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from aiohttp import web
from aiohttp.http import HttpProcessingError

from likelight.web.http.problems import ProblemError
from likelight.web.http.reply_headers import EVERY_REPLY

KEEP_ALIVE_S = 75.0
"""Between two requests. Longer than the 60 s after which Varnish, nginx and most load balancers
give an idle connection up, so that they never send a request into one that we are closing."""

Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)


class _Sent(web.StreamResponse):
    """Stands for a reply that was sent: whether its connection goes on is all that is left."""

    def __init__(self, *, keep_alive: bool) -> None:
        super().__init__()
        self._keep_alive = keep_alive


_SENT = {keep_alive: _Sent(keep_alive=keep_alive) for keep_alive in (False, True)}


class Watcher(Protocol):
    """What a server's connections report."""

    def opened(self, connection: "Connection") -> None:
        """It is there, and has sent nothing yet."""

    def closed(self, connection: "Connection") -> None:
        """It is gone."""

    def malformed(self) -> None:
        """A connection sent something other than HTTP, and is being closed."""


class Connection(web.RequestHandler):
    """The protocol of one connection to `server`, whose `watcher` it calls."""

    __slots__ = ("_watcher",)

    def __init__(
        self, server: web.Server, *, loop: asyncio.AbstractEventLoop, watcher: Watcher
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=KEEP_ALIVE_S,
            # It would inflate a body while the body arrives, before anything can refuse it.
            auto_decompress=False,
            access_log=None,  # type: ignore[arg-type]  # as AppRunner's own has it
        )
        self._watcher = watcher

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; asyncio calls this."""
        super().connection_made(transport)
        self._watcher.opened(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End; asyncio calls this."""
        super().connection_lost(exc)
        self._watcher.closed(self)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send a reply; aiohttp calls this, and keeps what it returns until the next reply: of a
        device whose next poll is held that would be 2.5 KB for half a minute."""
        sent, lost = await super().finish_response(request, resp, start_time)
        return _SENT[bool(sent.keep_alive)], lost

    def turn_away(self, answer: bytes) -> None:
        """Send `answer`, which is a whole reply, and close."""
        if self.transport is not None:
            self.transport.write(answer)
        self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is not a request; end a reply that broke off. aiohttp calls this for both.

        Raises `ConnectionError`, which ends the connection, once a reply has begun.
        """
        if not isinstance(exc, HttpProcessingError):
            if not isinstance(exc, ConnectionError | None):
                log.error(
                    "The reply to %s %s broke off", request.method, request.path, exc_info=exc
                )
            raise ConnectionError("The reply has begun, and can't be turned into an error")
        self._watcher.malformed()
        return _refusal(status, "This is not an HTTP/1.1 request that can be understood.")


def expecting_no_more_than_100(handle: Handle) -> Handle:
    """Return `handle` behind a check of `Expect`: aiohttp makes its own before all middlewares,
    and its refusal is not a problem document, or there is none when the header is not UTF-8."""

    async def refused(_: web.BaseRequest) -> web.StreamResponse:
        return _refusal(417, "The header Expect can be 100-continue only.")

    def checked(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        expected = request.headers.get("Expect", "100-continue").lower() == "100-continue"
        return (handle if expected else refused)(request)

    return checked


def _refusal(status: int, detail: str) -> web.Response:
    """Return what ends a connection whose request no middleware has seen."""
    response = ProblemError(status, detail).response()
    response.headers.update(EVERY_REPLY)
    response.force_close()
    return response
