"""The page that viewers open: one HTML file, a few modules, no build step and no third party."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from likelight.problem import ProblemType
from likelight.web.http.look_files import look_files
from likelight.web.http.problems import ProblemError
from likelight.web.http.static_files import ServedFile, read_folder, static_route
from likelight_cloud.page.around import around_routes
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
    the files that both are made of, and what browsers ask for beside them.

    A kitchen that is not `known` is a 404.
    """

    async def kitchen(request: web.Request) -> web.Response:
        return await of_a_kitchen(request, _PAGES)

    async def here(request: web.Request) -> web.Response:
        response = await of_a_kitchen(request, _HERE)
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    async def of_a_kitchen(request: web.Request, page: Mapping[str, ServedFile]) -> web.Response:
        kid = request.match_info["kid"]
        if not await known(kid):
            raise ProblemError(
                HTTPStatus.NOT_FOUND,
                f"There is no kitchen called {kid} here.",
                type=ProblemType.KITCHEN,
            )
        return in_readers_language(request, page)

    return [
        web.get("/k/{kid:[a-z0-9][a-z0-9-]{0,39}}", kitchen),
        web.get("/k/{kid:[a-z0-9][a-z0-9-]{0,39}}/here", here),
        static_route("/static/page", _FILES),
        *around_routes(_FILES["favicon.ico"]),
    ]
