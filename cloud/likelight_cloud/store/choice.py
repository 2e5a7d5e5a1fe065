"""Which store a `--database` names."""

from dataclasses import dataclass
from pathlib import Path

from likelight.runtime.store_errors import StoreError
from likelight_cloud.store.base import Store
from likelight_cloud.store.postgresql.address import Address, address_of
from likelight_cloud.store.sqlite.store import SqliteStore


@dataclass(frozen=True, slots=True)
class Database:
    """A SQLite file, or a PostgreSQL database. Its text is for messages: it has no password."""

    place: Path | Address

    def __str__(self) -> str:
        return str(self.place) if isinstance(self.place, Path) else self.place.name

    def is_missing(self) -> bool:
        """Return whether it is a file that is not there. A PostgreSQL database says so itself."""
        return isinstance(self.place, Path) and not self.place.exists()

    def store(self) -> Store:
        """Return its store. Raises `StoreError` when the driver is not installed."""
        if isinstance(self.place, Path):
            return SqliteStore(self.place)
        try:
            # A cloud on a file needs no driver.
            from likelight_cloud.store.postgresql.store import PostgresStore  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise StoreError(
                "PostgreSQL needs the Python package asyncpg; install likelight[postgresql]"
            ) from error
        return PostgresStore(self.place)


def database_of(text: str) -> Database:
    """Return what `text` names: a path, or postgresql://USER@HOST/NAME. Raises `ValueError`."""
    return Database(address_of(text) if "://" in text else Path(text))
