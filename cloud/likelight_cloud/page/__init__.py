"""The page that viewers open: one HTML file, a few modules, no build step and no third party."""

from pathlib import Path

from aiohttp import web

from likelight.assets.look import look_files
from likelight.assets.served import read_folder, static_route
from likelight_cloud.page.languages import language_of, pages

_STATIC = Path(__file__).parent / "static"
_TEMPLATE = "kitchen.html"
_FILES = {**look_files(), **read_folder(_STATIC)}
_PAGES = pages(_FILES.pop(_TEMPLATE).plain.decode())


async def _kitchen(request: web.Request) -> web.Response:
    """Answer with the page in the reader's language."""
    response = _PAGES[language_of(request)].reply(request)
    response.headers["Vary"] = "Accept-Encoding, Accept-Language"
    return response


def page_routes() -> list[web.RouteDef]:
    """Return `GET /k/{kid}` and the files that the page is made of.

    Every kitchen id gets the same page; the summary's 404 tells the page of an unknown one.
    """
    return [
        web.get("/k/{kid:[a-z0-9][a-z0-9-]{0,39}}", _kitchen),
        static_route("/static/page", _FILES),
    ]
