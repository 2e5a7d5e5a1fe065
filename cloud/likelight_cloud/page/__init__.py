"""The page that viewers open: one HTML file, a few modules, no build step and no third party."""

from pathlib import Path

from aiohttp import web

from likelight.assets.look import look_files
from likelight.assets.served import page_route, read_folder, static_route

_FILES = {**look_files(), **read_folder(Path(__file__).parent / "static")}


def page_routes() -> list[web.RouteDef]:
    """Return `GET /k/{kid}` and the files that the page is made of.

    Every kitchen id gets the same page; the summary's 404 tells the page of an unknown one.
    """
    return [
        page_route("/k/{kid:[a-z0-9][a-z0-9-]{0,39}}", _FILES["kitchen.html"]),
        static_route("/static/page", _FILES),
    ]
