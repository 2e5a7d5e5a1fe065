"""Viewers of many addresses, through a proxy that says who asks."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from likelight.runtime.clock import Now, utc_now
from likelight.web.http.proxies import TrustedProxies, proxy_network
from likelight_cloud.trust.ceilings import KitchenLimits
from support.cloud import KID, Reply
from support.cloud_server import ServedCloud, cloud_server

LIKES = f"/v1/kitchens/{KID}/likes"
NOTES = f"/v1/kitchens/{KID}/notes"
COOKIE = "likelight_viewer"


class Crowd:
    """Viewers who come without a cookie unless they bring one, from any address."""

    def __init__(self, site: ServedCloud, session: aiohttp.ClientSession) -> None:
        self.site = site
        self._base = site.public
        self._session = session

    async def like(self, address: str, n: int = 1, *, batch: str = "", token: str = "") -> Reply:
        body = {"n": n, "batch": batch or str(uuid.uuid4())}
        return await self._post(LIKES, address, token, json=body)

    async def note(
        self, address: str, code: str = "heroes", *, key: str = "", token: str = ""
    ) -> Reply:
        key = key or str(uuid.uuid4())
        return await self._post(NOTES, address, token, key=key, json={"code": code})

    async def state(self, note: str) -> str:
        """Return what the sender of `note` is told of it."""
        async with self._session.get(f"{self._base}/v1/notes/{note}") as reply:
            return str((await reply.json())["state"])

    async def _post(
        self, path: str, address: str, token: str, *, json: object, key: str = ""
    ) -> Reply:
        headers = {"X-Forwarded-For": address}
        headers |= {"Idempotency-Key": key} if key else {}
        headers |= {"Cookie": f"{COOKIE}={token}"} if token else {}
        async with self._session.post(self._base + path, json=json, headers=headers) as reply:
            body = await reply.json(content_type=None)
            token = reply.cookies[COOKIE].value if COOKIE in reply.cookies else token
            return Reply(reply.status, {**reply.headers, "token": token}, body)


@asynccontextmanager
async def crowd(
    database: Path, limits: KitchenLimits, *, now: Now = utc_now
) -> AsyncIterator[Crowd]:
    """Serve a cloud behind a proxy that says who asks."""
    proxies = TrustedProxies([proxy_network("127.0.0.1")])
    async with (
        cloud_server(database, proxies=proxies, limits=limits, now=now) as site,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        yield Crowd(site, session)
