"""Other sites may not write in a viewer's name: unsafe methods come from our own pages, or from
programs that are not browsers and so send neither header."""

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from likelight.web.http.problems import ProblemError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN = frozenset({"same-origin", "none"})

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@web.middleware
async def same_site_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 403 to a write that a page of another origin asked a browser for."""
    if request.method not in SAFE_METHODS and not _own(request):
        raise ProblemError(
            403, "Another site asked for this change. Open the kitchen's own page to make it."
        )
    return await handler(request)


def _own(request: web.Request) -> bool:
    # Browsers leave Sec-Fetch-Site out on plain http to other hosts than their own.
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in OWN
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    try:
        scheme, host, *_ = urlsplit(origin)
    except ValueError:
        return False
    default = _DEFAULT_PORTS.get(scheme, "")
    return bool(host) and host.lower().removesuffix(default) == (
        request.host.lower().removesuffix(default)
    )
