"""How the fleet's pages are answered: never cached, indexed or framed."""

import gzip
from collections.abc import Awaitable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from jinja2 import Template

from likelight.web.http.encoding import accepts_gzip
from likelight.web.http.problems import ProblemError
from likelight.web.http.reply_headers import PAGE_POLICY
from likelight_cloud.fleet_page.templates import REFUSED

PRIVATE: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
"""The headers of all that only operators may read."""


def page(template: Template, *, status: int = 200, **values: object) -> web.Response:
    """Return the page that `template` makes of `values`."""
    return web.Response(
        status=status,
        text=template.render(values),
        content_type="text/html",
        headers={**PRIVATE, "Content-Security-Policy": PAGE_POLICY},
    )


def packed(request: web.Request, response: web.Response) -> web.Response:
    """Return `response` gzipped where the client accepts that, else as it is."""
    response.headers["Vary"] = "Accept-Encoding"
    if accepts_gzip(request) and isinstance(response.body, bytes):
        response.body = gzip.compress(response.body, compresslevel=5)
        response.headers["Content-Encoding"] = "gzip"
    return response


def see_other(path: str) -> web.Response:
    """Return what leads a browser on to `path` after a form: a reload does not send it again."""
    return web.Response(status=303, headers={**PRIVATE, "Location": path})


@web.middleware
def for_operators(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Answer a refusal under /fleet as a page to a browser."""
    path, accepts = request.path, request.headers.get("Accept", "")
    as_page = (path == "/fleet" or path.startswith("/fleet/")) and "text/html" in accepts
    return _told(request, handler) if as_page else handler(request)


async def _told(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ProblemError as error:
        refused = page(REFUSED, status=error.problem.status, detail=error.problem.detail or "")
        refused.headers.update(error.headers)
        return refused
