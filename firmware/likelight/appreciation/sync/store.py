"""What a device stores durably: its inbox, its outbox and whether the crew chose privacy.

Each method is one transaction: a power cut leaves all of it or nothing.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from likelight.appreciation.sync import device_file
from likelight.appreciation.sync.device_file import StoredNote, SyncState
from likelight.contract import Desired, Note, NoteReceipt, Thanks
from likelight.runtime.clock import Now, utc_now
from likelight.runtime.sqlite_file import SqliteFile


class DeviceStore:
    """The device's durable memory in the SQLite file `path`, whose directory must exist.

    It belongs to the kitchen with the id `kitchen`. Every method may raise `StoreError`. `shared`
    is what the crew chose, as the disk has it: False unless the file says "shared" explicitly, for
    this kitchen. Presses are counted nowhere, and their times are not kept. `desired` is the last
    state that the cloud desired, as it was at the start.
    """

    def __init__(self, path: Path, *, kitchen: str, now: Now = utc_now) -> None:
        self.shared = False
        self.inherits_shared = False
        """A file of the format 0.1, which had no mark, said so; `set_private` makes it `shared`."""
        self.desired: Desired | None = None
        self.boots = 0
        self._kitchen = kitchen
        self._now = now
        self._file = SqliteFile(path, device_file.device_file(kitchen))

    @property
    def private(self) -> bool:
        """Whether the kitchen is private, as far as this file knows."""
        return not self.shared

    async def open(self) -> None:
        """Open or create the file, and count this start of the device."""
        start = await self._file.open(lambda db: device_file.count_start(db, self._kitchen))
        self.boots, self.desired = start.boots, start.desired
        self.shared, self.inherits_shared = start.shared, start.inherits_shared

    async def close(self) -> None:
        """Close the file. May be called twice."""
        await self._file.close()

    async def set_private(self, private: bool) -> None:
        """Remember what the crew chose; it is on the disk when this returns."""
        await self._file.write(lambda db: device_file.set_private(db, self._kitchen, private))
        self.shared, self.inherits_shared = not private, False
        if private:
            # What a damaged log loses must not bring back the choice before this one.
            await self._file.empty_log()

    async def sync_state(self) -> SyncState:
        """Return what the last `keep` remembered."""
        return await self._file.read(device_file.read_sync_state)

    async def keep(self, state: SyncState, notes: Iterable[Note] = ()) -> tuple[StoredNote, ...]:
        """Remember `state` and `notes` at once; return those notes that are new."""
        notes, now = tuple(notes), self._now()
        return await self._file.write(lambda db: device_file.keep(db, state, notes, now))

    async def waiting(self) -> tuple[StoredNote, ...]:
        """Return the notes that no screen has shown yet, the oldest first."""
        return await self._file.read(device_file.read_waiting)

    async def history(self) -> tuple[StoredNote, ...]:
        """Return the last `HISTORY` notes that were shown, in the order in which they were."""
        return await self._file.read(device_file.read_history)

    async def mark_shown(self, ids: Iterable[str], at: datetime) -> None:
        """The screen showed the notes `ids`, in this order; their receipts are due."""
        ids = tuple(ids)
        await self._file.write(lambda db: device_file.mark_shown(db, ids, at))

    async def thank(self, at: datetime) -> tuple[Thanks, int]:
        """Thank for every note shown since the last thanks; return the thanks, and how many."""
        return await self._file.write(lambda db: device_file.thank(db, at))

    async def thanks(self) -> Thanks | None:
        """Return the crew's last thanks."""
        return await self._file.read(device_file.read_thanks)

    async def receipts(self) -> tuple[NoteReceipt, ...]:
        """Return the receipts that the cloud has not acknowledged, first shown first.

        At most `RECEIPTS_A_POST`: what fits into one status.
        """
        return await self._file.read(device_file.read_receipts)

    async def acknowledge(self, receipts: Iterable[NoteReceipt]) -> None:
        """The cloud has these receipts. One that has changed since stays due."""
        receipts = tuple(receipts)
        await self._file.write(lambda db: device_file.acknowledge(db, receipts))
