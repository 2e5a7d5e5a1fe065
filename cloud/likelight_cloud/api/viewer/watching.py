"""`POST /v1/kitchens/{kid}/watching`: a page reports that it is open."""

from aiohttp import web

from likelight.contract import WatchingRequest
from likelight.web.http.body import read_body
from likelight.web.http.declared import Part, declares
from likelight_cloud.app import CLOUD, IN_KITCHEN


@declares(
    Part.VIEWER,
    "A page is open, or is being left",
    {204: None},
    IN_KITCHEN,
    request=WatchingRequest,
)
async def post_watching(request: web.Request) -> web.Response:
    """Count a view for 40 s, or no more. Its id lives in the page's memory and here only."""
    kitchen = await request.app[CLOUD].kitchen(request.match_info["kid"])
    watching = await read_body(request, WatchingRequest)
    kitchen.watch(watching.view, end=watching.end)
    return web.Response(status=204, headers={"Cache-Control": "no-store"})
