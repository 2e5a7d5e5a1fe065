"""One HTTP connection, whose errors are problems, and which strangers can't make fill the log."""

import logging
from asyncio import AbstractEventLoop

from aiohttp import web
from aiohttp.http import HttpProcessingError

from likelight.runtime.paced_log import PacedLog
from likelight.web.http.problems import ProblemError
from likelight.web.http.reply_headers import EVERY_REPLY

KEEP_ALIVE_S = 75.0
"""Between two requests. Longer than the 60 s after which Varnish, nginx and most load balancers
give an idle connection up, so that they never send a request into one that we are closing."""

log = logging.getLogger(__name__)


class Connection(web.RequestHandler):
    """The protocol of one connection to `server`; `malformed` logs what is no HTTP."""

    __slots__ = ("_malformed",)

    def __init__(self, server: web.Server, *, loop: AbstractEventLoop, malformed: PacedLog) -> None:
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=KEEP_ALIVE_S,
            # It would inflate a body while the body arrives, before anything can refuse it.
            auto_decompress=False,
            access_log=None,  # type: ignore[arg-type]  # as AppRunner's own has it
        )
        self._malformed = malformed

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no request; end a reply that broke off. aiohttp calls this for both.

        Raises `ConnectionError`, which ends the connection, once a reply has begun.
        """
        if not isinstance(exc, HttpProcessingError):
            if not isinstance(exc, ConnectionError | None):
                log.error(
                    "The reply to %s %s broke off", request.method, request.path, exc_info=exc
                )
            raise ConnectionError("The reply has begun, and can't be turned into an error")
        self._malformed.say("A client sent what is no HTTP/1.1 request")
        response = ProblemError(
            status, "This is not an HTTP/1.1 request that can be understood."
        ).response()
        response.headers.update(EVERY_REPLY)
        response.force_close()
        return response
