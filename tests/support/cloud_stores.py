"""The stores that the conformance suite runs on; another one joins by its line in `STORES`."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from likelight_cloud.store.base import Store
from likelight_cloud.store.choice import database_of
from support.postgresql import Server

Factory = Callable[[], Store]
"""Makes a store on the same database again and again."""


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


@asynccontextmanager
async def opened(factory: Factory) -> AsyncIterator[Store]:
    """Make a store, open it, close it in the end."""
    store = factory()
    await store.open()
    try:
        yield store
    finally:
        await store.close()
