"""Bearer tokens, kept as hashes only: a device's, bound to its kitchen, two valid in a rotation; an
operator's; and an unsigned source's."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable

from aiohttp import web

from likelight.contract.problem import ProblemType
from likelight.web.http.problems import ProblemError


def new_token() -> str:
    """Return a token of 256 random bits."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> bytes:
    """Return what is stored of `token`; it is random, so it needs no salt."""
    return hashlib.sha256(token.encode()).digest()


def bearer(request: web.Request) -> str | None:
    """Return the bearer token that `request` brings, which may be any text; None without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def token_of(request: web.Request, kid: str, valid: Iterable[bytes]) -> bytes:
    """Return which of the hashes `valid` is that of `request`'s token; raise a 401 for none."""
    token = bearer(request)
    if token is not None and token.isascii():
        offered = hashed(token)
        for known in valid:
            if hmac.compare_digest(offered, known):
                return known
    raise refused(kid)


def refused(kid: str) -> ProblemError:
    """Return the answer to a device without a valid token of the kitchen `kid`."""
    return ProblemError(
        401,
        f"This needs a device token of the kitchen {kid}, as Authorization: Bearer <token>. "
        "The one that came is missing, wrong or revoked.",
        type=ProblemType.TOKEN,
        headers={"WWW-Authenticate": "Bearer"},
    )
