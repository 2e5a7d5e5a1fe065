"""Copies of the SQLite store, by SQLite's own backup."""

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from likelight.runtime.atomic_file import sync_folder
from likelight.runtime.clock import utc_now
from likelight.runtime.file_lock import locked
from likelight.runtime.migrations import migrate, version_of
from likelight.runtime.store_errors import StoreCorrupt, StoreError, StoreForeign, StoreFull
from likelight_cloud.store.audit import Act, Action
from likelight_cloud.store.sqlite.audit import append
from likelight_cloud.store.sqlite.schema import CLOUD_FILE
from likelight_cloud.store.sqlite.time_lines import begin_time_lines

_KIN = ("-wal", "-shm", "-journal")


class SqliteCopies:
    """The `Copies` of the SQLite file at `path`, by SQLite's own backup."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def make(self, file: Path) -> int:
        return await asyncio.to_thread(_make, self._path, file)

    async def check(self, file: Path) -> None:
        await asyncio.to_thread(_check, file)

    async def restore(self, file: Path) -> Path | None:
        return await asyncio.to_thread(_restore, self._path, file, utc_now())


def _make(database: Path, file: Path) -> int:
    if os.path.lexists(file):
        raise StoreError(f"{file} is there already; choose a new name")
    with _explained(file), _draft(file) as draft:
        _copy(database, draft)
        draft.rename(file)
        sync_folder(file.parent)
        return file.stat().st_size


def _check(file: Path) -> None:
    if not file.is_file():  # SQLite would wait for ever for who writes into a FIFO
        raise StoreError(f"there is no file {file}")
    with _explained(file), closing(_reading(file)) as db:
        if version_of(db, CLOUD_FILE, file) is None:
            raise StoreForeign(f"{file} is empty: no backup of a cloud")
        if db.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
            raise StoreCorrupt(f"{file} is damaged, or was not written to its end")


def _restore(database: Path, file: Path, at: datetime) -> Path | None:
    _check(file)
    # Where a link stands, what it names is replaced, on the disk that was chosen for it.
    database = database.resolve()
    with locked(database), _explained(file), _draft(database) as draft:
        _copy(file, draft)
        # Before it is in place: no cloud ever starts on a copy with its old time line.
        with closing(sqlite3.connect(draft, isolation_level=None)) as db:
            db.row_factory = sqlite3.Row
            db.execute("BEGIN IMMEDIATE")
            migrate(db, CLOUD_FILE, draft)
            begin_time_lines(db)
            append(db, Act(Action.RESTORED), at)
            db.execute("COMMIT")
        _give_to_owner(draft, database)
        _sync(draft)
        aside = _keep(database, at) if database.exists() else None
        draft.rename(database)
        sync_folder(database.parent)
        return aside


def _keep(database: Path, at: datetime) -> Path:
    """Give what is in place a second name. Its log is emptied before: between this and the new name
    a crash must leave a whole database."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as db:  # it may be damaged
        if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise StoreError(f"another program reads {database}; end it first")
    aside = database.with_name(f"{database.name}.before-restore-{at:%Y-%m-%dT%H%M%S}")
    os.link(database, aside)
    for kin in _KIN:  # what the last connection leaves of a damaged one
        with suppress(FileNotFoundError):
            database.with_name(database.name + kin).rename(f"{aside}{kin}")
    return aside


def _give_to_owner(draft: Path, database: Path) -> None:
    """Where root restores, the cloud goes on under an account of its own."""
    if os.geteuid() == 0:
        owner = (database if database.exists() else database.parent).stat()
        os.chown(draft, owner.st_uid, owner.st_gid)


def _copy(source: Path, draft: Path) -> None:
    with closing(_reading(source)) as here, closing(sqlite3.connect(draft)) as there:
        here.backup(there)
        # The copy is one file.
        there.execute("PRAGMA journal_mode = DELETE")
    _sync(draft)


def _reading(file: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)
    db.row_factory = sqlite3.Row
    return db


def _sync(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())


@contextmanager
def _draft(file: Path) -> Iterator[Path]:
    """Yield a new empty file beside `file`, 0600; in the end it is renamed, or gone."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        for kin in ("", *_KIN):
            Path(name + kin).unlink(missing_ok=True)


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except StoreError:
        raise
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL:
            raise StoreFull(f"no space is left for {file}; free some on its disk") from error
        raise StoreError(f"{file} can't be used: {error}") from error
    except sqlite3.DatabaseError as error:
        raise StoreCorrupt(f"{file} is not a backup of a cloud, or is damaged: {error}") from error
    except OSError as error:
        raise StoreError(f"{file} can't be used: {error.strerror or error}") from error
