"""The device's token: bound to its kitchen, kept as a hash only, two valid in a rotation."""

import hashlib
import hmac
import secrets

from aiohttp import web

from likelight.problem import ProblemType
from likelight.web.http.problems import ProblemError
from likelight_cloud.store.base import Store


def new_token() -> str:
    """Return a device token of 256 random bits."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> bytes:
    """Return what is stored of `token`; it is random, so it needs no salt."""
    return hashlib.sha256(token.encode()).digest()


async def check_device(request: web.Request, store: Store, kid: str) -> None:
    """Raise a 401 unless `request` brings a valid token of the kitchen `kid`.

    The hashes are read each time, so that a token revoked by the command line ends at once.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.isascii():
        offered = hashed(token.strip())
        for valid in await store.token_hashes(kid):
            if hmac.compare_digest(offered, valid):
                return
    raise ProblemError(
        401,
        f"This needs a device token of the kitchen {kid}, as Authorization: Bearer <token>. "
        "The one that came is missing, wrong or revoked.",
        type=ProblemType.TOKEN,
        headers={"WWW-Authenticate": "Bearer"},
    )
