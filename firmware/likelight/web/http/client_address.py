"""The client of a request, also behind proxies: limits count for its address."""

from aiohttp import web

from likelight.web.http.proxies import Address, TrustedProxies, peer_of

PROXIES: web.AppKey[TrustedProxies] = web.AppKey("proxies", TrustedProxies)
"""Where an application's handlers find the proxies before it."""


def client_of(request: web.Request) -> Address | None:
    """Return the client's address; None for a request over a unix socket."""
    peer = _peer(request)
    if peer is None:
        return None
    return request.app[PROXIES].client(peer, request.headers.getall("X-Forwarded-For", ()))


def came_by_proxy(request: web.Request) -> bool:
    """Return whether a listed proxy passed the request on."""
    peer = _peer(request)
    return peer is not None and request.app[PROXIES].lists(peer)


def _peer(request: web.Request) -> Address | None:
    transport = request.transport
    return peer_of(transport.get_extra_info("peername") if transport else None)
