"""`likelight-cloud serve` on a database, and viewers who like and send notes there without end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from likelight_cloud.cli.main import main
from likelight_cloud.store.base import Store
from likelight_cloud.store.choice import database_of
from support.cloud import NOON
from support.cloud_process import CloudProcess, serve
from support.demo import free_port
from support.viewers_load import Load


@dataclass
class LoadedCloud:
    """The process on the database at `url`, and whom it serves."""

    url: str
    load: Load
    port: int
    process: CloudProcess

    async def restart(self) -> None:
        """kill -9, and start again, as systemd does."""
        await self.process.kill()
        self.process = await serve(self.url, self.port)


@asynccontextmanager
async def loaded_cloud(url: str) -> AsyncIterator[LoadedCloud]:
    """Serve a new kitchen of the database at `url`, which is made if need be, under load; in the
    end compare what was acknowledged with what is kept."""
    if await database_of(url).is_missing():
        assert await asyncio.to_thread(main, ["init", "--database", url]) == 0
    async with _store(url) as store:
        kid = f"kitchen-{len(await store.kitchens())}"
        await store.add_kitchen(kid, "The demo kitchen", NOON)
    port = free_port()
    process = await serve(url, port)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        load = Load(session, f"http://127.0.0.1:{port}/v1/kitchens/{kid}")
        cloud = LoadedCloud(url, load, port, process)
        sending = asyncio.create_task(load.run())
        try:
            await load.acknowledgement()
            yield cloud
            load.end()
            await sending
        finally:
            sending.cancel()
            await cloud.process.kill()
    await _compare(url, load, kid)


async def _compare(url: str, load: Load, kid: str) -> None:
    async with _store(url) as store:
        record = await store.kitchen(kid)
        assert record is not None
        # A batch that is sent again after the cloud's own end may count twice: the contract's rule.
        assert load.likes <= record.likes_total <= load.likes + load.twice
        backlog = await store.notes_after(kid, 0, limit=1_000_000, at=NOON)
    stored = [note.id for note in backlog.notes]
    assert [note.seq for note in backlog.notes] == list(range(1, record.head + 1))
    assert sorted(stored) == sorted(load.notes.values())
    assert len(set(stored)) == len(stored)


@asynccontextmanager
async def _store(url: str) -> AsyncIterator[Store]:
    store = database_of(url).store()
    await store.open()
    try:
        yield store
    finally:
        await store.close()
