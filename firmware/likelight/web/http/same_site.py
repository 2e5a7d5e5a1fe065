"""Other sites may neither write in a viewer's name nor read a stream: unsafe methods and WebSockets
come from our own pages, or from programs that are not browsers and so send neither header."""

import logging
from collections.abc import Awaitable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from likelight.runtime.paced_log import PacedLog
from likelight.runtime.printable import printable
from likelight.web.http.own_names import OwnNames
from likelight.web.http.problems import ProblemError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN = frozenset({"same-origin", "none"})

log = logging.getLogger(__name__)


def same_site_only(names: OwnNames) -> Middleware:
    """Return a middleware that answers 403 to what a page of another origin asked a browser for.

    Own origins are that of the request itself, and those of the public URLs in `names`.
    """
    refusals = PacedLog(log)

    @web.middleware
    def at_own_site(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        if _own(request, names):
            return handler(request)
        refusals.say(
            "Refused what a page at %s asked of this server at %s://%s. If that page is its own, a "
            "proxy in front changes the address: add the page's, with its scheme and port, to %s",
            printable(request.headers.get("Origin", "another site")),
            request.scheme,
            printable(request.host),
            names.option,
        )
        raise ProblemError(
            403, "A page of another site asked for this. Open the kitchen's own page instead."
        )

    return at_own_site


def _own(request: web.Request, names: OwnNames) -> bool:
    socket = request.headers.get("Upgrade", "").lower() == "websocket"
    if request.method in SAFE_METHODS and not socket:
        return True
    # Browsers leave Sec-Fetch-Site out on plain http to other hosts than their own.
    site = request.headers.get("Sec-Fetch-Site")
    if site in OWN:
        return True
    # Browsers need not agree on what wss is to an https page, so of a WebSocket Origin decides.
    if site is not None and not socket:
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    parts = _parts(origin)
    own = (f"{request.scheme}://{request.host}", *names.public_urls)
    return parts is not None and parts in map(_parts, own)


def _parts(origin: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port, which may be the scheme's usual one; None for no origin."""
    try:
        url = URL(origin)
    except ValueError:
        return None
    if not url.host or not url.port or url.user is not None or url.raw_path_qs != "/":
        return None
    return url.scheme, url.host, url.port
