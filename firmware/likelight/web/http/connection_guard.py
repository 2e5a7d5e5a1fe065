"""Keeps a server's connections below what the process can have open, and shares them fairly.

aiohttp waits for ever for the head of a request, and takes as many connections as come. They would
use up all file descriptors, and neither the camera's next process nor the store could be opened.
"""

import asyncio
import logging
import resource
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from likelight.contract.problem import ProblemType
from likelight.runtime.paced_log import PacedLog
from likelight.web.http.client_address import came_by_proxy, client_of
from likelight.web.http.connection import Connection
from likelight.web.http.problems import ProblemError
from likelight.web.http.proxies import Address, prefix

HEAD_WITHIN_S = 10.0
"""The head of a first request must be whole by then, however slowly its lines arrive."""

MOST_SILENT = 500
"""At most this many open connections, and half of all, may have sent no request yet; one more
closes the oldest.

All addresses count together: a proxy, or a building with one address, brings many viewers at once.
"""

MOST_OF_ONE = 1000
"""At most this many connections, and half of all, may come from one address: 100 guests of a
restaurant with 10 each. Of an unlisted proxy they are all its viewers'."""

FOR_DEVICES = 32
"""Connections that are kept for devices, at most a quarter of all: where viewers or attackers have
all others, likes still reach the lamp."""

ACCEPTED_AT_ONCE = 8
"""Connections that asyncio accepts before the first of them can be turned away."""

MOST_OF_ADMINS = 32
"""Connections of a port or socket that only administrators use."""

_OWN_DESCRIPTORS = 64
"""For the process itself: databases, the camera's pipes, buttons, the upload, the log."""

_TURNED_AWAY = 4 * ACCEPTED_AT_ONCE
"""Descriptors of connections that are being closed: it takes the event loop some rounds."""

_ENOUGH = 65_536
"""Where the number of descriptors has no limit."""

_TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n"
    b"Content-Length: 0\r\n\r\n"
)

IS_DEVICE: web.AppKey[Callable[[web.Request], Awaitable[bool]]] = web.AppKey("is_device")
"""Whether a request brings a device's valid token; its connection then counts for no address."""

log = logging.getLogger(__name__)


def most_connections() -> int:
    """Return how many connections the port for everybody may have, by the descriptor limit."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = _ENOUGH if soft == resource.RLIM_INFINITY else soft
    return max(limit - _OWN_DESCRIPTORS - MOST_OF_ADMINS - _TURNED_AWAY, limit // 4)


class ConnectionGuard:
    """Makes the protocols of a server for its listening socket, at most `most` at a time.

    `middleware` goes before all others: it tells the guard that a connection has sent a request,
    and counts it for the address of the client.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._for_devices = min(FOR_DEVICES, most // 4)
        self._most_silent = min(MOST_SILENT, most // 2)
        self._most_of_one = min(MOST_OF_ONE, most // 2)
        self._server: web.Server | None = None
        self._open = 0
        self._silent: dict[Connection, asyncio.TimerHandle] = {}
        self._counted: dict[Connection, bytes | None] = {}
        """For which address a connection counts since its first request; None for a device's."""
        self._held: Counter[bytes] = Counter()
        """Connections, and requests that came through proxies, of each address (IPv6: /64)."""
        self._malformed = PacedLog(log)
        self._silences = PacedLog(log)
        self._full = PacedLog(log)
        self._shares = PacedLog(log)

    def protect(self, server: web.Server) -> None:
        """Make protocols of `server` from now on."""
        self._server = server

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of one more connection."""
        assert self._server is not None
        return Connection(self._server, loop=asyncio.get_running_loop(), watcher=self)

    def opened(self, connection: Connection) -> None:
        """Give it 10 s for a first request; turn it or the oldest silent one away if need be."""
        self._open += 1
        if len(self._silent) >= self._most_silent or (self._open > self._most and self._silent):
            self._silences.say(
                "%d connections have asked for nothing yet; the oldest make room for new ones",
                len(self._silent),
            )
            self._time_out(next(iter(self._silent)))  # dicts keep their order: the oldest
        elif self._open > self._most:
            self._say_full(self._most)
            connection.turn_away(_FULL)
            return
        timer = asyncio.get_running_loop().call_later(HEAD_WITHIN_S, self._time_out, connection)
        self._silent[connection] = timer

    def closed(self, connection: Connection) -> None:
        """Forget it."""
        self._open -= 1
        self._heard(connection)
        self._hold(self._counted.pop(connection, None), -1)

    def malformed(self) -> None:
        """Log it, with all others of a minute."""
        self._malformed.say("A client sent what is not an HTTP/1.1 request")

    @web.middleware
    def middleware(self, request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        """Count a connection, or a request by proxy, for its client; 429 for one too many of an
        address, 503 for a new connection that would take the place of a device's."""
        connection = request.protocol
        assert isinstance(connection, Connection)
        client = client_of(request)
        if client is None or connection in self._counted:
            self._heard(connection)
            # Nothing stays in memory here while the next polls of a device are held.
            return handler(request)
        return self._count(request, handler, connection, client)

    async def _count(
        self, request: web.Request, handler: Handler, connection: Connection, client: Address
    ) -> web.StreamResponse:
        new = connection in self._silent
        self._heard(connection)
        by_proxy = came_by_proxy(request)
        address = None if await _is_device(request) else prefix(client)
        places = self._most - (self._for_devices if IS_DEVICE in request.app else 0)
        if new and address is not None and self._open - len(self._silent) > places:
            self._say_full(places)
            connection.close()
            return ProblemError(
                503,
                "Too many connections are open. Try again in a while.",
                type=ProblemType.BUSY,
                headers={"Retry-After": "5"},
            ).response()
        if address is not None and self._held[address] >= self._most_of_one:
            return self._refuse(connection, client, by_proxy=by_proxy)
        if not by_proxy:
            if connection.transport is not None:
                self._counted[connection] = address
                self._hold(address, 1)
            return await handler(request)
        self._hold(address, 1)
        try:
            return await handler(request)
        finally:
            self._hold(address, -1)

    def _refuse(self, connection: Connection, client: Address, *, by_proxy: bool) -> web.Response:
        self._shares.say(
            "%s has %d connections open, the most that one address may have; more are refused. If "
            "it is a proxy of yours, list it (--trusted-proxy, web.trusted_proxies)",
            # A viewer's address is kept out of the log, a guest's in the house too; this machine's
            # own can only be a proxy's.
            client if client.is_loopback else "An address",
            self._most_of_one,
        )
        if not by_proxy:
            connection.close()
        return ProblemError(
            429,
            "Too many connections are open from your address. Close some, or try again in a while.",
            type=ProblemType.LIMIT,
            headers={"Retry-After": "5"},
        ).response()

    def _say_full(self, places: int) -> None:
        self._full.say(
            "All %d connections that the limit of open files leaves (ulimit -n, LimitNOFILE=) are "
            "in use; more are turned away",
            places,
        )

    def _hold(self, address: bytes | None, more: int) -> None:
        """Count `more` for `address`; None is a device's, which is not counted."""
        if address is not None:
            self._held[address] += more
            if not self._held[address]:
                del self._held[address]

    def _heard(self, connection: Connection) -> None:
        timer = self._silent.pop(connection, None)
        if timer:
            timer.cancel()

    def _time_out(self, connection: Connection) -> None:
        self._heard(connection)
        connection.turn_away(_TIMED_OUT)


async def _is_device(request: web.Request) -> bool:
    is_device = request.app.get(IS_DEVICE)
    return is_device is not None and "Authorization" in request.headers and await is_device(request)
