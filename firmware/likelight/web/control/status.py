"""`GET /status`: which device this is, and how it is, for commands."""

from collections.abc import Callable
from typing import Any

from aiohttp import web


def status_routes(status: Callable[[], dict[str, Any]]) -> list[web.RouteDef]:
    """Return the route; `status` gives what can be written as JSON."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(status())

    return [web.get("/status", answer)]
