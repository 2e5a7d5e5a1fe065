"""The notes of a kitchen in the SQLite store. Called inside a transaction."""

import sqlite3
from datetime import datetime, timedelta

from likelight_cloud.store.base import KEY_TTL_S, NOTES_KEPT, KeyReusedError, NoKitchenError
from likelight_cloud.store.records import Backlog, NoteRecord
from likelight_cloud.store.rows import ms, note_of
from likelight_cloud.store.sqlite.aggregates import count_note


def add(
    db: sqlite3.Connection,
    kid: str,
    *,
    id: str,
    code: str,
    key: str,
    at: datetime,
    expires_at: datetime,
    source: str,
) -> NoteRecord:
    """Append a note, as the interface of the store has it."""
    known = by_key(db, kid, key)
    if known is not None:
        if known.code != code:
            raise KeyReusedError(key)
        return known
    db.execute(
        "UPDATE note SET key = NULL WHERE key IS NOT NULL AND created_at < ?",
        (ms(at - timedelta(seconds=KEY_TTL_S)),),
    )
    db.execute("UPDATE kitchen SET head = head + 1, revision = revision + 1 WHERE kid = ?", (kid,))
    note = NoteRecord(kid, _head(db, kid), id, code, at, expires_at, source)
    db.execute(
        "INSERT INTO note (kid, seq, id, code, key, created_at, expires_at, source)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (kid, note.seq, id, code, key, ms(at), ms(expires_at), source),
    )
    count_note(db, kid, code, at)
    # In the order of the primary key it looks at no more than one note that stays.
    db.execute(
        "DELETE FROM note WHERE kid = :kid AND seq < (SELECT seq FROM note"
        " WHERE kid = :kid AND created_at >= :since ORDER BY seq LIMIT 1)",
        {"kid": kid, "since": ms(at - NOTES_KEPT)},
    )
    return note


def by_key(db: sqlite3.Connection, kid: str, key: str) -> NoteRecord | None:
    """Return the note that was sent with this `Idempotency-Key`."""
    row = db.execute("SELECT * FROM note WHERE kid = ? AND key = ?", (kid, key)).fetchone()
    return None if row is None else note_of(row)


def by_id(db: sqlite3.Connection, id: str) -> NoteRecord | None:
    """Return a note by its id."""
    row = db.execute("SELECT * FROM note WHERE id = ?", (id,)).fetchone()
    return None if row is None else note_of(row)


def id_of(db: sqlite3.Connection, kid: str, seq: int) -> str | None:
    """Return the id of the note `seq`; None when there is none any more."""
    row = db.execute("SELECT id FROM note WHERE kid = ? AND seq = ?", (kid, seq)).fetchone()
    return None if row is None else str(row["id"])


def after(db: sqlite3.Connection, kid: str, seq: int, *, limit: int, at: datetime) -> Backlog:
    """Return the notes past `seq`, as the interface of the store has it."""
    head = _head(db, kid)
    rows = db.execute(
        "SELECT * FROM note WHERE kid = ? AND seq > ? AND seq <= ? AND expires_at > ?"
        " ORDER BY seq LIMIT ?",
        (kid, seq, head, ms(at), limit + 1),
    ).fetchall()
    more = len(rows) > limit
    notes = tuple(note_of(row) for row in rows[:limit])
    # When no valid note follows the last one, the expired ones after it are done too.
    end = notes[-1].seq if more else max(head, seq)
    return Backlog(notes, end, id_of(db, kid, end), end - seq - len(notes), more)


def waiting(db: sqlite3.Connection, kid: str, at: datetime) -> tuple[str, ...]:
    """Return the ids of the notes that no panel has shown and that have not expired, in order."""
    rows = db.execute(
        "SELECT id FROM note WHERE kid = ? AND shown_at IS NULL AND expires_at > ? ORDER BY seq",
        (kid, ms(at)),
    )
    return tuple(row["id"] for row in rows)


def _head(db: sqlite3.Connection, kid: str) -> int:
    row = db.execute("SELECT head FROM kitchen WHERE kid = ?", (kid,)).fetchone()
    if row is None:
        raise NoKitchenError(kid)
    head: int = row["head"]
    return head
