"""What one device serves on its one port: which routes, and over which of its parts."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from likelight.device import Device, now_us
from likelight.feed.hls.routes import hls_routes
from likelight.feed.player import player_routes
from likelight.feed.routes import feed_routes
from likelight.web.bench import bench_routes
from likelight.web.demo_bench import DemoBench
from likelight.web.health import health_routes
from likelight.web.loglines import LogLines
from likelight.web.metrics import FeedMetrics, metrics_routes
from likelight_hw.sim.button import SimButton
from likelight_hw.sim.display import SimDisplay


def make_site(device: Device, bench: DemoBench | None) -> web.Application:
    """Build the application; the pages for viewers come with the embedded cloud."""
    app = web.Application()
    own_cloud, kid = device.own_cloud, device.config.kitchen.id
    if own_cloud is not None:
        own_cloud.mount(app)
        app.add_routes([web.get("/", _redirect("/bench" if bench else f"/k/{kid}"))])
    app.add_routes(feed_routes(lambda asked: device.hub if asked == kid else None))
    app.add_routes(hls_routes(lambda asked: device.hls if asked == kid else None))
    app.add_routes(player_routes())
    app.add_routes(health_routes(device.health))
    app.add_routes(metrics_routes(_metrics(device)))
    if bench is not None:
        app.add_routes(bench_routes(bench))
    return app


def make_bench(device: Device, lines: LogLines) -> DemoBench | None:
    """Return the bench over the simulated hardware, None where some of it is real."""
    display, thanks, privacy = device.display, device.thanks, device.privacy
    if not (
        isinstance(display, SimDisplay)
        and isinstance(thanks, SimButton)
        and isinstance(privacy, SimButton)
    ):
        return None
    display.on_show = device.changes.bump
    return DemoBench(
        lamp=device.lamp,
        on_air=device.on_air,
        window_in=device.window_in,
        hub=device.hub,
        display=display,
        buttons={"thanks": thanks, "privacy": privacy},
        lines=lines,
        changes=device.changes,
    )


def _metrics(device: Device) -> FeedMetrics:
    return FeedMetrics(
        device.hub,
        now_us=now_us,
        camera=lambda: device.camera.status,
        restarts=lambda: device.camera.restarts,
        uploading=lambda: device.upload is not None and device.upload.uploading,
        outlets={"hls": lambda: device.hls.demand.h264},
    )


def _redirect(path: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(_: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(path)

    return handler
