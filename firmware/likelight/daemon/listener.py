"""The one port of a device: bound before all else, or waited for while the rest lives."""

import asyncio
import logging
import socket
from collections.abc import Callable

from aiohttp import web

from likelight.config.settings import ConfigError, WebSettings
from likelight.web.http.address import own_address, url_of
from likelight.web.http.own_names import OwnNames
from likelight.web.http.proxies import TrustedProxies, proxy_network
from likelight.web.http.server import ListenError, PortInUseError, WebServer, listen

log = logging.getLogger(__name__)

TRY_AGAIN_S = 5.0
"""How often an address is tried that was not there, or not free."""


def device_listener(settings: WebSettings) -> socket.socket:
    """Bind the device's port. Raises `ConfigError`, which says why it can't."""
    try:
        return listen(settings.host, settings.port)
    except PortInUseError as error:
        raise ConfigError(
            f"{error}. Choose another: web.port = {settings.port + 1} in the configuration, "
            f"or --port {settings.port + 1} for the demo."
        ) from error
    except ListenError as error:
        raise ConfigError(str(error)) from error


def device_listener_if_there(settings: WebSettings) -> socket.socket | None:
    """Bind the device's port; None, with the reason in the log, when it can't be bound yet."""
    try:
        return listen(settings.host, settings.port)
    except ListenError as error:
        log.error("The page can't open yet; all else works: %s", error)  # noqa: TRY400  in words
        return None


def device_address(settings: WebSettings, listener: socket.socket | None) -> str:
    """Return the URL at which this machine reaches its own port."""
    return own_address(listener) if listener else url_of(settings.host, settings.port)


class DeviceServer:
    """Serves what `fill` puts into an application, on `listener`, or as soon as there is one.

    A component. `on_open` is called when an address that was waited for is there.
    """

    def __init__(
        self,
        fill: Callable[[web.Application], None],
        settings: WebSettings,
        listener: socket.socket | None,
        on_open: Callable[[], None],
    ) -> None:
        self._fill = fill
        self._settings = settings
        self._listener = listener
        self._on_open = on_open

    async def run(self) -> None:
        """Wait for the address if need be, then serve until cancelled."""
        if self._listener is not None:
            await self._serve(self._listener)
            return
        with await self._bound() as listener:
            log.info("The page opens at %s", own_address(listener))
            self._on_open()
            await self._serve(listener)

    async def _serve(self, listener: socket.socket) -> None:
        names = OwnNames(
            self._settings.public_urls, host=self._settings.host, option="web.public_urls"
        )
        proxies = TrustedProxies(map(proxy_network, self._settings.trusted_proxies))
        await WebServer(self._fill, listener, names, proxies).run()

    async def _bound(self) -> socket.socket:
        while True:
            try:
                return await asyncio.to_thread(listen, self._settings.host, self._settings.port)
            except ListenError:
                await asyncio.sleep(TRY_AGAIN_S)
