"""One SQLite file, owned by one thread: a durable write is a transaction that survives a power cut.

It is `synchronous=FULL` with WAL: one fsync, where a rollback journal costs two or three, and each
is slow on an SD card. Any other write is NORMAL, without an fsync (94,000 against 5,800 commits a
second on a PC): it survives the end of the process at once, and a power cut from the next durable
write on that changes a row, whose fsync is of the whole log.
"""

import asyncio
import errno
import logging
import os
import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, TypeVar

from likelight.runtime.atomic_file import sync_folder
from likelight.runtime.migrations import FileFormat, migrate, version_of
from likelight.runtime.store_errors import (
    StoreCorrupt,
    StoreError,
    StoreForeign,
    StoreFull,
    StoreIncompatible,
    StoreReadOnly,
    StoreUnwritable,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

BUSY_TIMEOUT_S = 5.0
"""How long to wait for another process that writes, `likelight-cloud kitchen add` say."""


@dataclass(frozen=True, slots=True)
class StoreCondition:
    """What became of a file that could not be opened as it was."""

    set_aside: Path | None = None
    """Where the damaged file is now; a new one took its place."""
    in_memory: StoreError | None = None
    """Why nothing is kept: until the process ends, all is in memory."""


class SqliteFile:
    """The SQLite file `path` of the kind `kind`, which only its owner may read.

    Its directory must exist. Rows can be read by position and by name. Every method may raise
    `StoreError`.
    """

    _synchronous: ClassVar[dict[bool, str]] = {True: "FULL", False: "NORMAL"}
    """SQLite's word for a write that is durable, and for one that is not."""

    def __init__(self, path: Path, kind: FileFormat) -> None:
        self.path = path
        self._kind = kind
        self.condition = StoreCondition()
        self._executor: ThreadPoolExecutor | None = None
        self._db: sqlite3.Connection | None = None

    async def open(self, setup: Callable[[sqlite3.Connection], T]) -> T:
        """Open or create the file; migrate it and run `setup` in its first transaction.

        A file that this program can't read is left as it is (`StoreIncompatible`).
        """
        return await self._open(self._connect, setup)

    async def open_or_replace(self, setup: Callable[[sqlite3.Connection], T], now: datetime) -> T:
        """As `open`, but begin in any case; `condition` says how.

        A damaged file is set aside, with the time `now` in its name, and a new one begins. Where no
        file can be written, or a newer program wrote it, all is in memory: what a full or read-only
        disk holds is read, and nothing is kept.
        """
        try:
            try:
                return await self._open(self._connect_sound, setup)
            except (StoreCorrupt, StoreForeign) as damage:
                return await self._replace(setup, now, damage)
            except StoreError as error:
                if not _lacks_a_table(error):
                    raise
                return await self._replace(setup, now, error)
            except Exception as damage:  # noqa: BLE001  logged; a new file begins
                # A value that SQLite takes for sound, and the setup does not.
                return await self._replace(setup, now, damage)
        except StoreError as error:
            self.condition = StoreCondition(self.condition.set_aside, in_memory=error)
            if not isinstance(error, StoreIncompatible):
                try:
                    return await self._open(lambda: self._connect_memory(copies=True), setup)
                except Exception as damage:  # noqa: BLE001  logged; it begins with nothing
                    log.error("%s can't be read, either: %s", self.path, damage)  # noqa: TRY400
            return await self._open(lambda: self._connect_memory(copies=False), setup)

    async def replace(self, setup: Callable[[sqlite3.Connection], T], now: datetime) -> T:
        """Set the open file aside, which was damaged meanwhile, and begin a new one."""
        await self.close()
        return await self.open_or_replace(setup, now)

    async def _replace(
        self, setup: Callable[[sqlite3.Connection], T], now: datetime, damage: Exception
    ) -> T:
        aside = await asyncio.to_thread(self._set_aside, now)
        log.error("%s; it is kept as %s, and a new one begins", damage, aside.name)
        self.condition = StoreCondition(set_aside=aside)
        return await self.open(setup)

    async def _open(
        self, connect: Callable[[], None], setup: Callable[[sqlite3.Connection], T]
    ) -> T:
        def first(db: sqlite3.Connection) -> T:
            migrate(db, self._kind, self.path)
            return setup(db)

        self._executor = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        try:
            await asyncio.shield(self._submit(connect))
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

    async def write(self, change: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        """Run `change` in the file's thread as one transaction; if `durable`, it is on the disk on
        return.

        It runs also when the caller is cancelled meanwhile: a press of PRIVACY in the instant of a
        shutdown must reach the disk, even if it has to wait there for another job.
        """
        return await asyncio.shield(self.submit(change, durable=durable))

    async def empty_log(self) -> None:
        """Bring what was written into the file itself, as far as no reader is in the way."""
        with suppress(StoreError):  # the log has it, and is as durable
            await self.read(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone())

    def submit(
        self, change: Callable[[sqlite3.Connection], T], *, durable: bool = True
    ) -> asyncio.Future[T]:
        """Return at once with the future of a `write`; await it behind `asyncio.shield`."""

        def transact() -> T:
            db = self._connected()
            db.execute(f"PRAGMA synchronous = {self._synchronous[durable]}")
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
        flags = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            opened = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            # SQLite would wait for ever for a program that writes into a FIFO.
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise self._no_file()
        finally:
            os.close(opened)
        for name in ("", *_KIN):
            _keep_to_owner(self.path.with_name(self.path.name + name))
        db = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        self._db = db
        db.row_factory = sqlite3.Row
        # Before anything is changed in a file that may be another program's.
        version_of(db, self._kind, self.path)
        db.execute("PRAGMA journal_mode = WAL")
        # Damage must not find again what was deleted.
        db.execute("PRAGMA secure_delete = ON")
        # For macOS only: there a plain fsync leaves the data in the drive's cache.
        db.execute("PRAGMA fullfsync = ON")

    def _connect_sound(self) -> None:
        self._connect()
        _check(self._connected(), self._damaged())

    def _connect_memory(self, copies: bool) -> None:
        """Begin in memory, with what the file holds if it can be read."""
        db = sqlite3.connect(":memory:", isolation_level=None)
        name = self.path.absolute().as_uri()
        for how in ("mode=ro", "immutable=1") if copies else ():
            try:
                with closing(sqlite3.connect(f"{name}?{how}", uri=True)) as file:
                    file.backup(db)
                version_of(db, self._kind, self.path)
                _check(db, self._damaged())
                break
            except (sqlite3.Error, StoreError):
                db.close()
                db = sqlite3.connect(":memory:", isolation_level=None)
        self._db = db
        db.row_factory = sqlite3.Row

    def _set_aside(self, now: datetime) -> Path:
        """Rename the file and what belongs to it; return its new path. Raises `StoreError`."""
        name = f"{self.path.name}.damaged-{now:%Y-%m-%dT%H%M%S}"
        aside, number = self.path.with_name(name), 1
        while os.path.lexists(aside):
            number += 1
            aside = self.path.with_name(f"{name}-{number}")
        try:
            self.path.rename(aside)
            for kin in _KIN:
                with suppress(FileNotFoundError):
                    self.path.with_name(self.path.name + kin).rename(f"{aside}{kin}")
            sync_folder(self.path.parent)
        except OSError as error:
            raise self._unwritable(error) from error
        return aside

    def _disconnect(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            db.close()

    def _connected(self) -> sqlite3.Connection:
        if self._db is None:
            raise StoreError(f"{self.path} is not open")
        return self._db

    def _damaged(self) -> StoreCorrupt:
        return StoreCorrupt(f"{self.path} is damaged; {self._kind.when_damaged}")

    def _unwritable(self, error: OSError | None = None) -> StoreError:
        if error is not None and error.errno == errno.ENOSPC:
            return self._full()
        if error is not None and error.errno == errno.EISDIR:
            return StoreForeign(f"{self.path} is a folder; name a file")
        if error is not None and error.errno == errno.ENXIO:  # a socket
            return self._no_file()
        if error is not None and error.errno == errno.EROFS:
            return StoreReadOnly(f"the disk of {self.path} can only be read; put in a new card")
        return StoreUnwritable(
            f"can't write {self.path}; give likelight a directory that it may write to"
        )

    def _no_file(self) -> StoreForeign:
        return StoreForeign(f"{self.path} is not an ordinary file")

    def _full(self) -> StoreFull:
        return StoreFull(f"no space is left for {self.path}; free some on its disk")

    def _explain(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the extended part
        match code:
            case sqlite3.SQLITE_FULL:
                return self._full()
            case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
                return self._unwritable()
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return self._damaged()
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return StoreError(f"{self.path} is in use by another program; stop that first")
            case _:
                return StoreError(f"{self.path} can't be used: {error}")


def _lacks_a_table(error: StoreError) -> bool:
    """Return whether the SQL of the setup failed: SQLite takes a file without a table for sound."""
    return getattr(error.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR


_KIN = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file."""


def _keep_to_owner(file: Path) -> None:
    """Take `file` away from everybody but its owner: an older version, or a copy, left it 0644."""
    with suppress(OSError):  # it is not there, or another account's
        opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if stat.S_IMODE(os.fstat(opened).st_mode) & 0o077:
                os.fchmod(opened, 0o600)
        finally:
            os.close(opened)


def _check(db: sqlite3.Connection, damage: StoreCorrupt) -> None:
    """Raise `damage` unless every page of the file is sound: some ms for each MB."""
    if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise damage
