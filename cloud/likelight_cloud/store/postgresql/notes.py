"""The notes of a kitchen in the PostgreSQL store. Called inside a transaction."""

from datetime import datetime, timedelta

import asyncpg

from likelight_cloud.store.base import KEY_TTL_S, NOTES_KEPT, KeyReusedError, NoKitchenError
from likelight_cloud.store.postgresql.aggregates import count_note
from likelight_cloud.store.postgresql.kitchens import locked
from likelight_cloud.store.records import Backlog, NoteRecord
from likelight_cloud.store.rows import ms, note_of


async def add_note(
    connection: asyncpg.Connection,
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
    # Locked before the look at the keys: it then finds another cloud's note of this key.
    await locked(connection, kid)
    known = await by_key(connection, kid, key)
    if known is not None:
        if known.code != code:
            raise KeyReusedError(key)
        return known
    await connection.execute(
        "UPDATE note SET key = NULL WHERE kid = $1 AND key IS NOT NULL AND created_at < $2",
        kid,
        ms(at - timedelta(seconds=KEY_TTL_S)),
    )
    # The row's lock makes the order of commits the order of the sequence.
    seq = await connection.fetchval(
        "UPDATE kitchen SET head = head + 1, revision = revision + 1 WHERE kid = $1 RETURNING head",
        kid,
    )
    await connection.execute(
        "INSERT INTO note (kid, seq, id, code, key, created_at, expires_at, source)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        kid,
        seq,
        id,
        code,
        key,
        ms(at),
        ms(expires_at),
        source,
    )
    await count_note(connection, kid, code, at)
    # In the order of the primary key it looks at no more than one note that stays.
    await connection.execute(
        "DELETE FROM note WHERE kid = $1 AND seq < (SELECT seq FROM note"
        " WHERE kid = $1 AND created_at >= $2 ORDER BY seq LIMIT 1)",
        kid,
        ms(at - NOTES_KEPT),
    )
    return NoteRecord(kid, seq, id, code, at, expires_at, source)


async def by_key(connection: asyncpg.Connection, kid: str, key: str) -> NoteRecord | None:
    """Return the note that was sent with this `Idempotency-Key`."""
    row = await connection.fetchrow("SELECT * FROM note WHERE kid = $1 AND key = $2", kid, key)
    return None if row is None else note_of(row)


async def by_id(connection: asyncpg.Connection, id: str) -> NoteRecord | None:
    """Return a note by its id."""
    row = await connection.fetchrow("SELECT * FROM note WHERE id = $1", id)
    return None if row is None else note_of(row)


async def id_of(connection: asyncpg.Connection, kid: str, seq: int) -> str | None:
    """Return the id of the note `seq`; None when there is none any more."""
    found: str | None = await connection.fetchval(
        "SELECT id FROM note WHERE kid = $1 AND seq = $2", kid, seq
    )
    return found


async def after(
    connection: asyncpg.Connection, kid: str, seq: int, *, limit: int, at: datetime
) -> Backlog:
    """Return the notes past `seq`, as the interface of the store has it."""
    head = await connection.fetchval("SELECT head FROM kitchen WHERE kid = $1", kid)
    if head is None:
        raise NoKitchenError(kid)
    rows = await connection.fetch(
        "SELECT * FROM note WHERE kid = $1 AND seq > $2 AND seq <= $3 AND expires_at > $4"
        " ORDER BY seq LIMIT $5",
        kid,
        seq,
        head,
        ms(at),
        limit + 1,
    )
    more = len(rows) > limit
    notes = tuple(note_of(row) for row in rows[:limit])
    # When no valid note follows the last one, the expired ones after it are done too.
    end = notes[-1].seq if more else max(head, seq)
    last = await id_of(connection, kid, end)
    return Backlog(notes, end, last, end - seq - len(notes), more)


async def waiting(connection: asyncpg.Connection, kid: str, at: datetime) -> tuple[str, ...]:
    """Return the ids of the notes that no panel has shown and that have not expired, in order."""
    rows = await connection.fetch(
        "SELECT id FROM note WHERE kid = $1 AND shown_at IS NULL AND expires_at > $2 ORDER BY seq",
        kid,
        ms(at),
    )
    return tuple(row["id"] for row in rows)


async def acknowledge(connection: asyncpg.Connection, kid: str, seq: int, at: datetime) -> None:
    """Remember that the device holds every note up to `seq`. Raises `NoKitchenError`."""
    acked = (await locked(connection, kid)).acked
    await connection.execute(
        "UPDATE note SET delivered_at = $4"
        " WHERE kid = $1 AND seq > $2 AND seq <= $3 AND expires_at > $4 AND delivered_at IS NULL",
        kid,
        acked,
        seq,
        ms(at),
    )
    await connection.execute(
        "UPDATE kitchen SET acked = $2, revision = revision + 1 WHERE kid = $1",
        kid,
        max(acked, seq),
    )
