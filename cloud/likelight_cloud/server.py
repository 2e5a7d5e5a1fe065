"""The cloud as a server of its own, as `likelight-cloud serve` runs it."""

import asyncio
import logging
import random
import socket
from collections.abc import Callable, Collection
from http import HTTPStatus

from aiohttp import web
from yarl import URL

from likelight.contract.problem import ProblemType
from likelight.runtime.store_errors import StoreError
from likelight.web.http.connection_guard import MOST_OF_ADMINS
from likelight.web.http.own_names import OwnNames
from likelight.web.http.problems import ProblemError
from likelight.web.http.proxies import Network, TrustedProxies
from likelight.web.http.server import WebServer
from likelight_cloud.admin.health import health_route, readiness_route
from likelight_cloud.admin.metrics import CloudMetrics, metrics_route
from likelight_cloud.admin.request_counts import RequestCounts
from likelight_cloud.api.device.catalogue import get_document
from likelight_cloud.api.device.enrol import enrol_routes
from likelight_cloud.api.device.pairing import pairing_routes
from likelight_cloud.api.device.token import post_token
from likelight_cloud.api.fleet.routes import mount_fleet
from likelight_cloud.api.ingest.route import ingest_routes
from likelight_cloud.api.viewer.wall import get_wall_live
from likelight_cloud.embedded import MountedCloud
from likelight_cloud.openapi.routes import mount_openapi
from likelight_cloud.page.start import start_routes
from likelight_cloud.relay.relays import Relays
from likelight_cloud.relay.routes import mount_relay
from likelight_cloud.routes import only_while_ready
from likelight_cloud.signals.watch import SignalWatch
from likelight_cloud.signals.webhooks.sender import WebhookSender
from likelight_cloud.trust.audit_lines import AuditLines
from likelight_cloud.trust.public import with_public_address
from likelight_cloud.wall_page.page import wall_routes

log = logging.getLogger(__name__)

LAST_REPLIES_S = 1.0
"""How long connections that are kept open may bring one more request, which is answered: its client
cannot know yet that this process ends."""

ANSWERED_WITHIN_S = 8.0
"""More than the 5 s after which a write that is not confirmed is answered; much less than
TimeoutStopSec of the unit."""


class CloudServer:
    """Serves `cloud` and its relays on `public`, and how they are on `admin`.

    `public_url` is the address that viewers open, when a proxy with TLS stands in front of the
    cloud; `proxies` are the proxies that say who asks. With `lists_kitchens` the start page names
    them. In `operator_header` these proxies say which operator asks, where it is set. Webhooks lead
    to public addresses, and to those in `webhook_allow`.
    """

    def __init__(
        self,
        cloud: MountedCloud,
        public: socket.socket,
        admin: socket.socket,
        *,
        public_url: URL | None,
        proxies: TrustedProxies,
        lists_kitchens: bool = False,
        operator_header: str | None = None,
        webhook_allow: Collection[Network] = (),
    ) -> None:
        self._cloud = cloud
        self._relays = Relays()
        self._requests = RequestCounts()
        shared = cloud.cloud
        self._signals = SignalWatch(shared)
        self._webhooks = WebhookSender(
            shared.store, now=shared.now, rng=random.Random(), allowed=webhook_allow
        )
        self._audit = AuditLines(shared.store)
        self._public_url = public_url
        self._lists_kitchens = lists_kitchens
        self._operator_header = operator_header
        given = () if public_url is None else (str(public_url),)
        names = OwnNames(given, option="--public-url")
        self._public = WebServer(self._fill_public, public, names, proxies)
        self._admin = WebServer(self._fill_admin, admin, names, most=MOST_OF_ADMINS)

    async def run(self, on_ready: Callable[[], None], until: asyncio.Event) -> None:
        """Serve until `until` is set, then answer what was asked, and end; when cancelled, end at
        once. Call `on_ready` once requests are answered.

        Raises an ExceptionGroup with the `StoreError` when the database can't be opened.
        """
        async with asyncio.TaskGroup() as group:
            cloud = group.create_task(self._cloud.run())
            beside = [group.create_task(self._relays.run())]
            servers = [group.create_task(self._admin.run())]
            await self._cloud.ready.wait()
            # Not before: who connected while the last process ended waits, and is not refused.
            servers.append(group.create_task(self._public.run()))
            beside += [
                group.create_task(self._signals.run()),
                group.create_task(self._webhooks.run()),
                group.create_task(self._audit.run()),
            ]
            on_ready()
            await until.wait()
            for task in beside:
                task.cancel()
            await self._leave()
            for server in servers:
                server.cancel()
            await asyncio.wait(servers)
            cloud.cancel()

    async def _leave(self) -> None:
        """Take no more connections, and return once what was accepted is answered."""
        cloud = self._cloud.cloud
        cloud.end()
        self._public.leave()
        self._admin.leave()
        try:
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                await asyncio.sleep(LAST_REPLIES_S)
                await cloud.answering.ended()
        except TimeoutError:
            log.warning("Some requests were not answered within %g s", ANSWERED_WITHIN_S)

    def _fill_public(self, app: web.Application) -> None:
        self._cloud.mount(app)
        mount_relay(self._relays, app)
        app.add_routes([*enrol_routes(), *pairing_routes(), *ingest_routes()])
        app.add_routes([health_route(self._cloud.cloud)])
        app.router.add_post("/v1/kitchens/{kid}/token", post_token)
        app.router.add_get("/v1/kitchens/{kid}/catalogue/{sha256}", get_document)
        app.add_routes(start_routes(self._kitchens if self._lists_kitchens else None))
        app.add_routes(wall_routes(self._cloud.cloud.look, self._cloud.site))
        app.router.add_get("/v1/wall/live", get_wall_live)
        mount_fleet(app, self._operator_header, around=only_while_ready)
        mount_openapi(app)
        app.on_response_prepare.append(self._requests.on_prepare)
        if self._public_url is not None:
            app.middlewares.insert(0, with_public_address(self._public_url))

    async def _kitchens(self) -> list[tuple[str, str]]:
        try:
            records = await self._cloud.cloud.store.kitchens()
        except StoreError as error:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "The kitchens can't be looked up just now. Try again in a moment.",
                type=ProblemType.BUSY,
                headers={"Retry-After": "5"},
            ) from error
        return sorted(((one.kid, one.name) for one in records), key=lambda one: one[1].casefold())

    def _fill_admin(self, app: web.Application) -> None:
        cloud = self._cloud.cloud
        metrics = CloudMetrics(cloud, self._relays, self._requests, self._signals, self._webhooks)
        app.add_routes([health_route(cloud), readiness_route(cloud), metrics_route(metrics)])
