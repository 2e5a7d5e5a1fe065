"""What one device serves on its one port: which routes, and over which of its parts."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from aiohttp import web

from likelight.daemon.device import Device
from likelight.daemon.health import health_routes
from likelight.feed.hls.routes import hls_routes
from likelight.feed.player import player_routes
from likelight.feed.routes import feed_routes
from likelight.runtime.clock import now_us

if TYPE_CHECKING:
    from likelight.daemon.metrics import FeedMetrics


def fill_site(app: web.Application, device: Device, bench: Sequence[web.RouteDef]) -> None:
    """Put the device's routes into `app`; the pages for viewers come with the embedded cloud.

    `bench` has the routes of the demo's bench; it is empty for a real kitchen.
    """
    cloud, kid, feed = device.embedded_cloud, device.kitchen, device.feed
    if cloud is not None:
        cloud.mount(app)
        app.add_routes([web.get("/", _redirect("/bench" if bench else f"/k/{kid}"))])
    app.add_routes(feed_routes(lambda asked: feed.hub if asked == kid else None))
    app.add_routes(hls_routes(lambda asked: feed.hls if asked == kid else None))
    app.add_routes(player_routes())
    app.add_routes(health_routes(device.health))
    app.add_routes([web.get("/metrics", _scraped(device))])
    if bench:
        app.add_routes(bench)


def _scraped(device: Device) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    def load() -> "FeedMetrics":
        from likelight.daemon.metrics import FeedMetrics  # noqa: PLC0415  see below

        camera, feed = device.camera, device.feed
        return FeedMetrics(
            feed.hub,
            now_us=now_us,
            camera=lambda: camera.status,
            restarts=lambda: camera.restarts,
            uploading=lambda: feed.upload is not None and feed.upload.uploading,
            outlets={"hls": lambda: feed.hls.demand.h264},
        )

    async def handler(_: web.Request) -> web.StreamResponse:
        # Prometheus' library comes with the first scrape: 1 MB that most kitchens never need. In a
        # thread, because a Zero 2 W needs most of a second to load it.
        metrics = await asyncio.to_thread(load)
        return metrics.exposition()

    return handler


def _redirect(path: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(_: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(path)

    return handler
