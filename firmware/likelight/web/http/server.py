"""The one port of a device, as a component."""

import asyncio
import errno
import socket
from collections.abc import Callable

from aiohttp import web

from likelight.config.settings import ConfigError, WebSettings
from likelight.runtime.cleanup import finish_within
from likelight.web.http.connection_guard import KEEP_ALIVE_S, Door

BACKLOG = 1024
CLEANUP_S = 5.0
"""More than `shutdown_timeout`: for handlers that don't end when they are cancelled."""


def listen(settings: WebSettings) -> socket.socket:
    """Bind the device's port. Raises `ConfigError` in words when that can't be."""
    where = f"{settings.host} port {settings.port}"
    try:
        family, _, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        both = family is socket.AF_INET6 and settings.host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(address, family=family, backlog=BACKLOG, dualstack_ipv6=both)
    except (socket.gaierror, UnicodeError) as error:
        raise ConfigError(f"{settings.host} is no address of this machine: {error}") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                f"port {settings.port} is in use by another program. Choose one with --port, "
                f"for example --port {settings.port + 1} (web.port in the configuration)."
            ) from error
        raise ConfigError(f"can't listen on {where}: {error.strerror}") from error


class WebServer:
    """Serves the application that `make` builds, on `listener`; a restart builds it anew."""

    def __init__(self, make: Callable[[], web.Application], listener: socket.socket) -> None:
        self._make = make
        self._listener = listener
        self.serving = False

    async def run(self) -> None:
        """Serve until cancelled."""
        loop = asyncio.get_running_loop()
        app, door = self._make(), Door()
        app.middlewares.insert(0, door.let_in)
        runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=1.0,
            keepalive_timeout=KEEP_ALIVE_S,
        )
        await runner.setup()
        assert runner.server is not None
        door.open(runner.server)
        try:
            listening = await loop.create_server(door, sock=self._listener.dup(), backlog=BACKLOG)
            try:
                self.serving = True
                await asyncio.Event().wait()
            finally:
                self.serving = False
                listening.close()
        finally:
            await finish_within(runner.cleanup(), CLEANUP_S)
