"""The page that viewers open: one HTML file, a few modules, no build step and no third party."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from likelight.web.http.look_files import look_files
from likelight.web.http.static_files import ServedFile, read_folder, static_route
from likelight_cloud.page.languages import in_readers_language, pages

_STATIC = Path(__file__).parent / "static"
_TEMPLATE = "kitchen.html"
_FILES = {**look_files(), **read_folder(_STATIC)}
_HTML = _FILES.pop(_TEMPLATE).plain.decode()
_PLAYER = "".join(
    f'<link rel="modulepreload" href="/player/{name}.js">\n'
    for name in (
        "age",
        "boxes",
        "captures",
        "fetch",
        "hls",
        "liveedge",
        "mjpeg",
        "mse",
        "player",
        "snapshot",
        "socket",
        "video",
    )
)
_PAGES = pages(_HTML, first="waking", markup={"place": "page", "player": _PLAYER, "robots": ""})
_HERE = pages(
    _HTML,
    first="here",
    markup={"place": "here", "player": "", "robots": '<meta name="robots" content="noindex">\n'},
)


def page_routes(known: Callable[[str], Awaitable[bool]]) -> list[web.RouteDef]:
    """Return `GET /k/{kid}`, the same without a picture at `/k/{kid}/here` for guests in the house,
    and the files that both are made of.

    A kitchen that is not `known` gets the same page, as a 404: the page says so in the reader's
    language once the summary has answered 404, too.
    """

    async def kitchen(request: web.Request) -> web.Response:
        return await of_a_kitchen(request, _PAGES)

    async def here(request: web.Request) -> web.Response:
        response = await of_a_kitchen(request, _HERE)
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    async def of_a_kitchen(request: web.Request, page: Mapping[str, ServedFile]) -> web.Response:
        response = in_readers_language(request, page)
        if response.status == HTTPStatus.OK and not await known(request.match_info["kid"]):
            response.set_status(HTTPStatus.NOT_FOUND)
            response.headers["Cache-Control"] = "no-store"
        return response

    return [
        web.get("/k/{kid:[a-z0-9][a-z0-9-]{0,39}}", kitchen),
        web.get("/k/{kid:[a-z0-9][a-z0-9-]{0,39}}/here", here),
        static_route("/static/page", _FILES),
    ]
