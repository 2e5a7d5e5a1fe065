"""The HTTP server that all our programs use, as a component; the caller says what it serves."""

import asyncio
import errno
import socket
from collections.abc import Callable
from http import HTTPStatus

from aiohttp import web

from likelight.contract import MAX_BODY
from likelight.runtime.cleanup import finish_within
from likelight.web.http.body import plain_bodies_only
from likelight.web.http.client_address import PROXIES
from likelight.web.http.connection import expecting_no_more_than_100
from likelight.web.http.connection_guard import (
    ACCEPTED_AT_ONCE,
    ConnectionGuard,
    most_connections,
)
from likelight.web.http.own_names import OwnNames
from likelight.web.http.problems import on_prepare, problems
from likelight.web.http.proxies import TrustedProxies
from likelight.web.http.reply_headers import HSTS
from likelight.web.http.same_site import same_site_only

BACKLOG = 1024
HIGHEST_PORT = 65535
CLEANUP_S = 5.0
"""More than `shutdown_timeout`: for handlers that don't end when they are cancelled."""


class ListenError(Exception):
    """Nothing can listen at this address; the message says why."""


class PortInUseError(ListenError):
    """Another program listens at this port."""


def listen(host: str, port: int) -> socket.socket:
    """Bind `host` and `port`, 0 for any free one. Raises `ListenError`."""
    if not 0 <= port <= HIGHEST_PORT:
        raise ListenError(f"{port} is not a port; ports go from 0 to {HIGHEST_PORT}")
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        both = family is socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(address, family=family, backlog=BACKLOG, dualstack_ipv6=both)
    except (socket.gaierror, UnicodeError) as error:
        raise ListenError(f"{host} is not an address of this machine: {error}") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(f"port {port} is in use by another program") from error
        raise ListenError(f"can't listen on {host} port {port}: {error.strerror}") from error


def new_application(
    names: OwnNames | None = None, proxies: TrustedProxies | None = None
) -> web.Application:
    """Return an app without routes. Its errors are problems; only its own pages may write to it.

    It answers only under its own `names`, which may be addresses and .local names only. `client_of`
    takes the word of `proxies`.
    """
    names = names or OwnNames()
    app = web.Application(
        middlewares=[problems, names.middleware(), same_site_only(names), plain_bodies_only],
        client_max_size=MAX_BODY,
    )
    app[PROXIES] = proxies or TrustedProxies()
    app.on_response_prepare.append(on_prepare)
    if names.only_https:
        app.on_response_prepare.append(_over_tls)
    return app


async def _over_tls(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HSTS)


class WebServer:
    """Serves what `fill` puts into a new application, on `listener`; a restart makes a new one.

    Nothing is served under another name than its own `names`. `proxies` may stand before it.
    It has at most `most` connections; None for what the limit of open files leaves.
    `fill` may put a middleware before all others, at index 0. The connection guard is before it.
    """

    def __init__(
        self,
        fill: Callable[[web.Application], None],
        listener: socket.socket,
        names: OwnNames | None = None,
        proxies: TrustedProxies | None = None,
        *,
        most: int | None = None,
    ) -> None:
        self._names = names
        self._proxies = proxies or TrustedProxies()
        self._most = most
        self._fill = fill
        self._listener = listener
        self._leaving = asyncio.Event()
        self.serving = False

    def leave(self) -> None:
        """Take no more connections, for good; each that is there ends with its next reply.

        `run` goes on until it is cancelled.
        """
        self._leaving.set()

    async def run(self) -> None:
        """Serve until cancelled."""
        loop = asyncio.get_running_loop()
        app = new_application(self._names, self._proxies)
        guard = ConnectionGuard(self._most or most_connections())
        self._fill(app)
        app.middlewares.insert(0, guard.middleware)
        app.on_response_prepare.append(self._is_the_last)
        runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=1.0)
        await runner.setup()
        server = runner.server
        assert server is not None
        server.request_handler = expecting_no_more_than_100(server.request_handler)
        guard.protect(server)
        try:
            # It starts to serve only inside the `try`, so that a cancellation always closes it.
            sock = self._listener.dup()
            listening = await loop.create_server(
                guard, sock=sock, backlog=ACCEPTED_AT_ONCE, start_serving=False
            )
            try:
                await listening.start_serving()
                sock.listen(BACKLOG)  # asyncio's `backlog` is also how many it accepts at once
                self.serving = True
                await self._leaving.wait()
                listening.close()
                # Another process that has it, too, takes new connections; else they are refused.
                self._listener.close()
                await asyncio.Event().wait()
            finally:
                self.serving = False
                listening.close()
        finally:
            await finish_within(runner.cleanup(), CLEANUP_S)

    async def _is_the_last(self, _: web.Request, response: web.StreamResponse) -> None:
        """Say so in the header: a client or a proxy sends no more on a connection that ends."""
        if self._leaving.is_set() and response.status != HTTPStatus.SWITCHING_PROTOCOLS:
            response.force_close()
            response.headers["Connection"] = "close"
