"""The page that viewers open: one HTML file, a few modules, no build step and no third party."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from likelight.web.http.look_files import look_files
from likelight.web.http.static_files import read_folder, static_route
from likelight_cloud.page.languages import in_reader_s_language, pages

_STATIC = Path(__file__).parent / "static"
_TEMPLATE = "kitchen.html"
_FILES = {**look_files(), **read_folder(_STATIC)}
_PAGES = pages(_FILES.pop(_TEMPLATE).plain.decode())


def page_routes(known: Callable[[str], Awaitable[bool]]) -> list[web.RouteDef]:
    """Return `GET /k/{kid}` and the files that the page is made of.

    A kitchen that is not `known` gets the same page, as a 404: the page says so in the reader's
    language once the summary has answered 404, too.
    """

    async def kitchen(request: web.Request) -> web.Response:
        response = in_reader_s_language(request, _PAGES)
        if response.status == HTTPStatus.OK and not await known(request.match_info["kid"]):
            response.set_status(HTTPStatus.NOT_FOUND)
            response.headers["Cache-Control"] = "no-store"
        return response

    return [
        web.get("/k/{kid:[a-z0-9][a-z0-9-]{0,39}}", kitchen),
        static_route("/static/page", _FILES),
    ]
