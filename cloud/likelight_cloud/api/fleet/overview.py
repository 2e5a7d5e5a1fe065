"""`GET /fleet`: how the kitchens are."""

from aiohttp import web

from likelight.web.http.declared import Part, declares
from likelight_cloud.api.fleet.reply import page
from likelight_cloud.api.fleet.who import OperatorCheck
from likelight_cloud.app import BUSY, CLOUD
from likelight_cloud.fleet_page import templates


def overview_routes(check: OperatorCheck) -> list[web.RouteDef]:
    """Return the page of the whole fleet."""

    @declares(
        Part.FLEET,
        "How the kitchens are; leads to the login who is not logged in",
        {200: "text/html", 303: None},
        BUSY,
        operator=True,
    )
    async def get_fleet(request: web.Request) -> web.Response:
        operator = await check.by_page(request)
        kitchens = await request.app[CLOUD].store.kitchens()
        return page(templates.FLEET, operator=operator, kitchens=len(kitchens))

    return [web.get("/fleet", get_fleet)]
