"""A server of the feed on a free port, its hub, and what the hub is asked for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from aiohttp import web

from likelight.contract import State
from likelight.feed.hls.hls import Hls
from likelight.feed.hls.routes import hls_routes
from likelight.feed.hub import Hub
from likelight.feed.outlets import Demand
from likelight.feed.placeholders import Placeholder
from likelight.feed.player import player_routes
from likelight.feed.routes import feed_routes
from likelight.web.http.proxies import TrustedProxies
from likelight.web.http.server import new_application
from support.pictures import HEIGHT, WIDTH, Unit, jpeg, one_keyframe
from support.waiting import WITHIN_S

SHADES = {State.IDLE: 40, State.PRIVATE: 60, State.FAULT: 80, State.OFF: 100}
"""Luma of the placeholders that `hub_with_placeholders` knows."""


class Demands:
    """Keeps what the hub said about its viewers, and waits for what it shall say."""

    def __init__(self) -> None:
        self.heard: list[Demand] = []
        self._changed = asyncio.Event()

    def hear(self, demand: Demand) -> None:
        self.heard.append(demand)
        self._changed.set()

    async def until(self, demand: Demand, within: float = WITHIN_S) -> None:
        """Return once the newest is `demand`, whatever rendition a busy machine's line has."""
        async with asyncio.timeout(within):
            while self._of_main() != demand:
                self._changed.clear()
                await self._changed.wait()

    def _of_main(self) -> Demand:
        newest = (self.heard or [Demand()])[-1]
        return replace(newest, renditions=frozenset(), jpegs=frozenset())


@dataclass(frozen=True)
class Kitchen:
    """A hub behind a real server on port 0."""

    hub: Hub
    demands: Demands
    host: str
    port: int
    server: web.Server

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def cut_all(self) -> None:
        """End every connection, as a failing network does."""
        for connection in list(self.server.connections):
            if connection.transport is not None:
                connection.transport.abort()

    def roll(self, units: list[Unit]) -> None:
        """Push `units` as the camera's, captured just now."""
        for unit in units:
            self.hub.publish(unit.data, keyframe=unit.keyframe, captured_us=now_us())


def now_us() -> int:
    """Wall time in microseconds since the epoch, derived from the loop's own clock."""
    return 1_790_000_000_000_000 + int(asyncio.get_running_loop().time() * 1_000_000)


def hub_with_placeholders(demands: Demands) -> Hub:
    """Return a hub that knows a placeholder for each state of `SHADES`; PRIVATE is smaller."""
    hub = Hub(now_us=now_us, on_demand=demands.hear)
    for state, shade in SHADES.items():
        width, height = (256, 128) if state is State.PRIVATE else (WIDTH, HEIGHT)
        hub.set_placeholder(
            Placeholder.from_keyframe(
                state,
                one_keyframe(shade, width=width, height=height),
                jpeg(shade, width=width, height=height),
                width,
                height,
            )
        )
    return hub


@asynccontextmanager
async def kitchen(
    *extra: web.RouteDef, proxies: TrustedProxies | None = None
) -> AsyncIterator[Kitchen]:
    """Serve a hub as kitchen `demo`, with its component running."""
    demands = Demands()
    hub = hub_with_placeholders(demands)
    hls = Hls(hub, epoch="an-epoch")
    app = new_application(proxies=proxies)
    app.add_routes(feed_routes({"demo": hub}.get))
    app.add_routes(hls_routes({"demo": hls}.get))
    app.add_routes(player_routes())
    app.add_routes(extra)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        async with asyncio.TaskGroup() as group:
            component = group.create_task(hub.run())
            try:
                assert runner.server is not None
                yield Kitchen(hub, demands, host, port, runner.server)
            finally:
                component.cancel()
    finally:
        await runner.cleanup()
