"""The session of an operator: a signed cookie, for 12 hours. The cloud keeps no list of them.

Its key comes from the hash of the operator's token, so it ends with the operator, at once and in
every process, and outlives a restart.
"""

import base64
import binascii
import hmac
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from likelight_cloud.store.operators import Operator, Operators

LIFETIME: Final = timedelta(hours=12)
COOKIE: Final = "__Host-likelight_operator"
"""A browser takes it over https only, and from this very host."""


class OperatorSessions:
    """Makes and checks `v1.<name>.<end>.<MAC>`."""

    def __init__(self, secret: bytes, operators: Operators) -> None:
        self._key = hmac.digest(secret, b"likelight operator", "sha256")
        self._operators = operators

    def begin(self, response: web.StreamResponse, operator: Operator, at: datetime) -> None:
        """Give the browser that gets `response` a session."""
        name = base64.urlsafe_b64encode(operator.name.encode()).rstrip(b"=").decode("ascii")
        stem = f"v1.{name}.{int((at + LIFETIME).timestamp())}"
        response.set_cookie(
            COOKIE,
            f"{stem}.{self._mac(stem, operator)}",
            max_age=int(LIFETIME.total_seconds()),
            path="/",
            secure=True,
            httponly=True,
            samesite="Strict",
        )

    def end(self, response: web.StreamResponse) -> None:
        """Let the browser that gets `response` forget its session."""
        response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")

    async def of(self, request: web.Request, at: datetime) -> Operator | None:
        """Return whose session `request` brings; None without one that is valid at `at`."""
        cookie = request.cookies.get(COOKIE, "")
        # Bytes that are not UTF-8 come as surrogates, which can't be encoded.
        if not cookie.isascii():
            return None
        stem, _, mac = cookie.rpartition(".")
        try:
            version, name, end = stem.split(".")
            padded = name + "=" * (-len(name) % 4)
            operator = await self._operators.named(base64.urlsafe_b64decode(padded).decode())
            left_s = int(end[:16]) - at.timestamp()
        except (ValueError, binascii.Error):
            return None
        if version != "v1" or operator is None:
            return None
        if not hmac.compare_digest(mac, self._mac(stem, operator)):
            return None
        return operator if 0 < left_s <= LIFETIME.total_seconds() else None

    def _mac(self, stem: str, operator: Operator) -> str:
        key = hmac.digest(self._key, operator.token_hash, "sha256")
        mac = hmac.digest(key, stem.encode(), "sha256")
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode("ascii")
