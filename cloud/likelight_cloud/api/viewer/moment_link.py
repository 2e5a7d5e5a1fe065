"""`/k/{kid}?moment=`: a moment for the one viewer to whom a brand's own tracker page gave the link.

A link has kitchen, kind, expiry and a MAC under the key of a source, and nothing of an order.
Nothing is stored of it, and the page takes it out of its address at once.
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from aiohttp import web

from likelight.contract import Moment
from likelight.runtime.store_errors import StoreError
from likelight_cloud.api.viewer.forms import became as form_became
from likelight_cloud.app import CLOUD, Cloud
from likelight_cloud.page.kitchen import Became
from likelight_cloud.store.ingest import SOURCE_NAME

LONGEST = timedelta(hours=3)
"""A link that somebody passes on, or that is found in a history, asks for nothing any more then."""

_KIND: Final = "|".join(Moment)
_LINK: Final = re.compile(rf"({SOURCE_NAME})\.({_KIND})\.([0-9]{{1,11}})\.([0-9a-f]{{64}})")


def mac_of(key: bytes, kid: str, kind: str, expires: str) -> str:
    """Return the MAC in a link; `expires` is in seconds since 1970."""
    told = f"moment-link.{kid}.{kind}.{expires}".encode()
    return hmac.new(key, told, hashlib.sha256).hexdigest()


def moment_link(source: str, key: bytes, kid: str, kind: str, expires: datetime) -> str:
    """Return the `moment` of a link; `key` is that of the signed `source`."""
    seconds = str(int(expires.timestamp()))
    return f"{source}.{kind}.{seconds}.{mac_of(key, kid, kind, seconds)}"


async def became(request: web.Request) -> Became:
    """Return what became of the form or the link that led to the page `request` asks for."""
    told = await form_became(request)
    kind = await _moment_of(request.app[CLOUD], request)
    return told if kind is None else {**told, "ask": f"ask_{kind}"}


async def _moment_of(cloud: Cloud, request: web.Request) -> str | None:
    """Return the kind of moment in the link; None without one, or for one that is not valid."""
    link = _LINK.fullmatch(request.query.get("moment", ""))
    if link is None or not cloud.ready.is_set():
        return None
    name, kind, expires, mac = link.groups()
    left = datetime.fromtimestamp(int(expires), UTC) - cloud.now()
    if not timedelta() < left <= LONGEST:
        return None
    try:
        source = await cloud.store.ingest.find(name)
    except StoreError:
        return None
    # Of a bearer token only a hash is kept, which can't be the key of a MAC.
    if source is None or source.profile is None:
        return None
    right = [mac_of(key, request.match_info["kid"], kind, expires) for key in source.secrets]
    return kind if any(hmac.compare_digest(mac, each) for each in right) else None
