"""Which operator sends a request: by session, by token, or by the word of a listed proxy."""

import asyncio
import logging
from ipaddress import ip_address

from aiohttp import web

from likelight.runtime.paced_log import PacedLog
from likelight.web.http.client_address import came_by_proxy, client_of
from likelight.web.http.problems import ProblemError
from likelight_cloud.api.viewer.who import over_limit
from likelight_cloud.app import CLOUD
from likelight_cloud.store.operators import Operator, Role
from likelight_cloud.trust.ceilings import PrefixBuckets
from likelight_cloud.trust.device import bearer, hashed

log = logging.getLogger(__name__)

FAILED_PER_MIN = 5
"""Logins that fail from one address (IPv6: a /64)."""
LOGIN = "/fleet/login"


class OperatorCheck:
    """Finds the operator of a request. In `header`, where it is set, listed proxies name one."""

    def __init__(self, header: str | None) -> None:
        self._header = header
        self._failed = PrefixBuckets(FAILED_PER_MIN)
        self._failures = PacedLog(log)

    async def by_page(self, request: web.Request) -> Operator:
        """Return who opens a page; lead everybody else to the login."""
        operator = await self._known(request)
        if operator is None:
            raise web.HTTPSeeOther(LOGIN, headers={"Cache-Control": "no-store"})
        return operator

    async def by_changer(self, request: web.Request) -> Operator:
        """Return who asks devices for something on a page. Raises a 403 for a reader."""
        operator = await self.by_page(request)
        if operator.role is not Role.OPERATOR:
            raise ProblemError(
                403, f"{operator.name} may see the fleet, and change nothing. Ask an operator."
            )
        return operator

    async def by_program(self, request: web.Request) -> Operator:
        """Return who asks for data. Raises a 401, and a 429 for too many wrong tokens."""
        token = bearer(request)
        if token is None:
            operator = await self._known(request)
        else:
            operator = await self.with_token(request, token)
        if operator is None:
            raise ProblemError(
                401,
                "This needs an operator: a session from /fleet/login, or Authorization: Bearer "
                "<token>. What came is missing, wrong or has ended.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return operator

    async def with_token(self, request: web.Request, token: str) -> Operator | None:
        """Return whose `token` it is, None for nobody's. Raises a 429 for too many wrong ones."""
        address, at = self._failed.hidden(client_of(request)), asyncio.get_running_loop().time()
        # Before the look-up: else many requests at once would be so many guesses.
        wait_s = self._failed.take(address, at)
        if wait_s:
            raise over_limit("Too many failed logins came from your address.", wait_s)
        operator = None
        # Bytes that are not UTF-8 come as surrogates, which can't be encoded.
        if token.isascii():
            operator = await request.app[CLOUD].store.operators.with_token(hashed(token))
        if operator is None:
            self._failures.say("A login to the fleet failed: nobody has that token")
        else:
            self._failed.give_back(address)
        return operator

    async def _known(self, request: web.Request) -> Operator | None:
        cloud = request.app[CLOUD]
        if self._header is not None and came_by_proxy(request):
            # Two mean that the proxy adds its own to one that anybody may have sent.
            named = request.headers.getall(self._header, ())
            if len(named) == 1:
                return await cloud.store.operators.named(named[0].strip().lower())
        return await cloud.sessions.of(request, cloud.now())


def is_private(request: web.Request) -> bool:
    """Return whether nobody on the way can read `request`: it came by TLS, or from this machine."""
    host = request.url.host or ""
    try:
        return request.secure or ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
