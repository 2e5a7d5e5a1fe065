"""What one device serves on its one port: which routes, and over which of its parts."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

from likelight.daemon.device import Device, now_us
from likelight.daemon.health import health_routes
from likelight.feed.hls.routes import hls_routes
from likelight.feed.player import player_routes
from likelight.feed.routes import feed_routes
from likelight.web.http.address import at_our_own_name

if TYPE_CHECKING:
    from likelight.daemon.demo_bench import DemoBench
    from likelight.daemon.metrics import FeedMetrics


def fill_site(app: web.Application, device: Device, bench: "DemoBench | None") -> None:
    """Put the device's routes into `app`; the pages for viewers come with the embedded cloud."""
    own_cloud, kid = device.own_cloud, device.config.kitchen.id
    if own_cloud is not None:
        own_cloud.mount(app)
        app.add_routes([web.get("/", _redirect("/bench" if bench else f"/k/{kid}"))])
    app.add_routes(feed_routes(lambda asked: device.hub if asked == kid else None))
    app.add_routes(hls_routes(lambda asked: device.hls if asked == kid else None))
    app.add_routes(player_routes())
    app.add_routes(health_routes(device.health))
    app.add_routes([web.get("/metrics", _scraped(device))])
    if bench is not None:
        # It has the crew's buttons.
        settings = device.config.web
        app.middlewares.append(at_our_own_name(settings.host, settings.port, "/bench"))
        app.add_routes(bench.routes())


def _scraped(device: Device) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    def load() -> "FeedMetrics":
        from likelight.daemon.metrics import FeedMetrics  # noqa: PLC0415  see below

        return FeedMetrics(
            device.hub,
            now_us=now_us,
            camera=lambda: device.camera.status,
            restarts=lambda: device.camera.restarts,
            uploading=lambda: device.upload is not None and device.upload.uploading,
            outlets={"hls": lambda: device.hls.demand.h264},
        )

    async def handler(_: web.Request) -> web.StreamResponse:
        # Prometheus' library comes with the first scrape: 1 MB that most kitchens never need. In a
        # thread, for a Zero 2 W reads it for a good part of a second.
        metrics = await asyncio.to_thread(load)
        return metrics.exposition()

    return handler


def _redirect(path: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(_: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(path)

    return handler
