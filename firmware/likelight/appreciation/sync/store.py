"""What a device must not forget: its inbox, its outbox and the crew's wish for privacy.

Each method is one transaction: a power cut leaves all of it or nothing.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from likelight.appreciation.sync.like_totals import NOTHING_HEARD, LikeTotals
from likelight.contract import Desired, Note, NoteReceipt, rfc3339
from likelight.runtime.clock import Now, utc_now
from likelight.runtime.migrations import FileFormat, Migration, Version, statements
from likelight.runtime.sqlite_file import SqliteFile

# `showing` numbers the notes in the order in which they were shown: a clock without a battery may
# step back. `reported` is what the cloud has acknowledged: 0 nothing, 1 shown, 2 thanked.
_FIRST = statements(
    """CREATE TABLE device (
        one           INTEGER PRIMARY KEY CHECK (one = 1),
        boots         INTEGER NOT NULL DEFAULT 0,
        private       INTEGER NOT NULL DEFAULT 0,
        private_since TEXT,
        cursor        TEXT,
        desired       TEXT,
        epoch         TEXT,
        total         INTEGER NOT NULL DEFAULT 0,
        lit_total     INTEGER NOT NULL DEFAULT 0,
        last_lit_at   TEXT,
        day           TEXT,
        day_likes     INTEGER NOT NULL DEFAULT 0,
        thanks_at     TEXT
    )""",
    "INSERT INTO device (one) VALUES (1)",
    """CREATE TABLE notes (
        position   INTEGER PRIMARY KEY AUTOINCREMENT,
        id         TEXT NOT NULL UNIQUE,
        code       TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        shown_at   TEXT,
        showing    INTEGER,
        thanked_at TEXT,
        reported   INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE INDEX notes_waiting ON notes (position) WHERE shown_at IS NULL",
    "CREATE INDEX notes_unreported ON notes (showing) WHERE reported < 2",
)

DEVICE_FILE = FileFormat(
    name="device store",
    table="device",
    when_damaged="move it away and start again, the cloud keeps all likes and every note that was "
    "not shown",
    migrations=(Migration(Version(0, 1), _FIRST),),
)

RECEIPTS_A_POST = 100
"""A receipt is at most 130 bytes of JSON, and the cloud takes bodies of 16 KiB."""
HISTORY = 1000
KEEP_REPORTED = timedelta(days=1)
"""How long past its expiry a finished note is remembered, to know it again should it come twice."""
KEEP_UNSHOWN = timedelta(days=7)
"""A note that no screen could show for this long past its expiry is given up."""


@dataclass(frozen=True, slots=True)
class StoredNote:
    """A note in the inbox; `shown_at` is None while it waits."""

    id: str
    code: str
    shown_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SyncState:
    """The part of the store that changes with each reply of the cloud."""

    cursor: str | None = None
    desired: Desired | None = None
    totals: LikeTotals = NOTHING_HEARD


class DeviceStore:
    """The device's durable memory in the SQLite file `path`, whose directory must exist.

    Every method may raise `StoreError`. `private` and `private_since` are the crew's wish as it is
    on the disk; only its present value is kept, presses are counted nowhere. `desired` is the
    cloud's last wish as it was at the start.
    """

    def __init__(self, path: Path, *, now: Now = utc_now) -> None:
        self.private = False
        self.desired: Desired | None = None
        self.private_since: datetime | None = None
        self.boots = 0
        self._now = now
        self._file = SqliteFile(path, DEVICE_FILE)

    async def open(self) -> None:
        """Open or create the file, and count this start of the device."""
        self.boots, private, since, desired = await self._file.open(_count_boot)
        self.private, self.private_since = bool(private), _time(since)
        self.desired = Desired.model_validate_json(desired) if desired else None

    async def close(self) -> None:
        """Close the file. May be called twice."""
        await self._file.close()

    async def set_private(self, private: bool) -> None:
        """Remember the crew's wish; it is on the disk when this returns."""
        since = rfc3339(self._now())
        kept = await self._file.write(
            lambda db: db.execute(
                "UPDATE device SET private = :private, private_since ="
                " CASE WHEN private = :private THEN private_since ELSE :since END"
                " RETURNING private_since",
                {"private": private, "since": since},
            ).fetchall()
        )
        self.private, self.private_since = private, _time(kept[0][0])

    async def sync_state(self) -> SyncState:
        """Return what the last `keep` remembered."""
        return await self._file.read(_sync_state)

    async def keep(self, state: SyncState, notes: Iterable[Note] = ()) -> tuple[StoredNote, ...]:
        """Remember `state` and `notes` at once; return those notes that are new."""
        notes, now = tuple(notes), self._now()
        return await self._file.write(lambda db: _keep(db, state, notes, now))

    async def waiting(self) -> tuple[StoredNote, ...]:
        """Return the notes that no screen has shown yet, the oldest first."""
        return await self._file.read(
            lambda db: _notes(db, "WHERE shown_at IS NULL ORDER BY position")
        )

    async def history(self) -> tuple[StoredNote, ...]:
        """Return the last notes that were shown, in the order in which they were."""
        newest = await self._file.read(
            lambda db: _notes(db, f"WHERE showing > 0 ORDER BY showing DESC LIMIT {HISTORY}")
        )
        return newest[::-1]

    async def mark_shown(self, ids: Iterable[str], at: datetime) -> None:
        """The screen showed the notes `ids`, in this order; their receipts are due."""
        marks = [(rfc3339(at), note_id) for note_id in ids]
        await self._file.write(
            lambda db: db.executemany(
                "UPDATE notes SET shown_at = ?,"
                " showing = (SELECT coalesce(max(showing), 0) + 1 FROM notes)"
                " WHERE id = ? AND shown_at IS NULL",
                marks,
            )
        )

    async def thank(self, at: datetime) -> int:
        """Thank for every note shown since the last thanks; return how many."""
        return await self._file.write(lambda db: _thank(db, rfc3339(at)))

    async def thanks_at(self) -> datetime | None:
        """Return when the crew last said thanks."""
        return await self._file.read(
            lambda db: _time(db.execute("SELECT thanks_at FROM device").fetchone()[0])
        )

    async def receipts(self) -> tuple[NoteReceipt, ...]:
        """Return the receipts that the cloud has not acknowledged, first shown first.

        At most `RECEIPTS_A_POST`: what fits into one status.
        """
        return await self._file.read(_receipts)

    async def acknowledge(self, receipts: Iterable[NoteReceipt]) -> None:
        """The cloud has these receipts. One that has changed since stays due."""
        reported = [(2 if receipt.thanked_at else 1, receipt.id) for receipt in receipts]
        await self._file.write(
            lambda db: db.executemany(
                "UPDATE notes SET reported = max(reported, ?) WHERE id = ?", reported
            )
        )


def _count_boot(db: sqlite3.Connection) -> tuple[int, int, str | None, str | None]:
    row: tuple[int, int, str | None, str | None] = db.execute(
        "UPDATE device SET boots = boots + 1 RETURNING boots, private, private_since, desired"
    ).fetchall()[0]
    return row


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _sync_state(db: sqlite3.Connection) -> SyncState:
    cursor, desired, epoch, total, lit_total, last_lit_at, day, day_likes = db.execute(
        "SELECT cursor, desired, epoch, total, lit_total, last_lit_at, day, day_likes FROM device"
    ).fetchone()
    return SyncState(
        cursor,
        Desired.model_validate_json(desired) if desired else None,
        LikeTotals(
            epoch,
            total,
            lit_total,
            _time(last_lit_at),
            date.fromisoformat(day) if day else None,
            day_likes,
        ),
    )


def _keep(
    db: sqlite3.Connection, state: SyncState, notes: tuple[Note, ...], now: datetime
) -> tuple[StoredNote, ...]:
    totals = state.totals
    db.execute(
        "UPDATE device SET cursor = ?, desired = ?, epoch = ?, total = ?, lit_total = ?,"
        " last_lit_at = ?, day = ?, day_likes = ?",
        (
            state.cursor,
            state.desired.model_dump_json() if state.desired else None,
            totals.epoch,
            totals.total,
            totals.lit_total,
            rfc3339(totals.last_lit_at) if totals.last_lit_at else None,
            totals.day.isoformat() if totals.day else None,
            totals.day_likes,
        ),
    )
    if not notes:
        return ()
    new = tuple(
        StoredNote(note.id, note.code)
        for note in notes
        if db.execute(
            "INSERT OR IGNORE INTO notes (id, code, expires_at) VALUES (?, ?, ?)",
            (note.id, note.code, rfc3339(note.expires_at)),
        ).rowcount
    )
    db.execute(
        "DELETE FROM notes WHERE expires_at < ? AND reported > 0"
        " AND (thanked_at IS NULL OR reported = 2)",
        (rfc3339(now - KEEP_REPORTED),),
    )
    db.execute(
        "DELETE FROM notes WHERE expires_at < ? AND shown_at IS NULL",
        (rfc3339(now - KEEP_UNSHOWN),),
    )
    return new


def _notes(db: sqlite3.Connection, where: str) -> tuple[StoredNote, ...]:
    rows = db.execute(f"SELECT id, code, shown_at FROM notes {where}")  # noqa: S608  ours alone
    return tuple(StoredNote(note_id, code, _time(shown_at)) for note_id, code, shown_at in rows)


def _thank(db: sqlite3.Connection, at: str) -> int:
    db.execute("UPDATE device SET thanks_at = ?", (at,))
    return db.execute(
        "UPDATE notes SET thanked_at = ? WHERE shown_at IS NOT NULL AND thanked_at IS NULL", (at,)
    ).rowcount


def _receipts(db: sqlite3.Connection) -> tuple[NoteReceipt, ...]:
    rows = db.execute(
        "SELECT id, shown_at, thanked_at FROM notes"
        " WHERE showing > 0 AND reported < CASE WHEN thanked_at IS NULL THEN 1 ELSE 2 END"
        " ORDER BY showing LIMIT ?",
        (RECEIPTS_A_POST,),
    )
    return tuple(
        NoteReceipt(id=note_id, shown_at=_time(shown_at), thanked_at=_time(thanked_at))
        for note_id, shown_at, thanked_at in rows
    )
