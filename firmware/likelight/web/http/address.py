"""Where a server is found: by its own machine, and by a phone on its network."""

import ipaddress
import socket

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


def phone_address(host: str, port: int) -> str | None:
    """Return the URL that a phone on this network opens; None where only this machine is let in."""
    try:
        alone = ipaddress.ip_address(host).is_loopback
    except ValueError:
        alone = host == "localhost"
    return None if alone else shown_address(host, port)


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
