"""The fleet on a real cloud, and the operator who reads it."""

import csv
import html
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from likelight.contract import Status
from likelight_cloud.store.base import Store
from likelight_cloud.store.operators import Operator, Role
from likelight_cloud.trust.device import hashed
from support.cloud import WallClock, status
from support.cloud_server import ServedCloud, cloud_server

TOKEN = "an-operator-s-token"
HEALTHY = {
    "sw": "1.4.0",
    "temp_c": 61.2,
    "throttled": 0,
    "disk_free_mb": 2100,
    "rssi": -61,
    "clock_skew_ms": -40,
    "fps": 29.9,
    "consent_review": "2027-02-01",
    "findings": [],
}


@dataclass
class Desk:
    """A cloud, its operator, and what the operator reads."""

    site: ServedCloud
    session: aiohttp.ClientSession
    clock: WallClock

    @property
    def store(self) -> Store:
        return self.site.cloud.cloud.store

    async def report(self, kid: str, state: str = "live", **health: Any) -> None:
        """Let the device of `kid` report; it is the newest start of it."""
        await self.store.add_kitchen(kid, kid.capitalize(), self.clock.at)
        told = status(
            boot_id=f"{kid}-{self.clock.at.timestamp():.0f}-{state}",
            camera={"state": state, "since": self.clock.at.isoformat(), "cause": "button"},
            health={**HEALTHY, **health},
            simulated=False,
        )
        await self.store.put_status(kid, Status.model_validate(told), self.clock.at)

    async def json(self, **query: str) -> dict[str, Any]:
        """Return the kitchens as JSON, by their ids."""
        async with self.session.get("/v1/fleet/kitchens", params=query) as reply:
            assert reply.status == 200
            assert reply.headers["Cache-Control"] == "no-store"
            return {one["kid"]: one for one in (await reply.json())["kitchens"]}

    async def csv(self, **query: str) -> list[dict[str, str]]:
        """Return the kitchens as rows."""
        query["format"] = "csv"
        async with self.session.get("/v1/fleet/kitchens", params=query) as reply:
            assert reply.content_type == "text/csv"
            text = await reply.text("utf-8-sig")
            return list(csv.DictReader(io.StringIO(text)))

    async def page(self, path: str = "/fleet", **query: str) -> str:
        """Return a page's text."""
        async with self.session.post(
            "/fleet/login", data={"token": TOKEN}, allow_redirects=False
        ) as reply:
            cookie = reply.headers["Set-Cookie"].partition(";")[0]
        async with self.session.get(path, params=query, headers={"Cookie": cookie}) as reply:
            assert (reply.status, reply.headers["Content-Encoding"]) == (200, "gzip")
            return html.unescape(await reply.text())


@asynccontextmanager
async def desk_of(database: str) -> AsyncIterator[Desk]:
    """Serve the fleet on `database`, to the reader kim."""
    clock = WallClock()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        cloud_server(database, now=clock) as site,
        aiohttp.ClientSession(
            site.public, headers=headers, cookie_jar=aiohttp.DummyCookieJar()
        ) as session,
    ):
        operator = Operator("kim", Role.READER, hashed(TOKEN), clock.at)
        await site.cloud.cloud.store.operators.add(operator)
        yield Desk(site, session, clock)


async def ten_weeks(store: Store, kid: str, now: datetime) -> None:
    """Give `kid` likes and notes of the ten weeks before `now`, at two hours a day: the most on
    Fridays, and on each third day from fewer than 20 viewers."""
    await store.add_kitchen(kid, kid.capitalize(), now - timedelta(days=100))
    for ago in range(1, 70):
        at = now - timedelta(days=ago)
        early = at - timedelta(hours=1)
        likes = 40 if at.weekday() == 4 else 20
        for hour, share in ((at, likes * 3 // 4 + 7_000 * (ago % 3 == 0)), (early, likes // 4)):
            await store.add_likes({kid: share}, hour)
            if ago % 3:
                await store.aggregates.flag_likes(kid, hour, day=True, hour=True)
        key = f"{kid}-{ago}"
        code = "heroes" if ago % 2 else "yum"
        await store.add_note(kid, id=key, code=code, key=key, at=at, expires_at=at)
        if code == "heroes":
            await store.aggregates.flag_note(kid, at, code)
