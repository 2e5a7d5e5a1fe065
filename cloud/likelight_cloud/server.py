"""The cloud as a server of its own, as `likelight-cloud serve` runs it."""

import asyncio
import socket
from collections.abc import Callable

from aiohttp import web
from yarl import URL

from likelight.web.http.connection_guard import MOST_OF_ADMINS
from likelight.web.http.own_names import OwnNames
from likelight.web.http.proxies import TrustedProxies
from likelight.web.http.server import WebServer
from likelight_cloud.admin.health import health_route, readiness_route
from likelight_cloud.admin.metrics import CloudMetrics, metrics_route
from likelight_cloud.admin.request_counts import RequestCounts
from likelight_cloud.api.device.enrol import enrol_routes
from likelight_cloud.embedded import MountedCloud
from likelight_cloud.openapi.routes import mount_openapi
from likelight_cloud.relay.relays import Relays
from likelight_cloud.relay.routes import mount_relay
from likelight_cloud.trust.public import with_public_address


class CloudServer:
    """Serves `cloud` and its relays on `public`, and how they are on `admin`.

    `public_url` is the address that viewers open, when a proxy with TLS stands in front of the
    cloud; `proxies` are the proxies that say who asks.
    """

    def __init__(
        self,
        cloud: MountedCloud,
        public: socket.socket,
        admin: socket.socket,
        *,
        public_url: URL | None,
        proxies: TrustedProxies,
    ) -> None:
        self._cloud = cloud
        self._relays = Relays()
        self._requests = RequestCounts()
        self._public_url = public_url
        given = () if public_url is None else (str(public_url),)
        names = OwnNames(given, option="--public-url")
        self._servers = (
            WebServer(self._fill_public, public, names, proxies),
            WebServer(self._fill_admin, admin, names, most=MOST_OF_ADMINS),
        )

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until cancelled; call `on_ready` once requests are answered.

        Raises an ExceptionGroup with the `StoreError` when the database can't be opened.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._cloud.run())
            group.create_task(self._relays.run())
            for server in self._servers:
                group.create_task(server.run())
            await self._cloud.ready.wait()
            on_ready()

    def _fill_public(self, app: web.Application) -> None:
        self._cloud.mount(app)
        mount_relay(self._relays, app)
        app.add_routes([*enrol_routes(), health_route(self._cloud.cloud)])
        mount_openapi(app)
        app.on_response_prepare.append(self._requests.on_prepare)
        if self._public_url is not None:
            app.middlewares.insert(0, with_public_address(self._public_url))

    def _fill_admin(self, app: web.Application) -> None:
        cloud = self._cloud.cloud
        metrics = CloudMetrics(cloud, self._relays, self._requests)
        app.add_routes([health_route(cloud), readiness_route(cloud), metrics_route(metrics)])
