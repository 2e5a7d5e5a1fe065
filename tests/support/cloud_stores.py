"""The stores that the conformance suite runs on; another one joins by its line in `STORES`."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from likelight_cloud.store.base import Store
from likelight_cloud.store.sqlite.store import SqliteStore

Factory = Callable[[], Store]
"""Makes a store on the same database again and again."""

STORES: dict[str, Callable[[Path], Factory]] = {
    "sqlite": lambda folder: lambda: SqliteStore(folder / "cloud.db"),
}
"""By name: what prepares an empty database, with a folder for its files."""


@pytest.fixture(params=sorted(STORES))
def factory(request: pytest.FixtureRequest, tmp_path: Path) -> Factory:
    """Return what opens one new database, again and again."""
    return STORES[request.param](tmp_path)


@asynccontextmanager
async def opened(factory: Factory) -> AsyncIterator[Store]:
    """Make a store, open it, close it in the end."""
    store = factory()
    await store.open()
    try:
        yield store
    finally:
        await store.close()
