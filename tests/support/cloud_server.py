"""`likelight-cloud serve` inside the test's own process, on two ports of this machine."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from yarl import URL

from likelight.runtime.clock import Now, utc_now
from likelight.web.http.address import own_address
from likelight.web.http.proxies import TrustedProxies
from likelight.web.http.public_site import PublicSite
from likelight.web.http.server import listen
from likelight_cloud.embedded import MountedCloud
from likelight_cloud.server import CloudServer
from likelight_cloud.store.choice import database_of
from likelight_cloud.trust.ceilings import KitchenLimits
from support.cloud import KID, TOKEN


@dataclass(frozen=True)
class ServedCloud:
    """A running cloud and its two addresses."""

    cloud: MountedCloud
    app: web.Application
    public: str
    admin: str
    port: int


class _KeepingItsApp(MountedCloud):
    """A cloud that remembers the app of the public server, which makes it itself."""

    app: web.Application

    def mount(self, app: web.Application) -> None:
        self.app = app
        super().mount(app)


@asynccontextmanager
async def cloud_server(
    database: Path | str,
    public_url: str | None = None,
    proxies: TrustedProxies | None = None,
    limits: KitchenLimits | None = None,
    embed_origins: tuple[str, ...] = (),
    now: Now = utc_now,
    lists_kitchens: bool = False,
    contact: str | None = "mailto:it@kitchens.example",
    operator_header: str | None = None,
) -> AsyncIterator[ServedCloud]:
    """Serve a cloud with one kitchen."""
    cloud = _KeepingItsApp(
        database_of(str(database)).store(),
        now=now,
        rng=random.Random(1),
        limits=limits or KitchenLimits(),
        site=PublicSite(contact, (public_url,) if public_url else (), embed_origins),
    )
    cloud.enrol(KID, "The demo kitchen", TOKEN)
    with _any_port() as public, _any_port() as admin:
        ready = asyncio.Event()
        server = CloudServer(
            cloud,
            public,
            admin,
            public_url=URL(public_url) if public_url else None,
            proxies=proxies or TrustedProxies(),
            lists_kitchens=lists_kitchens,
            operator_header=operator_header,
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(server.run(ready.set, asyncio.Event()))
            await ready.wait()
            yield ServedCloud(
                cloud, cloud.app, own_address(public), own_address(admin), public.getsockname()[1]
            )
            running.cancel()


def _any_port() -> socket.socket:
    return listen("127.0.0.1", 0)
