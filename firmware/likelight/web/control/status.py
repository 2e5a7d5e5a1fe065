"""`GET /status`: which device this is, and how it is, for commands."""

from collections.abc import Callable

from aiohttp import web

from likelight.web.control.messages import StatusAnswer
from likelight.web.http import body


def status_routes(status: Callable[[], StatusAnswer]) -> list[web.RouteDef]:
    """Return the route; `status` returns how the device is now."""

    async def answer(_: web.Request) -> web.Response:
        return body.json_answer(status())

    return [web.get("/status", answer)]
