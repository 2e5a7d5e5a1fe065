"""A network as NetworkManager's key file.

The name of a Wi-Fi network is always written as its bytes: netplan and cloud-init get names wrong
that are not UTF-8, or look like a list of numbers.
"""

import hashlib
import re
import uuid
from functools import cache
from pathlib import PurePosixPath
from typing import Final

from likelight.fleet.stores.network import FixedAddress, Network, Security, Wifi

RADIUS_CA: Final = PurePosixPath("/etc/likelight/wifi-authority.pem")
"""Where a device keeps the authority of its RADIUS server's certificate."""

_IDS = uuid.UUID("0d3c5f5e-6d0a-4c5b-9a57-1b8f6e6d2f10")
_BLANKS = re.compile("^ +")

Sections = dict[str, dict[str, str]]


def key_file(network: Network, radius_name: str = "") -> bytes | None:
    """Return the profile of `network`; None for a cable with DHCP, which needs none.

    `radius_name` is the name in the certificate of an 802.1X network's server.
    """
    if network == Network():
        return None
    sections: Sections = {"connection": _connection(network)}
    if network.wifi:
        sections |= _wifi(network.wifi, radius_name)
    sections["ipv4"] = _ipv4(network.fixed) if network.fixed else {"method": "auto"}
    sections["ipv6"] = {"method": "auto"}
    return "\n".join(_section(name, keys) for name, keys in sections.items()).encode()


@cache
def wpa2_key(ssid: bytes, passphrase: str) -> str:
    """Return the key of a WPA2 network as 64 hex digits, made of its passphrase as IEEE 802.11i
    has it, 4 ms of a processor's time; a passphrase that is the key already as it is."""
    if len(passphrase) == 64:
        return passphrase.lower()
    return hashlib.pbkdf2_hmac("sha1", passphrase.encode(), ssid, 4096, 32).hex()


def _connection(network: Network) -> dict[str, str]:
    kind = "wifi" if network.wifi else "wired"
    return {
        "id": f"likelight-{kind}",
        "uuid": str(uuid.uuid5(_IDS, kind)),
        "type": "wifi" if network.wifi else "ethernet",
        # Above the profile that cloud-init and NetworkManager make of their own for a cable.
        "autoconnect-priority": "10",
        # For ever: an access point may come back hours later.
        "autoconnect-retries": "0",
    }


def _wifi(wifi: Wifi, radius_name: str) -> Sections:
    sections: Sections = {"wifi": {"ssid": "".join(f"{byte};" for byte in wifi.ssid)}}
    if wifi.hidden:
        sections["wifi"]["hidden"] = "true"
    match wifi.security:
        case Security.OPEN:
            pass
        case Security.WPA2:
            key = wpa2_key(wifi.ssid, wifi.passphrase)
            sections["wifi-security"] = {"key-mgmt": "wpa-psk", "psk": key}
        case Security.WPA3:
            sections["wifi-security"] = {"key-mgmt": "sae", "psk": _escaped(wifi.passphrase)}
        case Security.ENTERPRISE:
            sections["wifi-security"] = {"key-mgmt": "wpa-eap"}
            sections["802-1x"] = {
                "eap": "peap;",
                "phase2-auth": "mschapv2",
                "identity": _escaped(wifi.identity),
                "password": _escaped(wifi.passphrase),
                "ca-cert": str(RADIUS_CA),
                "domain-suffix-match": radius_name,
            }
    return sections


def _ipv4(fixed: FixedAddress) -> dict[str, str]:
    return {
        "method": "manual",
        "address1": f"{fixed.interface},{fixed.gateway}",
        "dns": "".join(f"{server};" for server in fixed.dns),
    }


def _section(name: str, keys: dict[str, str]) -> str:
    return f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in keys.items())


def _escaped(text: str) -> str:
    """Return `text` as GLib's key files have it: they would drop blanks at its beginning."""
    return _BLANKS.sub(lambda blanks: r"\s" * len(blanks[0]), text.replace("\\", r"\\"))
