"""What a person finds where there is nothing: the right address, or a page that says so.

A program gets the JSON problem as before.
"""

import re
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from likelight.contract import KITCHEN_ID
from likelight.web.http.problems import ProblemError
from likelight_cloud.page.languages import in_readers_language, pages
from likelight_cloud.page.templates import NOT_FOUND

_NOTHING: Final = pages(NOT_FOUND, said="nothing")
_NO_KITCHEN: Final = pages(NOT_FOUND, said="unknown")
_ALMOST: Final = re.compile(rf"(/k/{KITCHEN_ID}(?:/here)?|/embed/{KITCHEN_ID})/*", re.IGNORECASE)


@web.middleware
async def for_persons(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Send a browser on from another case or a slash at the end; else answer a 404 as a page."""
    try:
        return await handler(request)
    except (web.HTTPNotFound, ProblemError) as error:
        status = error.problem.status if isinstance(error, ProblemError) else error.status
        if status != HTTPStatus.NOT_FOUND or not _is_a_person(request):
            raise
    right = _right_path(request.path)
    if right is not None:
        query = f"?{request.query_string}" if request.query_string else ""
        raise web.HTTPPermanentRedirect(f"{right}{query}", headers={"Vary": "Accept"})
    in_kitchens = request.path.lower().startswith(("/k/", "/embed/"))
    response = in_readers_language(request, _NO_KITCHEN if in_kitchens else _NOTHING)
    response.set_status(HTTPStatus.NOT_FOUND)
    response.headers["Cache-Control"] = "no-store"
    return response


def _is_a_person(request: web.Request) -> bool:
    """A browser's own address bar asks for HTML; its scripts, and programs, do not."""
    reads = request.method in ("GET", "HEAD") and not request.path.startswith("/v1/")
    return reads and "text/html" in request.headers.get("Accept", "")


def _right_path(path: str) -> str | None:
    """Return the address that `path` means, None when it is right already or means none."""
    found = _ALMOST.fullmatch(path)
    if found is None:
        return None
    right = found[1].lower()
    return None if right == path else right
