"""The stores that the conformance suite runs on; another one joins by its line in `STORES`."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, closing, contextmanager
from pathlib import Path

import asyncpg
import pytest

from likelight_cloud.store.base import Store
from likelight_cloud.store.choice import database_of
from likelight_cloud.store.postgresql import store as store_module
from likelight_cloud.store.postgresql import writer as writer_module
from support.postgresql import Server
from support.waiting import WITHIN_S

Factory = Callable[[], Store]
"""Makes a store on the same database again and again."""

Rows = Callable[[str], Awaitable[dict[str, int]]]
"""Counts the rows of a kitchen in each table that has any."""


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """Return the PostgreSQL server of this process of the tests."""
    server = Server()
    try:
        yield server
    finally:
        server.remove()


@contextmanager
def _sqlite(request: pytest.FixtureRequest) -> Iterator[str]:
    folder: Path = request.getfixturevalue("tmp_path")
    yield str(folder / "cloud.db")


def _postgresql(request: pytest.FixtureRequest) -> AbstractContextManager[str]:
    server: Server = request.getfixturevalue("postgresql")
    return server.database()


STORES = {"sqlite": _sqlite, "postgresql": _postgresql}
"""By name: what makes a new database and tells what `--database` calls it."""


@pytest.fixture(params=sorted(STORES))
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return one new database after the other, as `--database` has it."""
    with STORES[request.param](request) as database:
        yield database


@pytest.fixture
def factory(database: str) -> Factory:
    """Return what opens one new database, again and again."""
    return lambda: database_of(database).store()


@pytest.fixture
def rows(database: str) -> Rows:
    """Return what counts the rows of a kitchen in each table that has any."""

    async def postgresql(kid: str) -> dict[str, int]:
        connection = await asyncpg.connect(database)
        try:
            tables = await connection.fetch(
                "SELECT table_name FROM information_schema.columns"
                " WHERE table_schema = current_schema() AND column_name = 'kid'"
            )
            counts = {
                table: await connection.fetchval(
                    f"SELECT count(*) FROM {table} WHERE kid = $1", kid
                )
                for (table,) in tables
            }
        finally:
            await connection.close()
        return {table: count for table, count in counts.items() if count}

    async def sqlite(kid: str) -> dict[str, int]:
        with closing(sqlite3.connect(database)) as db:
            tables = db.execute(
                "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c"
                " WHERE m.type = 'table' AND c.name = 'kid'"
            ).fetchall()
            counts = {
                table: db.execute(f"SELECT count(*) FROM {table} WHERE kid = ?", (kid,)).fetchone()[
                    0
                ]
                for (table,) in tables
            }
        return {table: count for table, count in counts.items() if count}

    return postgresql if "://" in database else sqlite


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a write as long as a busy machine needs, where dozens wait for one another: the
    cloud gives up after 5 s."""
    for module in (store_module, writer_module):
        monkeypatch.setattr(module, "CONFIRM_WITHIN_S", WITHIN_S)


@asynccontextmanager
async def opened(factory: Factory) -> AsyncIterator[Store]:
    """Make a store, open it, close it in the end."""
    store = factory()
    await store.open()
    try:
        yield store
    finally:
        await store.close()
