"""Where a server is found: by its own machine, and by a phone on its network."""

import ipaddress
import socket

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  asked about, not bound
"""What listens on every address, and where this machine reaches it."""


def own_address(listener: socket.socket) -> str:
    """Return the URL at which this machine reaches its own `listener`, bound to TCP.

    It uses the address that was bound: a name like localhost may mean IPv4, IPv6 or both.
    """
    host, port = listener.getsockname()[:2]
    return url_of(host, port)


def url_of(host: str, port: int) -> str:
    """Return the URL at which this machine reaches its own server on `host` and `port`."""
    return _url(EVERYWHERE.get(host, host), port)


def shown_address(host: str, port: int) -> str:
    """Return the URL to show people; a phone can open it if the server listens on all addresses."""
    return _url(_outgoing_address() if host in EVERYWHERE else host, port)


def at_our_own_name(host: str, port: int, path: str) -> Middleware:
    """Return a middleware that answers 421 for `path` and below unless the name is our own.

    `host` and `port` are what the server listens on. A site can point its own name at this machine
    (DNS rebinding). A browser then takes its page for one of ours, and lets it do what ours may do.
    No site can have an address, a name without a dot or one in .local.
    """

    @web.middleware
    async def at_own_name(request: web.Request, handler: Handler) -> web.StreamResponse:
        guarded = request.path == path or request.path.startswith(f"{path}/")
        if not guarded or _is_ours(request.headers.get("Host", ""), host):
            return await handler(request)
        raise web.HTTPMisdirectedRequest(
            text=f"Open it at an address of this machine: {shown_address(host, port)}{path}"
        )

    return at_own_name


def _is_ours(authority: str, host: str) -> bool:
    try:
        name = (URL.build(scheme="http", authority=authority).host or "").rstrip(".").lower()
    except ValueError:
        return False
    if name in (host.lower(), socket.gethostname().lower()):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return "." not in name or name.endswith((".local", ".localhost"))
    return True


def _outgoing_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probing:
        try:
            # Sends nothing: a datagram socket's connect only chooses the outgoing address.
            probing.connect(("192.0.2.1", 9))
        except OSError:
            return socket.gethostname()
        return str(probing.getsockname()[0])


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
