"""Checks an address on the network when the configuration is read, not when it is used."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?")
_OWN_NETWORK = (".local", ".lan", ".home", ".internal", ".home.arpa", ".localhost")


def check_cloud_url(url: str) -> str:
    """Return `url` when a cloud can be polled there. Raises `ValueError`, which says what to type.

    No message shows the address: a password may stand in it.
    """
    return _checked(url, "https://cloud.example", "a cloud")


def check_public_url(url: str) -> str:
    """Return `url` when viewers can open a device there. Raises `ValueError`, as for a cloud."""
    return _checked(url, "https://kitchen.example", "viewers")


def check_proxy_url(url: str) -> str:
    """Return `url` when it names an HTTP proxy. Raises `ValueError`, without the address in it."""
    example = "http://proxy.example:3128"
    if not url.startswith("http://"):
        raise ValueError(
            f"write it with http://, for example {example}; the cloud's TLS goes through"
        )
    check_cloud_url(url)
    if urlsplit(url).port is None:
        raise ValueError(f"add its port, for example {example}")
    return url


def leaves_own_network(url: str) -> bool:
    """Return whether `url` is http:// to a host that is not in the device's own network."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removesuffix(".")
    one_word = "." not in host and ":" not in host
    if parts.scheme != "http" or one_word or host.endswith(_OWN_NETWORK):
        return False
    try:
        return not ipaddress.ip_address(host).is_private
    except ValueError:
        return True


def _checked(url: str, example: str, whose: str) -> str:
    scheme, colon, rest = url.partition("://")
    if re.search(r"\s", url):
        where = "in" if url == url.strip() else "before or after"
        raise ValueError(f"a space stands {where} the address: remove it")
    if not url.isprintable():
        raise ValueError("a character that can't be seen stands in the address: type it again")
    if scheme.lower() not in ("http", "https") or not colon or not rest.strip("/"):
        raise ValueError(
            f"write it with https://, for example {example} "
            f"(http:// is for {whose} in your own network)"
        )
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise ValueError(f"the host can't be understood; write it like {example}") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("leave out what stands before the @: no user and no password belongs here")
    if parts.path.strip("/") or parts.query or parts.fragment or "?" in url or "#" in url:
        raise ValueError(f"leave out what comes after the host: only {example}, without a path")
    _check_port(parts)
    _check_host(host, example)
    return url


def _check_port(parts: SplitResult) -> None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("the port, after the last :, is a number from 1 to 65535")


def _check_host(host: str, example: str) -> None:
    if ":" in host or re.fullmatch(r"[0-9.]+", host):
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise ValueError("this is not an address of four numbers, each 0 to 255") from None
        return
    try:
        name = host.removesuffix(".").encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        raise ValueError(f"the host's name can't be understood; write {example}") from None
    labels = name.removesuffix(".").split(".")
    if "" in labels:
        raise ValueError("two dots stand side by side in the host's name: remove one")
    if len(name) > 253 or any(len(label) > 63 for label in labels):
        raise ValueError("the host's name is too long: at most 63 letters between two dots")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("a host's name has letters, digits, - and dots only")
