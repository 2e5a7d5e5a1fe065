"""The kinds of arguments that `likelight-cloud` takes, beyond words and numbers."""

import argparse
import ipaddress
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from yarl import URL

from likelight.contract import Weekday
from likelight.contract.schedule import WEEKDAYS, spans
from likelight.web.http.contact import check_contact
from likelight.web.http.proxies import Network, proxy_network
from likelight.web.http.public_site import check_embed_origin
from likelight_cloud.api.viewer.moment_link import LONGEST
from likelight_cloud.store.choice import database_of

HIGHEST_CEILING = 1_000_000
"""More likes a second than one database commits."""

MOST_COPIES = 1000

LONGEST_CATALOGUE_NAME = 60

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")

LONGEST_WEBHOOK_URL = 2000

SLOWEST_PACE_MS = 60_000

_MEANT_OTHERWISE = ("authorization", "cookie", "host", "origin", "x-forwarded-for")
"""Headers that say something else of a request."""

T = TypeVar("T")


def _argument(read: Callable[[str], T]) -> Callable[[str], T]:
    """Return `read`, whose `ValueError` argparse then tells in its own words."""

    def argument(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return argument


def _catalogue_name(text: str) -> str:
    if not text.isprintable() or not 0 < len(text.strip()) <= LONGEST_CATALOGUE_NAME:
        raise ValueError(
            f"{text!r} is not a name; write one line of at most {LONGEST_CATALOGUE_NAME} characters"
        )
    return text.strip()


def _ceiling(text: str) -> int:
    count = int(text) if text.isascii() and text.isdecimal() else 0
    if not 0 < count <= HIGHEST_CEILING:
        raise ValueError(f"{text} is not a number from 1 to {HIGHEST_CEILING}; write it like 1000")
    return count


def _day_hours(text: str) -> tuple[Weekday, str]:
    name, _, hours = text.partition("=")
    day = next((day for day in WEEKDAYS if day == name.strip().lower()), None)
    if day is None or not hours:
        raise ValueError(
            f"{text!r} is not a day with its hours; write monday=11:00-14:00,17:00-23:00 or "
            "sunday=closed"
        )
    try:
        spans(hours)
    except ValueError as error:
        raise ValueError(f"{day}: {error}") from error
    return day, hours


def _domain(text: str) -> str:
    if len(text) > 253 or not _DOMAIN.fullmatch(text.lower()):
        raise ValueError(f"{text} is not a domain's name; write it like kitchens.example.com")
    return text.lower()


def _copies(text: str) -> int:
    count = int(text) if text.isascii() and text.isdecimal() else 0
    if not 0 < count <= MOST_COPIES:
        raise ValueError(f"{text} is not a number from 1 to {MOST_COPIES}; write it like 14")
    return count


def _header_name(text: str) -> str:
    if not re.fullmatch("[A-Za-z][A-Za-z0-9-]{0,63}", text) or text.lower() in _MEANT_OTHERWISE:
        raise ValueError(f"{text} can't be that header; write a name such as Remote-User")
    return text


def _pace(text: str) -> int:
    ms = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= ms <= SLOWEST_PACE_MS:
        raise ValueError(f"{text} is not a number from 0 to {SLOWEST_PACE_MS}; write it like 1000")
    return ms


def _public_url(text: str) -> URL:
    url = URL(text)
    if url.scheme not in ("http", "https") or not url.host or url != url.origin():
        raise ValueError(
            f"{text} is not a public address; write it like https://kitchens.example.com"
        )
    return url


def _minutes_of_link(text: str) -> int:
    most = LONGEST // timedelta(minutes=1)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise ValueError(f"{text} is not a number of minutes from 1 to {most}")
    return int(text)


def _webhook_url(text: str) -> URL:
    """Return an address for webhooks. Which addresses its name has is looked at each time."""
    url = URL(text)
    if url.scheme != "https" or not url.host or url.user or url.password or url.fragment:
        raise ValueError(
            f"{text} is not an address for a webhook; write it like https://example.com/likelight, "
            "with https, and without a password or a #"
        )
    if len(str(url)) > LONGEST_WEBHOOK_URL:
        raise ValueError(f"the address has more than {LONGEST_WEBHOOK_URL} characters")
    return url


def _allowed_network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError as error:
        raise ValueError(
            f"{text!r} is not an address; write one such as 10.0.0.7, or a range such as "
            "10.0.0.0/24"
        ) from error


catalogue_name = _argument(_catalogue_name)
ceiling = _argument(_ceiling)
copies = _argument(_copies)
contact = _argument(check_contact)
database = _argument(database_of)
day_hours = _argument(_day_hours)
domain = _argument(_domain)
embed_origin = _argument(check_embed_origin)
header_name = _argument(_header_name)
pace = _argument(_pace)
proxy = _argument(proxy_network)
public_url = _argument(_public_url)
minutes_of_link = _argument(_minutes_of_link)
allowed_network = _argument(_allowed_network)
webhook_url = _argument(_webhook_url)
