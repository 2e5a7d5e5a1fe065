"""The device's store, watched, and what of it the end of a process or of the power leaves."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path
from typing import ClassVar, TypeVar

from likelight.appreciation.sync.device_file import StoredNote, SyncState, device_file
from likelight.appreciation.sync.store import DeviceStore
from likelight.contract import Note, Thanks
from likelight.runtime.commit_pace import CommitPace
from likelight.runtime.migrations import FileFormat
from likelight.runtime.sqlite_file import SqliteFile
from likelight.runtime.store_errors import StoreFull
from support.diary import Diary

T = TypeVar("T")


class UnsyncedFile(SqliteFile):
    """A file that leaves the disk's cache alone: no test of this rig cuts the real power.

    A power cut is played: it leaves `on_disk`, what was written with the last durable write or
    before. The program's own setting has a test of its own, in test_device_store.
    """

    _synchronous: ClassVar[dict[bool, str]] = {True: "OFF", False: "OFF"}
    on_disk = b""
    """The file after the last durable write."""

    def __init__(self, path: Path, kind: FileFormat) -> None:
        super().__init__(path, kind)
        self.durable: list[float] = []
        """When each durable write was done, in loop time."""

    def _connect(self) -> None:
        # A new file's turn to WAL is four syncs alone: done here, it costs none.
        with closing(sqlite3.connect(self.path)) as db:
            db.execute("PRAGMA synchronous = OFF")
            db.execute("PRAGMA journal_mode = WAL")
        super()._connect()

    async def write(self, change: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        written = self.submit(change, durable=durable)
        if durable:
            # Submitted in the same step, so that no other write comes in between.
            copied = self._submit(self._copy)
            await asyncio.shield(copied)
            self.durable.append(asyncio.get_running_loop().time())
        return await asyncio.shield(written)

    def _copy(self) -> None:
        self.on_disk = self._connected().serialize()

    def _disconnect(self) -> None:
        super()._disconnect()
        if self.path.exists():
            self.on_disk = self.path.read_bytes()


class WatchedStore(DeviceStore):
    """The real store, with the beginning and the end of each commit written down.

    `full` makes its disk one that takes nothing more from the cloud.
    """

    diary: Diary
    full = False

    def __init__(
        self, path: Path, *, now: Callable[[], datetime], pace: CommitPace | None = None
    ) -> None:
        super().__init__(path, kitchen="demo", now=now, pace=pace)
        self.file = self._file = UnsyncedFile(path, device_file("demo"))

    async def keep(
        self,
        state: SyncState,
        notes: Iterable[Note] = (),
        now: datetime | None = None,
        *,
        durable: bool = True,
    ) -> tuple[StoredNote, ...]:
        self.diary.write("commit begins", "keep")
        if self.full:
            raise StoreFull("no space is left")
        new = await super().keep(state, notes, now, durable=durable)
        self.diary.write("committed", "keep")
        return new

    async def mark_shown(self, ids: Iterable[str], at: datetime) -> None:
        self.diary.write("commit begins", "shown")
        await super().mark_shown(ids, at)
        self.diary.write("committed", "shown")

    async def thank(self, at: datetime) -> tuple[Thanks, int]:
        self.diary.write("commit begins", "thanks")
        thanks = await super().thank(at)
        self.diary.write("committed", "thanks")
        return thanks


def copy_what_a_kill_leaves(store: WatchedStore, target: Path) -> None:
    """Copy what the end of the process would leave: the writes that are done."""
    with closing(sqlite3.connect(store.file.path)) as old, closing(sqlite3.connect(target)) as new:
        new.execute("PRAGMA synchronous = OFF")
        old.backup(new)


def copy_what_a_power_cut_leaves(store: WatchedStore, target: Path) -> None:
    """Copy what a power cut would leave: what is on the disk."""
    target.write_bytes(store.file.on_disk)


@asynccontextmanager
async def after_a_power_cut(store: WatchedStore) -> AsyncIterator[DeviceStore]:
    """Open what a device would remember after a power cut in this instant."""
    copy = store.file.path.with_suffix(".copy")
    copy_what_a_power_cut_leaves(store, copy)
    left = DeviceStore(copy, kitchen="demo")
    await left.open()
    try:
        yield left
    finally:
        await left.close()


async def on_the_disk(store: WatchedStore) -> SyncState:
    """Return how far a device would be with the cloud after a power cut in this instant."""
    async with after_a_power_cut(store) as left:
        return await left.sync_state()
