"""The relay's addresses: one for the upload, and every way to watch.

They are separate from the cloud's other addresses, because a cloud inside a device's web server
has no relay: that server has the device's own feed.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from likelight.feed.hls.routes import hls_routes
from likelight.feed.player import player_routes
from likelight.feed.routes import feed_routes
from likelight.runtime.store_errors import StoreError
from likelight.web.http.declared import with_problems
from likelight_cloud.app import CLOUD
from likelight_cloud.relay.relays import RELAYS, Relays
from likelight_cloud.relay.upload_route import get_feed

_PROBLEMS: Final = {
    503: "The cloud is starting, its database does not answer, or no picture came in time.",
}


def mount_relay(relays: Relays, app: web.Application) -> None:
    """Put the relay into `app`, which has the cloud: devices upload, and viewers watch here."""
    app[RELAYS] = relays
    app[CLOUD].relays_pictures = True
    app.add_routes([web.get("/v1/kitchens/{kid}/feed", get_feed, allow_head=False)])
    app.add_routes(_watch_routes(relays))


def _watch_routes(relays: Relays) -> list[web.RouteDef]:
    """Return every way to watch, under `/k/{kid}/`, and the player."""
    ways = (*feed_routes(relays.hub), *hls_routes(relays.hls))
    return [*_with_relay(relays, ways), *player_routes()]


def _with_relay(relays: Relays, routes: Iterable[web.RouteDef]) -> Iterator[web.RouteDef]:
    """Open the kitchen's relay before each of `routes` is answered; an unknown kitchen is a 404."""

    def opening(handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            cloud = request.app[CLOUD]
            if not cloud.ready.is_set():
                raise web.HTTPServiceUnavailable(headers={"Retry-After": "1"})
            try:
                kitchen = await cloud.kitchen(request.match_info["kid"])
            except StoreError as error:
                raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"}) from error
            relays.open(kitchen)
            return await handler(request)

        return with_problems(handler, handle, _PROBLEMS)

    for route in routes:
        yield web.RouteDef(route.method, route.path, opening(_function(route)), route.kwargs)


def _function(route: web.RouteDef) -> Handler:
    handler = route.handler
    assert not isinstance(handler, type)
    return handler
