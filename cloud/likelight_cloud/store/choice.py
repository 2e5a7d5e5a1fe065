"""Which store a `--database` names, and what is done to it as a whole."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.runtime.store_errors import StoreError
from likelight_cloud.store.base import Store
from likelight_cloud.store.copies import Copies
from likelight_cloud.store.postgresql.address import Address, address_of
from likelight_cloud.store.sqlite.backup import SqliteCopies
from likelight_cloud.store.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from likelight_cloud.store.postgresql.store import PostgresStore


@dataclass(frozen=True, slots=True)
class Database:
    """A SQLite file, or a PostgreSQL database. Its text is for messages: it has no password.

    Every method may raise `StoreError`.
    """

    place: Path | Address

    def __str__(self) -> str:
        return str(self.place) if isinstance(self.place, Path) else self.place.name

    def store(self) -> Store:
        """Return its store."""
        if isinstance(self.place, Path):
            return SqliteStore(self.place)
        return _postgresql(self.place)

    async def is_missing(self) -> bool:
        """Return whether nobody has made the file, or the tables, yet."""
        if isinstance(self.place, Path):
            return not await asyncio.to_thread(self.place.exists)
        return await _postgresql(self.place).is_missing()

    def copies(self) -> Copies:
        """Return what makes copies of it and puts them back."""
        if isinstance(self.place, Path):
            return SqliteCopies(self.place)
        with _needs_driver():
            from likelight_cloud.store.postgresql.backup import PostgresCopies  # noqa: PLC0415
        return PostgresCopies(self.place)


def _postgresql(address: Address) -> "PostgresStore":
    with _needs_driver():
        from likelight_cloud.store.postgresql.store import PostgresStore  # noqa: PLC0415
    return PostgresStore(address)


@contextmanager
def _needs_driver() -> Iterator[None]:
    """Say what to install where the driver is missing: a cloud on a file needs none."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise StoreError(
            "PostgreSQL needs the Python package asyncpg; install likelight[postgresql]"
        ) from error


def database_of(text: str) -> Database:
    """Return what `text` names: a path, or postgresql://USER@HOST/NAME. Raises `ValueError`."""
    return Database(address_of(text) if "://" in text else Path(text))
