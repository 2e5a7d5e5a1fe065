"""The address that viewers open, when a proxy with TLS stands in front of the cloud.

The proxy that ends TLS speaks plain HTTP to the cloud, often under another host name. A cookie
would then lack `Secure` and its `__Host-` prefix, and a write from the page itself would look like
another site's. Anybody can send headers that name the first scheme and host (`Forwarded` and
`X-Forwarded-*`), so the address is a setting.
"""

from collections.abc import Awaitable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL


def with_public_address(public: URL) -> Middleware:
    """Return a middleware, to be the outermost: every request has `public`'s scheme and host."""

    @web.middleware
    def at_public_address(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        # Without the target's own scheme and host, which a client may send in HTTP/1.1.
        public_request = request.clone(
            rel_url=request.rel_url, scheme=public.scheme, host=public.authority
        )
        return handler(public_request)

    return at_public_address
