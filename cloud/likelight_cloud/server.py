"""The cloud as a server of its own, as `likelight-cloud serve` runs it."""

import asyncio
import socket
from collections.abc import Callable

from aiohttp import web
from yarl import URL

from likelight.web.http.server import WebServer
from likelight_cloud.embedded import EmbeddedCloud
from likelight_cloud.relay.relay import Relays
from likelight_cloud.relay.upload_route import mount_relay
from likelight_cloud.trust.public import as_seen_at


class CloudServer:
    """Serves `cloud` and its relays on `listener`.

    `public_url` is the address that viewers open, where something with TLS stands before it.
    """

    def __init__(
        self, cloud: EmbeddedCloud, listener: socket.socket, *, public_url: URL | None
    ) -> None:
        self._cloud = cloud
        self._relays = Relays()
        self._public_url = public_url
        self._public = WebServer(self._fill, listener)

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until cancelled; call `on_ready` once requests are answered.

        Raises an ExceptionGroup with the `StoreError` when the database can't be opened.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._cloud.run())
            group.create_task(self._relays.run())
            group.create_task(self._public.run())
            await self._cloud.ready.wait()
            on_ready()

    def _fill(self, app: web.Application) -> None:
        self._cloud.mount(app)
        mount_relay(self._relays, app)
        if self._public_url is not None:
            app.middlewares.insert(0, as_seen_at(self._public_url))
