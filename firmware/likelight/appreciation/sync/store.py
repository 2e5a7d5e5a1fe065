"""What a device stores durably: its inbox, its outbox and whether the crew chose privacy.

Each method is one transaction: a power cut leaves all of it or nothing. A durable `keep` and
`set_private` return once it is on the disk, and with it all that was written before; the others do
not wait for the disk, and a power cut may undo what they wrote since the last of these.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from likelight.appreciation.sync import device_file
from likelight.appreciation.sync.device_file import StoredNote, SyncState
from likelight.contract import Desired, Note, NoteReceipt, Thanks
from likelight.runtime.clock import Now, utc_now
from likelight.runtime.commit_pace import CommitPace
from likelight.runtime.sqlite_file import SqliteFile, StoreCondition
from likelight.runtime.store_errors import StoreCorrupt

log = logging.getLogger(__name__)

T = TypeVar("T")


class DeviceStore:
    """The device's durable memory in the SQLite file `path`, whose directory must exist.

    It belongs to the kitchen with the id `kitchen`. Every method may raise `StoreError`. `shared`
    is what the crew chose, as the disk has it: False unless the file says "shared" explicitly, for
    this kitchen. Presses are counted nowhere, and their times are not kept. `desired` is the last
    state that the cloud desired, as it was at the start. `pace` is that of the cloud's file beside
    it, where there is one.
    """

    def __init__(
        self, path: Path, *, kitchen: str, now: Now = utc_now, pace: CommitPace | None = None
    ) -> None:
        self.shared = False
        self.inherits_shared = False
        """A file of the format 0.1, which had no mark, said so; `set_private` makes it `shared`."""
        self.desired: Desired | None = None
        self.boots = 0
        self.kitchen_changed = False
        """What the file held was another kitchen's, and is gone."""
        self._kitchen = kitchen
        self._now = now
        self._file = SqliteFile(path, device_file.device_file(kitchen))
        self._acknowledged: list[NoteReceipt] = []
        """Go into the next commit: after a power cut they are given once more, and nobody minds."""
        self.cloud_beside = pace is not None
        """The cloud keeps its file on the same disk."""
        self._pace = pace or CommitPace()

    @property
    def private(self) -> bool:
        """Whether the kitchen is private, as far as this file knows."""
        return not self.shared

    @property
    def kept(self) -> bool:
        """Whether anything outlives this process."""
        return self.condition.in_memory is None

    @property
    def condition(self) -> StoreCondition:
        """Whether the file was damaged and set aside, or all is in memory."""
        return self._file.condition

    async def open(self) -> None:
        """Open or create the file, and count this start of the device.

        It begins in any case, private where the file is not what the last life left: see
        `condition`.
        """
        start = await self._file.open_or_replace(self._count_start, self._now())
        self.boots, self.desired = start.boots, start.desired
        self.shared = self.kept and start.shared
        self.inherits_shared = self.kept and start.inherits_shared
        self.kitchen_changed = start.kitchen_changed
        if start.kitchen_changed:
            log.error("The device store is another kitchen's: its likes and notes do not count")
        if (error := self.condition.in_memory) is not None:
            log.error("Nothing is kept until the next start: %s", error)

    async def close(self) -> None:
        """Close the file. May be called twice."""
        await self._file.close()

    async def set_private(self, private: bool) -> None:
        """Remember what the crew chose; it is on the disk when this returns.

        In memory only sharing is taken: it ends with this process in any case.
        """
        if private and (error := self.condition.in_memory) is not None:
            raise error
        await self._write(lambda db: device_file.set_private(db, self._kitchen, private))
        self.shared, self.inherits_shared = not private, False
        if private:
            # What a damaged log loses must not bring back the choice before this one.
            await self._file.empty_log()

    def turn(self) -> AbstractAsyncContextManager[bool]:
        """Wait for the turn of the next `keep`.

        A press of PRIVACY, a start and an end wait for none.
        """
        return self._pace.turn()

    async def sync_state(self) -> SyncState:
        """Return what the last `keep` remembered."""
        return await self._file.read(device_file.read_sync_state)

    async def keep(
        self,
        state: SyncState,
        notes: Iterable[Note] = (),
        now: datetime | None = None,
        *,
        durable: bool = True,
    ) -> tuple[StoredNote, ...]:
        """Remember `state` and `notes`; return those notes that are new.

        Wait for its `turn`, unless it need not be `durable` yet. `now` is the cloud's time; by it
        old notes go.
        """
        notes, now = tuple(notes), now or self._now()
        return await self._commit(
            lambda db: device_file.keep(db, state, notes, now), durable=durable
        )

    async def waiting(self) -> tuple[StoredNote, ...]:
        """Return the notes that no screen has shown yet, the oldest first."""
        return await self._file.read(device_file.read_waiting)

    async def history(self) -> tuple[StoredNote, ...]:
        """Return the last `HISTORY` notes that were shown, in the order in which they were."""
        return await self._file.read(device_file.read_history)

    async def mark_shown(self, ids: Iterable[str], at: datetime) -> None:
        """The screen showed the notes `ids`, in this order; their receipts are due."""
        ids = tuple(ids)
        await self._commit(lambda db: device_file.mark_shown(db, ids, at))

    async def thank(self, at: datetime) -> tuple[Thanks, int]:
        """Thank for every note shown since the last thanks; return the thanks, and how many."""
        return await self._commit(lambda db: device_file.thank(db, at))

    async def thanks(self) -> Thanks | None:
        """Return the crew's last thanks."""
        return await self._file.read(device_file.read_thanks)

    async def receipts(self) -> tuple[NoteReceipt, ...]:
        """Return the receipts that the cloud has not acknowledged, first shown first.

        At most `RECEIPTS_A_POST`: what fits into one status.
        """
        most = device_file.RECEIPTS_A_POST
        known = set(self._acknowledged)
        due = await self._file.read(lambda db: device_file.read_receipts(db, most + len(known)))
        return tuple(receipt for receipt in due if receipt not in known)[:most]

    async def acknowledge(self, receipts: Iterable[NoteReceipt]) -> None:
        """The cloud has these receipts. One that has changed since stays due."""
        self._acknowledged += receipts
        if len(self._acknowledged) >= device_file.RECEIPTS_A_POST:
            await self._commit(lambda _: None)

    async def _commit(
        self, change: Callable[[sqlite3.Connection], T], *, durable: bool = False
    ) -> T:
        """Commit what `change` does, and what was acknowledged before."""
        acknowledged, self._acknowledged = tuple(self._acknowledged), []

        def all_due(db: sqlite3.Connection) -> T:
            device_file.acknowledge(db, acknowledged)
            return change(db)

        try:
            return await self._write(all_due, durable=durable)
        except BaseException:
            self._acknowledged += acknowledged
            raise

    async def _write(self, change: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        try:
            return await self._file.write(change, durable=durable)
        except StoreCorrupt:
            # The caller tries again, on a file that works.
            await self._file.replace(self._count_start, self._now())
            raise

    def _count_start(self, db: sqlite3.Connection) -> device_file.StartState:
        return device_file.count_start(db, self._kitchen)
