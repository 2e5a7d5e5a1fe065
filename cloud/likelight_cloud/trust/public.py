"""The address that viewers open, where something with TLS stands before the cloud.

What ends TLS speaks plain HTTP to the cloud, often under a name of its own. A cookie would then
lack `Secure` and its `__Host-` prefix, and a write from the page itself would look like another
site's. Headers that tell the first scheme and host (`Forwarded` and its like) can be made up by
anybody, so the address is a setting.
"""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL


def as_seen_at(public: URL) -> Middleware:
    """Return a middleware, to be the outermost: every request has `public`'s scheme and host."""

    @web.middleware
    async def seen(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request.clone(scheme=public.scheme, host=public.authority))

    return seen
