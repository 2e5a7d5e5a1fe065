"""The file of the device store: its tables, its rows, and the SQL that reads and writes them.

Each function works inside the transaction of its caller.
"""

import hashlib
import logging
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from likelight.appreciation.sync.device_mend import mend
from likelight.appreciation.sync.like_totals import NOTHING_HEARD, LikeTotals
from likelight.contract import Desired, Note, NoteReceipt, Opaque, Thanks, rfc3339
from likelight.runtime.migrations import FileFormat, Migration, Version, statements

log = logging.getLogger(__name__)

# `showing` numbers the notes in the order in which they were shown, because a clock without a
# battery may step back. `reported` is what the cloud has acknowledged: 0 nothing, 1 shown,
# 2 thanked.
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

# A thanks is new by its id: the clock may be wrong, and a start must not repeat an older one.
_THANKS_BY_ID = statements(
    "ALTER TABLE device ADD COLUMN thanks_id TEXT",
    "UPDATE device SET thanks_id = lower(hex(randomblob(8))) WHERE thanks_at IS NOT NULL",
)


# Null until the first start with this format, which takes the file for its own kitchen's.
_KITCHEN = statements("ALTER TABLE device ADD COLUMN kitchen TEXT")


# SQLite syncs nothing where no row changes, so that each `keep` has to change one.
_FLIP = statements("ALTER TABLE device ADD COLUMN flip INTEGER NOT NULL DEFAULT 0")


def device_file(kitchen: str) -> FileFormat:
    """Return the format of the file that belongs to the kitchen with this id."""

    def add_mark(db: sqlite3.Connection) -> None:
        db.execute("ALTER TABLE device ADD COLUMN shared TEXT")
        # A new file has not counted a start yet; it does not share.
        db.execute(
            "UPDATE device SET private_since = NULL,"
            " shared = CASE WHEN private = 0 AND boots > 0 THEN ? ELSE ? END",
            (_mark(_INHERITED, kitchen), _mark(_PRIVATE, kitchen)),
        )

    return FileFormat(
        name="device store",
        table="device",
        when_damaged="the cloud keeps all likes and every note that was not shown",
        migrations=(
            Migration(Version(0, 1), _FIRST),
            Migration(Version(0, 2), _THANKS_BY_ID),
            Migration(Version(0, 3), add_mark),
            Migration(Version(0, 4), _KITCHEN),
            Migration(Version(0, 5), _FLIP),
        ),
    )


_SHARED, _PRIVATE, _INHERITED = "shared", "private", "shared before there were marks"


_CURSOR: TypeAdapter[str | None] = TypeAdapter(Opaque | None)
RECEIPTS_A_POST = 100
"""A receipt is at most 130 bytes of JSON, and the cloud takes bodies of 16 KiB."""
HISTORY = 1000
MOST_WAITING = 1000
"""Notes that wait for the panel: a cloud lets no more wait that have not expired (CONTRACT.md, rule
8). One that does lose those whose words wait already: equal notes are one screen."""
KEEP_REPORTED = timedelta(days=1)
"""How long after its expiry a finished note is kept, so that it is recognised if it comes twice."""
KEEP_UNSHOWN = timedelta(days=7)
"""A note that no screen has shown this long after its expiry is deleted."""


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


@dataclass(frozen=True, slots=True)
class StartState:
    """What the device has to know before anything else runs."""

    boots: int
    shared: bool
    inherits_shared: bool
    """It was shared when the file had the format 0.1, and nobody has pressed PRIVACY since."""
    desired: Desired | None
    kitchen_changed: bool
    """What the file held was another kitchen's, and is gone. A device that no cloud has answered
    was not a kitchen yet: an operator may choose its first one after its first start."""


def count_start(db: sqlite3.Connection, kitchen: str) -> StartState:
    """Count one more start of the device, and return what it begins with."""
    mend(db)
    kitchen_changed = _forget_another(db, kitchen)
    boots, private, mark, desired = db.execute(
        "UPDATE device SET boots = boots + 1 RETURNING boots, private, shared, desired"
    ).fetchall()[0]
    return StartState(
        boots,
        shared=private == 0 and mark == _mark(_SHARED, kitchen),
        inherits_shared=private == 0 and mark == _mark(_INHERITED, kitchen),
        desired=_desired(desired),
        kitchen_changed=kitchen_changed,
    )


def _forget_another(db: sqlite3.Connection, kitchen: str) -> bool:
    """Make the file the `kitchen`'s own; return whether it had anything of another's until now.

    Likes and notes belong to a kitchen: another one's would light this lamp and be shown here.
    """
    before, heard = db.execute(
        "SELECT kitchen, cursor IS NOT NULL OR epoch IS NOT NULL FROM device"
    ).fetchone()
    another = before is not None and before != kitchen
    if another:
        db.execute("DELETE FROM notes")
        db.execute(
            "UPDATE device SET cursor = NULL, desired = NULL, epoch = NULL, total = 0,"
            " lit_total = 0, last_lit_at = NULL, day = NULL, day_likes = 0, thanks_at = NULL,"
            " thanks_id = NULL"
        )
    db.execute("UPDATE device SET kitchen = ?", (kitchen,))
    return another and bool(heard)


def set_private(db: sqlite3.Connection, kitchen: str, private: bool) -> None:
    """Store what the crew of `kitchen` chose; not since when."""
    mark = _mark(_PRIVATE if private else _SHARED, kitchen)
    db.execute("UPDATE device SET private = ?, private_since = NULL, shared = ?", (private, mark))


def _mark(choice: str, kitchen: str) -> str:
    """Return the mark of a choice: a checksum, so that no damage makes one choice the other.

    Nor does a store that was moved to another kitchen share there.
    """
    return hashlib.sha256(f"{choice} {kitchen}".encode()).hexdigest()


def read_sync_state(db: sqlite3.Connection) -> SyncState:
    """Return what the last `keep` stored."""
    cursor, desired, epoch, total, lit_total, last_lit_at, day, day_likes = db.execute(
        "SELECT cursor, desired, epoch, total, lit_total, last_lit_at, day, day_likes FROM device"
    ).fetchone()
    return SyncState(
        _cursor(cursor),
        _desired(desired),
        LikeTotals(
            epoch,
            total,
            lit_total,
            _time(last_lit_at),
            date.fromisoformat(day) if day else None,
            day_likes,
        ),
    )


def keep(
    db: sqlite3.Connection, state: SyncState, notes: tuple[Note, ...], now: datetime
) -> tuple[StoredNote, ...]:
    """Store `state` and `notes`, forget what is long done; return those notes that are new.

    `now` is the cloud's time, which the notes' expiry goes by.
    """
    totals = state.totals
    # A new time line may have lost receipts: all are due again.
    db.execute(
        "UPDATE notes SET reported = 0 WHERE (SELECT epoch FROM device) <> ?", (totals.epoch,)
    )
    db.execute(
        "UPDATE device SET cursor = ?, desired = ?, epoch = ?, total = ?, lit_total = ?,"
        " last_lit_at = ?, day = ?, day_likes = ?, flip = 1 - flip",
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
    (before,) = db.execute("SELECT coalesce(max(position), 0) FROM notes").fetchone()
    new = tuple(
        StoredNote(note.id, note.code)
        for note in _with_room(db, notes, now)
        if db.execute(
            "INSERT OR IGNORE INTO notes (id, code, expires_at) VALUES (?, ?, ?)",
            (note.id, note.code, rfc3339(note.expires_at)),
        ).rowcount
    )
    db.execute(
        "DELETE FROM notes WHERE expires_at < ? AND reported > 0 AND position <= ?"
        " AND (thanked_at IS NULL OR reported = 2)",
        (rfc3339(now - KEEP_REPORTED), before),
    )
    # Not what has just come: then one of the two clocks is wrong.
    db.execute(
        "DELETE FROM notes WHERE expires_at < ? AND shown_at IS NULL AND position <= ?",
        (rfc3339(now - KEEP_UNSHOWN), before),
    )
    return new


def _with_room(db: sqlite3.Connection, notes: tuple[Note, ...], now: datetime) -> Iterator[Note]:
    """Yield those of `notes` that may wait: above `MOST_WAITING` only words that none has yet.

    Before that, what has expired at `now` makes room: its senders have been told so.
    """
    waiting = _waiting_codes(db)
    if waiting.total() + len(notes) > MOST_WAITING:
        db.execute("DELETE FROM notes WHERE shown_at IS NULL AND expires_at <= ?", (rfc3339(now),))
        waiting = _waiting_codes(db)
    room = MOST_WAITING - waiting.total()
    for note in notes:
        if room > 0 or note.code not in waiting:
            room -= 1
            waiting[note.code] += 1
            yield note


def _waiting_codes(db: sqlite3.Connection) -> Counter[str]:
    rows = db.execute("SELECT code, count(*) FROM notes WHERE shown_at IS NULL GROUP BY code")
    return Counter(dict(rows.fetchall()))


def read_waiting(db: sqlite3.Connection) -> tuple[StoredNote, ...]:
    """Return the notes that no screen has shown yet, the oldest first."""
    return _notes(
        db.execute("SELECT id, code, shown_at FROM notes WHERE shown_at IS NULL ORDER BY position")
    )


def read_history(db: sqlite3.Connection) -> tuple[StoredNote, ...]:
    """Return the last notes that were shown, in the order in which they were."""
    newest_first = db.execute(
        "SELECT id, code, shown_at FROM notes WHERE showing > 0 ORDER BY showing DESC LIMIT ?",
        (HISTORY,),
    )
    return _notes(newest_first)[::-1]


def mark_shown(db: sqlite3.Connection, ids: Iterable[str], at: datetime) -> None:
    """The screen showed the notes `ids`, in this order."""
    (last,) = db.execute("SELECT coalesce(max(showing), 0) FROM notes").fetchone()
    db.executemany(
        "UPDATE notes SET shown_at = ?, showing = ? WHERE id = ? AND shown_at IS NULL",
        [(rfc3339(at), showing, note_id) for showing, note_id in enumerate(ids, last + 1)],
    )


def thank(db: sqlite3.Connection, at: datetime) -> tuple[Thanks, int]:
    """Thank for every note shown since the last thanks; return the thanks, and how many."""
    rows = db.execute(
        "UPDATE device SET thanks_at = ?, thanks_id = lower(hex(randomblob(8)))"
        " RETURNING thanks_id",
        (rfc3339(at),),
    ).fetchall()
    thanked = db.execute(
        "UPDATE notes SET thanked_at = ? WHERE shown_at IS NOT NULL AND thanked_at IS NULL",
        (rfc3339(at),),
    )
    return Thanks(id=rows[0][0], at=at), thanked.rowcount


def read_thanks(db: sqlite3.Connection) -> Thanks | None:
    """Return the crew's last thanks."""
    thanks_id, at = db.execute("SELECT thanks_id, thanks_at FROM device").fetchone()
    return Thanks(id=thanks_id, at=at) if thanks_id and at else None


def read_receipts(db: sqlite3.Connection, limit: int) -> tuple[NoteReceipt, ...]:
    """Return up to `limit` receipts that the cloud has not acknowledged, first shown first."""
    rows = db.execute(
        "SELECT id, shown_at, thanked_at FROM notes"
        " WHERE showing > 0 AND reported < CASE WHEN thanked_at IS NULL THEN 1 ELSE 2 END"
        " ORDER BY showing LIMIT ?",
        (limit,),
    )
    return tuple(
        NoteReceipt(id=note_id, shown_at=_time(shown_at), thanked_at=_time(thanked_at))
        for note_id, shown_at, thanked_at in rows
    )


def acknowledge(db: sqlite3.Connection, receipts: Iterable[NoteReceipt]) -> None:
    """The cloud has `receipts`. One that has changed since stays due."""
    db.executemany(
        "UPDATE notes SET reported = max(reported, ?) WHERE id = ?",
        [(2 if receipt.thanked_at else 1, receipt.id) for receipt in receipts],
    )


def _notes(rows: sqlite3.Cursor) -> tuple[StoredNote, ...]:
    return tuple(StoredNote(note_id, code, _time(shown_at)) for note_id, code, shown_at in rows)


def _cursor(text: str | None) -> str | None:
    """Return the cursor; a damaged one counts as none, and the cloud sends all that is due."""
    try:
        return _CURSOR.validate_python(text)
    except ValidationError:
        return None


def _desired(text: str | None) -> Desired | None:
    """Return the desired state; one that a newer version stored may say what is not known here.

    The camera is off then, and the version 0, so that the cloud sends its desired state again.
    """
    if not text:
        return None
    try:
        return Desired.model_validate_json(text)
    except ValidationError:
        log.warning("The cloud's desired state can't be read; the camera is off until it comes")
        return Desired(version=0, mode="off")


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
