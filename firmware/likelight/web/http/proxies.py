"""The listed proxies in front of a server, and the clients whose requests they pass on.

Anybody can send `X-Forwarded-For`. It counts from a listed proxy only, and of the addresses in it
the last one that is not a listed proxy's: each proxy appends the address that it was connected
from.
"""

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_IPV6_PREFIX_BYTES = 8


def proxy_network(text: str) -> Network:
    """Return the addresses that `text` names: one, or a range in CIDR notation.

    Raises `ValueError` with a sentence for the operator.
    """
    try:
        network = ipaddress.ip_network(text.strip())
    except ValueError as error:
        raise ValueError(
            f"{text!r} is not the address of a proxy; write one such as 10.0.0.7, or a range such "
            "as 10.0.0.0/24"
        ) from error
    if network.prefixlen == 0:
        raise ValueError(f"{text!r} is everybody; list only your own proxies")
    return network


def prefix(address: Address) -> bytes:
    """Return what one customer of a provider has: the IPv4 address, or the /64 of an IPv6 one."""
    return address.packed if address.version == 4 else address.packed[:_IPV6_PREFIX_BYTES]


def network_of(address: Address) -> str:
    """Return the network of `address` for a person to read, such as 203.0.113.0/24: IPv4 /24, IPv6
    /64, and no whole address."""
    length = 24 if address.version == 4 else 8 * _IPV6_PREFIX_BYTES
    return str(ipaddress.ip_network((address, length), strict=False))


class TrustedProxies:
    """The listed proxies: what they say of their clients' addresses counts."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._networks = tuple(networks)

    def lists(self, address: Address) -> bool:
        """Return whether `address` is a listed proxy's."""
        return any(address in network for network in self._networks)

    def client(self, peer: Address, forwarded: Iterable[str]) -> Address:
        """Return the address of the client behind the connection from `peer`.

        `forwarded` are the values of `X-Forwarded-For`, in their order. Where one can't be read,
        the request counts for the proxy that passed it on.
        """
        hops = [hop for value in forwarded for hop in value.split(",")]
        client = peer
        while hops and self.lists(client):
            hop = _address(hops.pop())
            if hop is None:
                break
            client = hop
        return client


def peer_of(transport_peer: object) -> Address | None:
    """Return the address in a transport's `peername`; None for a unix socket."""
    match transport_peer:
        case (str(host), *_):
            return _address(host)
        case _:
            return None


def _address(text: str) -> Address | None:
    """Return the address in `text`, which may have a port, brackets or a zone."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    # A socket for both families shows an IPv4 peer as ::ffff:192.0.2.1.
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
