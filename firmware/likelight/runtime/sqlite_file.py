"""One SQLite file, owned by one thread: each write is a transaction that survives a power cut.

`synchronous=FULL` with WAL, because that costs one fsync per commit where a rollback journal costs
two or three, and each is slow on an SD card. NORMAL would be sixteen times as fast (94,000
against 5,800 commits a second on a PC) and may lose committed transactions on a power cut.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from likelight.runtime.migrations import FileFormat, migrate, version_of
from likelight.runtime.store_errors import (
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreUnwritable,
)

T = TypeVar("T")

BUSY_TIMEOUT_S = 5.0
"""How long to wait for another process that writes, `likelight-cloud kitchen add` say."""


class SqliteFile:
    """The SQLite file `path` of the kind `kind`, which only its owner may read.

    Its directory must exist. Rows can be read by position and by name. Every method may raise
    `StoreError`.
    """

    def __init__(self, path: Path, kind: FileFormat) -> None:
        self.path = path
        self._kind = kind
        self._executor: ThreadPoolExecutor | None = None
        self._db: sqlite3.Connection | None = None

    async def open(self, setup: Callable[[sqlite3.Connection], T]) -> T:
        """Open or create the file; migrate it and run `setup` in its first transaction.

        A file that this program can't read is left as it is (`StoreIncompatible`).
        """

        def first(db: sqlite3.Connection) -> T:
            migrate(db, self._kind, self.path)
            return setup(db)

        self._executor = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        try:
            await asyncio.shield(self._submit(self._connect))
            return await self.write(first)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish what was begun, then close the file. May be called twice."""
        executor, self._executor = self._executor, None
        if executor is None:
            return
        closed = asyncio.get_running_loop().run_in_executor(executor, self._disconnect)
        executor.shutdown(wait=False)
        await asyncio.shield(closed)

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run `query` in the file's thread."""
        return await asyncio.shield(self._submit(lambda: query(self._connected())))

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Run `change` in the file's thread as one transaction; it is on the disk on return.

        It runs also when the caller is cancelled meanwhile: a press of PRIVACY in the instant of a
        shutdown must reach the disk, even if it has to wait there for another job.
        """
        return await asyncio.shield(self.submit(change))

    async def empty_log(self) -> None:
        """Bring what was written into the file itself, as far as no reader is in the way."""
        with suppress(StoreError):  # the log has it, and is as durable
            await self.read(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone())

    def submit(self, change: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Return at once with the future of a `write`; await it behind `asyncio.shield`."""

        def transact() -> T:
            db = self._connected()
            db.execute("BEGIN IMMEDIATE")
            try:
                result = change(db)
                db.execute("COMMIT")
            except BaseException:
                # A full disk makes SQLite roll back by itself; then there is nothing to undo.
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            return result

        return self._submit(transact)

    def _submit(self, job: Callable[[], T]) -> asyncio.Future[T]:
        """Have `job` done in the thread, in order; what SQLite raises becomes a `StoreError`."""
        if self._executor is None:
            raise StoreError(f"{self.path} is not open")

        def explained() -> T:
            try:
                return job()
            except sqlite3.Error as error:
                raise self._explain(error) from error

        return asyncio.get_running_loop().run_in_executor(self._executor, explained)

    def _connect(self) -> None:
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise self._unwritable() from error
        db = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        self._db = db
        db.row_factory = sqlite3.Row
        # Before anything is changed in a file that may be another program's.
        version_of(db, self._kind, self.path)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        # Damage must not find again what was deleted.
        db.execute("PRAGMA secure_delete = ON")
        # For macOS only: there a plain fsync leaves the data in the drive's cache.
        db.execute("PRAGMA fullfsync = ON")

    def _disconnect(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            db.close()

    def _connected(self) -> sqlite3.Connection:
        if self._db is None:
            raise StoreError(f"{self.path} is not open")
        return self._db

    def _unwritable(self) -> StoreUnwritable:
        return StoreUnwritable(
            f"can't write {self.path}; give likelight a directory that it may write to"
        )

    def _explain(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the extended part
        match code:
            case sqlite3.SQLITE_FULL:
                return StoreFull(f"no space is left for {self.path}; free some on its disk")
            case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
                return self._unwritable()
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return StoreCorrupt(f"{self.path} is damaged; {self._kind.when_damaged}")
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return StoreError(f"{self.path} is in use by another program; stop that first")
            case _:
                return StoreError(f"{self.path} can't be used: {error}")
