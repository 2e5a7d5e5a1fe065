"""`/readyz`, which says whether the database takes writes."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from likelight_cloud.store.sqlite.store import SqliteStore
from support.cloud_server import ServedCloud, cloud_server
from support.postgresql import Server
from support.small_disk import fill
from support.virtual import run_virtual


async def asked(site: ServedCloud) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(f"{site.admin}/readyz") as reply:
        return reply.status, (await reply.json())["why_not"]


def test_a_prober_without_end_causes_two_commits_a_minute(tmp_path: Path) -> None:
    file = tmp_path / "cloud.sqlite3"

    def probes() -> bytes:
        with closing(sqlite3.connect(file)) as db:
            row = db.execute("SELECT value FROM meta WHERE name = 'probe'").fetchone()
        return b"" if row is None else bytes(row[0])

    seen: list[bytes] = []

    async def scenario() -> None:
        async with cloud_server(file) as site:
            for _ in range(61):
                assert await asked(site) == (200, None)
                seen.append(await asyncio.to_thread(probes))
                await asyncio.sleep(1)

    run_virtual(scenario())
    assert seen[25] == b"", "the kitchen's own commit shows it"
    assert len(set(seen[31:])) == 2


def change(database: Path, *commands: str) -> None:
    with closing(sqlite3.connect(database)) as db:
        for command in commands:
            db.execute(command)
        db.commit()


async def test_a_full_or_read_only_disk_is_not_ready_and_says_so(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("likelight_cloud.admin.health.COMMIT_SHOWS_FOR_S", 0)
    monkeypatch.setattr("likelight_cloud.admin.health.FAILURE_SHOWS_FOR_S", 0)
    file = small_disk / "cloud.sqlite3"
    async with cloud_server(file) as site:
        # SQLite writes over the pages of its log again, and finds no place for a longer one.
        await asyncio.to_thread(change, file, "PRAGMA wal_checkpoint(TRUNCATE)")
        await asyncio.to_thread(fill, small_disk)
        assert await asked(site) == (
            503,
            f"no space is left for {file}; free some on its disk",
        )
        await asyncio.to_thread((small_disk / "filler").unlink)
        assert await asked(site) == (200, None)
        store = site.cloud.cloud.store
        assert isinstance(store, SqliteStore)
        # What SQLite says of a disk that was mounted read-only meanwhile.
        await store._file.read(lambda db: db.execute("PRAGMA query_only = ON").fetchone())
        assert await asked(site) == (
            503,
            f"can't write {file}; give likelight a directory that it may write to",
        )


async def test_a_database_that_can_only_be_read_is_not_ready_and_says_so(
    postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("likelight_cloud.admin.health.COMMIT_SHOWS_FOR_S", 0)
    monkeypatch.setattr("likelight_cloud.store.postgresql.writer.GIVE_UP_S", 0.2)
    with postgresql.database() as url:
        async with cloud_server(url) as site:
            assert await asked(site) == (200, None)
            connection = await asyncpg.connect(url)
            name = url.rpartition("/")[2]
            try:
                await connection.execute(
                    f"ALTER DATABASE {name} SET default_transaction_read_only = on"
                )
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    f" WHERE datname = '{name}' AND pid != pg_backend_pid()"
                )
            finally:
                await connection.close()
            status, why_not = await asked(site)
            assert status == 503
            assert why_not.endswith("has no primary just now: what answers can only be read")
