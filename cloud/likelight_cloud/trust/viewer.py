"""The viewer's token: random, signed, gone within a day; it says nothing about anybody.

It is set on the first like or note, never on a visit, and only carries the limits.

A page in another site's frame has no cookies where a browser keeps them from third parties, so it
holds its token in its memory and sends it in a header: that needs no https and no exception to
SameSite, nothing is left in the browser, and no other site's page can send the header.
"""

import base64
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from aiohttp import web

LIFETIME = timedelta(hours=24)
COOKIE = "likelight_viewer"
HEADER = "Likelight-Viewer"
"""The token of a page that can keep no cookie, empty for none yet; the reply gives it a new one."""

_MAC_BYTES = 16


class ViewerTokens:
    """Makes and checks tokens `v1.<16 random bytes>.<hour of issue>.<MAC>`."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"likelight viewer", "sha256")

    def mint(self, at: datetime) -> str:
        """Return a new token."""
        stem = f"v1.{secrets.token_urlsafe(16)}.{int(at.timestamp()) // 3600}"
        return f"{stem}.{self._mac(stem)}"

    def valid(self, token: str, at: datetime) -> bool:
        """Return whether `token` is our own, and neither a day old nor of the future."""
        stem, _, mac = token.rpartition(".")
        if not token.isascii() or not hmac.compare_digest(mac, self._mac(stem)):
            return False
        return self.issued(token) <= at < self.issued(token) + LIFETIME

    def issued(self, token: str) -> datetime:
        """Return the hour in which `token`, which is our own, was made."""
        hour = int(token.rpartition(".")[0].rpartition(".")[2])
        return datetime.fromtimestamp(hour * 3600, UTC)

    def known(self, request: web.Request, at: datetime) -> str | None:
        """Return the token that `request` brings, None when it is none of ours or too old."""
        token = request.headers.get(HEADER)
        if token is None:
            token = request.cookies.get(_cookie_name(request), "")
        return token if self.valid(token, at) else None

    def keep(self, request: web.Request, response: web.Response, token: str) -> None:
        """Give the viewer its token, unless it has it already."""
        if HEADER in request.headers:
            response.headers[HEADER] = token
            return
        name = _cookie_name(request)
        if request.cookies.get(name) == token:
            return
        response.set_cookie(
            name,
            token,
            max_age=int(LIFETIME.total_seconds()),
            path="/",
            secure=request.secure,
            httponly=True,
            samesite="Lax",
        )

    def drop(self, request: web.Request, response: web.Response) -> None:
        """Let the viewer's browser forget the cookie, if it has one."""
        if _cookie_name(request) not in request.cookies:
            return
        response.del_cookie(
            _cookie_name(request), path="/", secure=request.secure, httponly=True, samesite="Lax"
        )

    def _mac(self, stem: str) -> str:
        mac = hmac.digest(self._key, stem.encode(), "sha256")[:_MAC_BYTES]
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode("ascii")


def _cookie_name(request: web.Request) -> str:
    return f"__Host-{COOKIE}" if request.secure else COOKIE
