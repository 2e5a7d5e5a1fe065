"""Where messages may go: public addresses, and those that the operator allows."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable

from aiohttp.abc import AbstractResolver, ResolveResult

from likelight.web.http.proxies import Address, Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class RefusedAddressError(OSError):
    """A webhook's host has an address to which nothing may be sent."""


class CheckedAddresses(AbstractResolver):
    """Resolves names, and returns the addresses only if all of them may be connected to.

    aiohttp connects to what is returned here and asks nobody again, so that an answer that changes
    meanwhile (DNS rebinding) leads nowhere.
    """

    def __init__(self, allowed: Iterable[Network] = ()) -> None:
        self._allowed = tuple(allowed)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for *_, address in found:
            self.check(str(address[0]))
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, proto, _, address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""

    def check(self, text: str) -> None:
        """Raise `RefusedAddressError` where nothing may be sent to the address `text`."""
        address = ipaddress.ip_address(text.partition("%")[0])
        if any(address in network for network in self._allowed):
            return
        if not _is_public(address):
            raise RefusedAddressError(
                f"{address} is not a public address; allow it with --webhook-allow {address} if it "
                "is meant"
            )


def _is_public(address: Address) -> bool:
    """Return whether `address`, and the IPv4 one inside it, belong to the internet."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(address.packed[-4:])
        if inner is not None:
            return _is_public(inner)
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved
