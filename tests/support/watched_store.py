"""The device's store, watched, and what of it a power cut leaves."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from likelight.appreciation.sync.device_file import StoredNote, SyncState, device_file
from likelight.appreciation.sync.store import DeviceStore
from likelight.contract import Note, Thanks
from likelight.runtime.sqlite_file import SqliteFile
from likelight.runtime.store_errors import StoreFull
from support.diary import Diary


class UnsyncedFile(SqliteFile):
    """A file that leaves the disk's cache alone: no test of this rig cuts the real power.

    A power cut is played by a copy of what is committed, which is the same with and without an
    fsync. The program's own setting has a test of its own, in test_device_store.
    """

    def _connect(self) -> None:
        # A new file's turn to WAL is four syncs alone: done here, it costs none.
        with closing(sqlite3.connect(self.path)) as db:
            db.execute("PRAGMA synchronous = OFF")
            db.execute("PRAGMA journal_mode = WAL")
        super()._connect()
        self._connected().execute("PRAGMA synchronous = OFF")


class WatchedStore(DeviceStore):
    """The real store, with the beginning and the end of each commit written down.

    `full` makes its disk one that takes nothing more from the cloud.
    """

    diary: Diary
    full = False

    def __init__(self, path: Path, *, now: Callable[[], datetime]) -> None:
        super().__init__(path, kitchen="demo", now=now)
        self._file = UnsyncedFile(path, device_file("demo"))

    async def keep(
        self, state: SyncState, notes: Iterable[Note] = (), now: datetime | None = None
    ) -> tuple[StoredNote, ...]:
        self.diary.write("commit begins", "keep")
        if self.full:
            raise StoreFull("no space is left")
        new = await super().keep(state, notes, now)
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


def copy_what_is_on_the_disk(source: Path, target: Path) -> None:
    """Copy what a power cut would leave: the commits that are done, and none that is not."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        new.execute("PRAGMA synchronous = OFF")
        old.backup(new)


async def on_the_disk(path: Path) -> SyncState:
    """Return what a device would remember after a power cut in this instant."""
    copy = path.with_suffix(".copy")
    copy_what_is_on_the_disk(path, copy)
    store = DeviceStore(copy, kitchen="demo")
    await store.open()
    try:
        return await store.sync_state()
    finally:
        await store.close()
