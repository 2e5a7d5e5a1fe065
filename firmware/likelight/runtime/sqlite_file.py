"""One SQLite file, owned by one thread: each write is a transaction that survives a power cut.

`synchronous=FULL` with WAL, because that costs one fsync a commit where a rollback journal costs
two or three, and an SD card feels each of them.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

BUSY_TIMEOUT_S = 5.0


class StoreError(OSError):
    """The device's memory can't be read or written; the message says what and what to do."""


class StoreUnwritable(StoreError):
    """The file or its directory can't be opened or written."""


class StoreFull(StoreError):
    """The disk is full."""


class StoreCorrupt(StoreError):
    """The file is damaged, or no store of this version of the program."""


class SqliteFile:
    """The SQLite file `path`, whose directory must exist. Every method may raise `StoreError`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._executor: ThreadPoolExecutor | None = None
        self._db: sqlite3.Connection | None = None

    async def open(self, setup: Callable[[sqlite3.Connection], T]) -> T:
        """Open or create the file and run `setup` in its first transaction."""
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        try:
            await self._work(self._connect)
            return await self.write(setup)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the file. May be called twice."""
        executor, self._executor = self._executor, None
        if executor is None:
            return
        try:
            await asyncio.get_running_loop().run_in_executor(executor, self._disconnect)
        finally:
            executor.shutdown(wait=False)

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run `query` in the file's thread."""
        return await self._work(lambda: query(self._connected()))

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Run `change` in the file's thread, all of it or nothing; it is on the disk then."""

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

        return await self._work(transact)

    async def _work(self, job: Callable[[], T]) -> T:
        """Run `job` in the thread, also when the caller is cancelled meanwhile.

        A press of PRIVACY in the instant of a shutdown must reach the disk, even if it has to
        wait there for another job.
        """
        if self._executor is None:
            raise StoreError(f"{self.path} is not open")
        try:
            done = asyncio.get_running_loop().run_in_executor(self._executor, job)
            return await asyncio.shield(done)
        except sqlite3.Error as error:
            raise self._explain(error) from error

    def _connect(self) -> None:
        self._db = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        # Only macOS heeds it: there a plain fsync leaves the data in the drive's cache.
        self._db.execute("PRAGMA fullfsync = ON")

    def _disconnect(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            db.close()

    def _connected(self) -> sqlite3.Connection:
        if self._db is None:
            raise StoreError(f"{self.path} is not open")
        return self._db

    def _explain(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the extended part
        match code:
            case sqlite3.SQLITE_FULL:
                return StoreFull(f"no space is left for {self.path}; free some on its disk")
            case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
                return StoreUnwritable(
                    f"can't write {self.path}; give likelight a directory that it may write to"
                )
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return StoreCorrupt(
                    f"{self.path} is damaged; move it away and start again, the cloud keeps all "
                    "likes and every note that was not shown"
                )
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return StoreError(f"{self.path} is in use by another program; stop that first")
            case _:
                return StoreError(f"{self.path} can't be used: {error}")
