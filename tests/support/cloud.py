"""A real cloud on a real socket: aiohttp on port 0, SQLite in a temporary directory."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from likelight.runtime.clock import Now
from likelight.web.http.server import new_application
from likelight_cloud import routes
from likelight_cloud.api.device.catalogue import get_document
from likelight_cloud.app import Cloud
from likelight_cloud.store.choice import database_of
from likelight_cloud.trust.device import hashed
from support.waiting import WITHIN_S

KID = "demo"
TOKEN = "the-device-token"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class WallClock:
    """A wall clock that moves only when a test says so."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at

    def step(self, **delta: float) -> None:
        self.at += timedelta(**delta)


@dataclass(frozen=True)
class Reply:
    """An answer, read to its end."""

    status: int
    headers: Any
    body: Any


class Site:
    """A running cloud and what speaks to it: `viewer` keeps cookies, the device has its token."""

    def __init__(self, cloud: Cloud, session: aiohttp.ClientSession, base: str) -> None:
        self.cloud = cloud
        self.session = session
        self.base = base

    async def call(self, method: str, path: str, **options: Any) -> Reply:
        """Send a request, read the answer; JSON is decoded."""
        async with self.session.request(method, self.base + path, **options) as response:
            raw = await response.read()
            is_json = response.content_type.endswith("json")
            return (
                Reply(response.status, response.headers, await response.json(content_type=None))
                if is_json
                else Reply(response.status, response.headers, raw)
            )

    async def poll(self, cursor: str | None = None, *, kid: str = KID, **query: Any) -> Reply:
        """Poll as the device does; `wait` is 0 s by default."""
        query = {"wait": 0, "dv": 1, "boot_id": "boot-1", **query}
        if cursor is not None:
            query["cursor"] = cursor
        return await self.call(
            "GET",
            f"/v1/kitchens/{kid}/events",
            params={name: str(value) for name, value in query.items()},
            headers=bearer(),
        )

    async def status(self, **changes: Any) -> Reply:
        """Send a status as the device does: its light under the kitchen's present epoch, and after
        a poll of the same start."""
        if "light" in changes:
            epoch = (await self.cloud.kitchen(KID)).record.epoch
            changes["light"] = {"epoch": epoch, **changes["light"]}
        await self.poll(boot_id=changes.get("boot_id", "boot-1"))
        return await self.call(
            "POST", f"/v1/kitchens/{KID}/status", json=status(**changes), headers=bearer()
        )

    async def like(self, n: int = 1, batch: str | None = None, **options: Any) -> Reply:
        """Send a batch of taps."""
        return await self.call(
            "POST",
            f"/v1/kitchens/{KID}/likes",
            json={"n": n, "batch": batch or str(uuid.uuid4())},
            **options,
        )

    async def note(self, code: str = "heroes", key: str | None = None, **options: Any) -> Reply:
        """Send a prepared note."""
        return await self.call(
            "POST",
            f"/v1/kitchens/{KID}/notes",
            json={"code": code},
            headers={"Idempotency-Key": key or str(uuid.uuid4())},
            **options,
        )

    async def summary(self) -> Any:
        """Return the kitchen's summary."""
        return (await self.call("GET", f"/v1/kitchens/{KID}")).body

    def forget_viewer(self) -> None:
        """Become another viewer."""
        self.session.cookie_jar.clear()


def bearer(token: str = TOKEN) -> dict[str, str]:
    """Return the header that a device brings."""
    return {"Authorization": f"Bearer {token}"}


def status(**changes: Any) -> dict[str, Any]:
    """Return a status body; `changes` replace its keys."""
    return {
        "boot_id": "boot-1",
        "n": 1,
        "sent_at": "2026-11-21T12:00:00.000Z",
        "simulated": True,
        "camera": {"state": "live", "since": "2026-11-21T11:59:00.000Z", "cause": "demand"},
        "light": {"lit_total": 0, "last_lit_at": None},
        "notes": [],
        "health": {"sw": "0.1.0"},
        **changes,
    }


@asynccontextmanager
async def serving(
    database: Path | str, *, now: Now | None = None, unix: Path | None = None
) -> AsyncIterator[Site]:
    """Serve the cloud on `database`, a path or a URL, with one kitchen and its device's token.

    On a virtual clock give the path of a socket as `unix`: what is sent there has arrived, so that
    no time passes on the way.
    """
    now = now or WallClock()
    store = database_of(str(database)).store()
    cloud = Cloud(store, now=now, rng=random.Random(1))
    app = new_application()
    routes.mount(cloud, app)
    app.router.add_get("/v1/kitchens/{kid}/catalogue/{sha256}", get_document)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    jar = aiohttp.CookieJar(unsafe=True)
    timeout = aiohttp.ClientTimeout(total=120)
    try:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(cloud.run())
            await asyncio.wait_for(cloud.ready.wait(), WITHIN_S)
            await store.add_kitchen(KID, "The demo kitchen", now())
            await store.add_token(KID, hashed(TOKEN), now())
            # Only now: a device that waits for its cloud would be refused for minutes.
            base, connector = await _listen(runner, unix)
            try:
                async with aiohttp.ClientSession(
                    connector=connector, cookie_jar=jar, timeout=timeout
                ) as session:
                    yield Site(cloud, session, base)
            finally:
                running.cancel()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, unix: Path | None) -> tuple[str, aiohttp.BaseConnector]:
    """Return the address of what listens now, and what connects to it."""
    if unix is not None:
        await web.UnixSite(runner, unix).start()
        return "http://cloud", aiohttp.UnixConnector(str(unix))
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}", aiohttp.TCPConnector()
