"""How a store's device reaches the network: eight columns of the list, which no cloud needs."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

NETWORK = ("ssid", "security", "passphrase", "identity", "hidden", "address", "gateway", "dns")
MOST_SSID_BYTES = 32
_HEX = "hex:"
"""Begins the name of a network in hex digits, for one that is not text."""
_PMK = re.compile(r"[0-9A-Fa-f]{64}")
_MANGLED = re.compile(r"#(NAME|VALUE|REF|NUM|NULL|N/A|DIV/0)[?!]?|[0-9]([.,][0-9]+)?E[+-][0-9]+")
"""What Excel makes of a text that it takes for a formula or a number."""
_SWITCH = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_AS_TEXT = "Excel has made this of it: format the column as text, and type it again"


class Security(StrEnum):
    """How a Wi-Fi network lets a device in."""

    WPA2 = "wpa2"
    WPA3 = "wpa3"
    ENTERPRISE = "enterprise"
    """802.1X: PEAP with MSCHAPv2."""
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Wifi:
    """A Wi-Fi network."""

    ssid: bytes
    """1 to 32 of any value."""
    security: Security
    passphrase: str = field(default="", repr=False)
    """Empty on an open network. With WPA2 it may be the 64 hex digits of the key."""
    identity: str = ""
    """Who logs in, with 802.1X."""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class FixedAddress:
    """The address of a device in a network without DHCP."""

    interface: ipaddress.IPv4Interface
    gateway: ipaddress.IPv4Address
    dns: tuple[ipaddress.IPv4Address, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """Without `wifi` it is a cable's; without `fixed` the address comes by DHCP."""

    wifi: Wifi | None = None
    fixed: FixedAddress | None = None


def network_mistakes(cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield column and words of each mistake in a row's cells as they were typed.

    No word repeats a passphrase, an identity or the name of a network.
    """
    yield from _wifi_mistakes(cells)
    yield from _address_mistakes({name: cell.strip() for name, cell in cells.items()})


def network_of(cells: Mapping[str, str]) -> Network:
    """Return the network that cells without a mistake describe."""
    cell = {name: cells.get(name, "").strip() for name in NETWORK}
    wifi = fixed = None
    if cell["ssid"]:
        wifi = Wifi(
            _ssid(cells["ssid"]),
            Security(cell["security"].lower()),
            cells.get("passphrase", ""),
            cell["identity"],
            _SWITCH.get(cell["hidden"].lower(), False),
        )
    if cell["address"]:
        fixed = FixedAddress(
            ipaddress.IPv4Interface(cell["address"]),
            ipaddress.IPv4Address(cell["gateway"]),
            tuple(map(ipaddress.IPv4Address, _several(cell["dns"]))),
        )
    return Network(wifi, fixed)


def _wifi_mistakes(cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    cell = {name: cells.get(name, "") for name in NETWORK}
    if not cell["ssid"].strip():
        filled = [name for name in NETWORK[1:5] if cell[name].strip()]
        # `hidden` may be a column of no for every store.
        if filled and filled != ["hidden"]:
            yield "ssid", f"it is empty, and {filled[0]} is not: write the Wi-Fi network's name"
        return
    if words := _wrong_ssid(cell["ssid"]):
        yield "ssid", words
    if (hidden := cell["hidden"].strip().lower()) and hidden not in _SWITCH:
        yield "hidden", "it is neither yes nor no: write one of them"
    try:
        security = Security(cell["security"].strip().lower())
    except ValueError:
        yield "security", f"write one of {', '.join(Security)}"
        return
    if words := _wrong_passphrase(security, cell["passphrase"]):
        yield "passphrase", words
    identity = cell["identity"].strip()
    if security is Security.ENTERPRISE and not identity:
        yield "identity", "it is empty: write who logs in, as in store17@example.com"
    elif security is not Security.ENTERPRISE and identity:
        yield "identity", "only security enterprise has one: delete it, or write enterprise"
    elif not identity.isprintable():
        yield "identity", "there is a character in it that can't be seen: type it again"


def _wrong_ssid(cell: str) -> str | None:
    if _MANGLED.fullmatch(cell.strip()):
        return _AS_TEXT
    if cell != cell.strip() or not cell.isprintable():
        return (
            "it begins or ends with a blank, or has a character that can't be seen: delete that; "
            "if the network's name has it, write the name in hex, as in hex:4b6974"
        )
    try:
        length = len(_ssid(cell))
    except ValueError:
        return "behind hex: stand two digits for each byte, 0 to 9 and a to f, as in hex:4b6974"
    if not 1 <= length <= MOST_SSID_BYTES:
        return (
            f"it has {length} bytes, and a Wi-Fi network's name has 1 to {MOST_SSID_BYTES} "
            "(letters such as ü have 2, emoji 4): type it as the network has it"
        )
    return None


def _ssid(cell: str) -> bytes:
    return bytes.fromhex(cell[len(_HEX) :]) if cell.startswith(_HEX) else cell.encode()


def _wrong_passphrase(security: Security, cell: str) -> str | None:
    if security is Security.OPEN:
        return "an open network has none: delete it, or write its security" if cell else None
    if not cell:
        return f"it is empty, and security is {security}: write the network's passphrase"
    if _MANGLED.fullmatch(cell):
        return _AS_TEXT
    if cell != cell.strip() or not cell.isprintable():
        return (
            "it begins or ends with a blank, or has a character that can't be seen: delete that, "
            "or choose another passphrase"
        )
    if security is Security.ENTERPRISE:
        return None if len(cell) <= 256 else "it has more than 256 letters: type it again"
    length = len(cell.encode())
    if 8 <= length <= 63 or (security is Security.WPA2 and _PMK.fullmatch(cell)):
        return None
    if length == 64 and _PMK.fullmatch(cell):
        return "it is a WPA2 key, which WPA3 can't use: write the passphrase"
    return f"it has {length} letters, and a passphrase has 8 to 63: type it again"


def _address_mistakes(cell: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    address, gateway, dns = (cell.get(name, "") for name in NETWORK[5:])
    if not address:
        for name in ("gateway", "dns"):
            if cell.get(name):
                yield "address", f"it is empty, and {name} is not: write it, as in 192.0.2.21/24"
                return
        return
    try:
        interface = ipaddress.IPv4Interface(address if "/" in address else "")
    except ValueError:
        yield "address", "write four numbers and the network's length, as in 192.0.2.21/24"
        return
    network = interface.network
    own = network.prefixlen < 31 and interface.ip in (network.network_address, network[-1])
    if own or not _is_a_hosts(interface.ip):
        yield "address", "no device can have this one: write the device's own, as in 192.0.2.21/24"
    try:
        router = ipaddress.IPv4Address(gateway)
    except ValueError:
        yield "gateway", "write the router's address, as in 192.0.2.1"
    else:
        if router not in network or router == interface.ip:
            yield "gateway", f"it is not another address in {network}: write the router's"
    try:
        if not all(map(_is_a_hosts, servers := [*map(ipaddress.IPv4Address, _several(dns))])):
            servers = []
    except ValueError:
        servers = []
    if not servers:
        yield "dns", "write the name servers' addresses with a space between, as in 192.0.2.53"


def _is_a_hosts(address: ipaddress.IPv4Address) -> bool:
    return not (address.is_loopback or address.is_multicast or address.is_unspecified)


def _several(cell: str) -> list[str]:
    return re.split(r"[\s,;]+", cell.strip())
