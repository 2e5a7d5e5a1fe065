"""Where a PostgreSQL database is: its URL, which may name several hosts."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

SCHEMES = ("postgresql", "postgres")

_FORM = "write it like postgresql://USER@HOST:5432/NAME, several hosts as HOST1:5432,HOST2:5432"


@dataclass(frozen=True, slots=True)
class Address:
    """One database on one server or several, of which one is the primary."""

    hosts: tuple[str, ...]
    """A whole URL for each host: each is asked by itself, so that a silent one delays no other."""
    name: str
    """The URL without the password, for messages."""
    url: str = field(repr=False)
    """As it was given, with the password."""


def address_of(url: str) -> Address:
    """Return the address that `url` gives. Raises `ValueError`, which never quotes a password."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ValueError(f"this is not a database's URL; {_FORM}") from error
    user, at, hosts = parts.netloc.rpartition("@")
    name = urlunsplit(parts._replace(netloc=user.partition(":")[0] + at + hosts, query=""))
    if parts.scheme not in SCHEMES or not parts.path.strip("/"):
        raise ValueError(f"{name} does not name a database; {_FORM}")
    each = [host for host in hosts.split(",") if host]
    for host in each:
        port = host.rpartition("]")[2].partition(":")[2]
        if port and not (port.isascii() and port.isdecimal() and int(port) < 65536):
            raise ValueError(f"{name} has the port {port!r}; {_FORM}")
    if not each and "host=" not in parts.query:
        raise ValueError(f"{name} does not name a host; {_FORM}")
    return Address(
        tuple(urlunsplit(parts._replace(netloc=user + at + host)) for host in each or [""]),
        name,
        url,
    )
