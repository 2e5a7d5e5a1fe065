"""Webhook sources in the SQLite store."""

import sqlite3
from datetime import datetime

from likelight_cloud.store.audit import Act, Action
from likelight_cloud.store.base import NoKitchenError
from likelight_cloud.store.ingest import (
    MOST_PER_HOUR,
    REMEMBERED,
    EventAnswer,
    EventRefusal,
    IngestSource,
    LikesSent,
    MomentSent,
    NoteSent,
    SourceEvent,
    count,
    hour_of,
    secret_columns,
    wire_name,
)
from likelight_cloud.store.rows import ms, source_of
from likelight_cloud.store.sqlite import audit, notes
from likelight_cloud.store.sqlite.access import Read, Write
from likelight_cloud.store.sqlite.likes import add_likes


class SqliteIngest:
    """The `IngestStore` of a SQLite store."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write

    async def add(self, source: IngestSource) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            added = db.execute(
                "INSERT INTO source (name, profile, secret, other_secret, created_at)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING",
                (
                    source.name,
                    source.profile,
                    *secret_columns(source.secrets),
                    ms(source.created_at),
                ),
            )
            if added.rowcount == 1:
                audit.append(db, Act(Action.SOURCE_ADDED, source.name), source.created_at)
            return added.rowcount == 1

        return await self._write(work)

    async def all(self) -> tuple[IngestSource, ...]:
        return await self._read(
            lambda db: tuple(map(source_of, db.execute("SELECT * FROM source ORDER BY name")))
        )

    async def find(self, name: str) -> IngestSource | None:
        def work(db: sqlite3.Connection) -> IngestSource | None:
            row = db.execute("SELECT * FROM source WHERE name = ?", (name,)).fetchone()
            return None if row is None else source_of(row)

        return await self._read(work)

    async def put_secrets(self, name: str, secrets: tuple[bytes, ...], at: datetime) -> None:
        def work(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE source SET secret = ?, other_secret = ? WHERE name = ?",
                (*secret_columns(secrets), name),
            )
            audit.append(db, Act(Action.SOURCE_SECRETS, name), at)

        await self._write(work)

    async def remove(self, name: str, at: datetime) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            db.execute("DELETE FROM source_event WHERE name = ?", (name,))
            db.execute("DELETE FROM source_kitchen WHERE name = ?", (name,))
            removed = db.execute("DELETE FROM source WHERE name = ?", (name,)).rowcount == 1
            if removed:
                audit.append(db, Act(Action.SOURCE_REMOVED, name), at)
            return removed

        return await self._write(work)

    async def answer(self, event: SourceEvent) -> EventAnswer | EventRefusal | None:
        return await self._read(lambda db: _answer(db, event))

    async def take(self, event: SourceEvent, at: datetime) -> EventAnswer | EventRefusal:
        return await self._write(lambda db: _take(db, event, at), event.kid)


def _answer(db: sqlite3.Connection, event: SourceEvent) -> EventAnswer | EventRefusal | None:
    row = db.execute(
        "SELECT digest, answer FROM source_event WHERE name = ? AND id = ?",
        (event.source, event.id),
    ).fetchone()
    if row is None:
        return None
    if row["digest"] != event.digest:
        return EventRefusal.REUSED
    return EventAnswer.model_validate_json(row["answer"])


def _take(db: sqlite3.Connection, event: SourceEvent, at: datetime) -> EventAnswer | EventRefusal:
    known = _answer(db, event)
    if known is not None:
        return known
    source = db.execute("SELECT hour, likes FROM source WHERE name = ?", (event.source,)).fetchone()
    if source is None:
        return EventRefusal.GONE
    if isinstance(event.sent, NoteSent):
        answer: EventAnswer | EventRefusal = _note(db, event, event.sent, at)
    elif isinstance(event.sent, MomentSent):
        answer = _moment(db, event, event.sent)
    else:
        used = source["likes"] if source["hour"] == hour_of(at) else 0
        answer = _likes(db, event, event.sent, at, used)
    if isinstance(answer, EventAnswer) and event.id is not None:
        db.execute(
            "DELETE FROM source_event WHERE name = ? AND created_at <= ?",
            (event.source, ms(at - REMEMBERED)),
        )
        db.execute(
            "INSERT INTO source_event (name, id, digest, answer, created_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (
                event.source,
                event.id,
                event.digest,
                answer.model_dump_json(),
                ms(event.sent_at),
            ),
        )
    return answer


def _note(db: sqlite3.Connection, event: SourceEvent, sent: NoteSent, at: datetime) -> EventAnswer:
    note = notes.add(
        db,
        event.kid,
        id=sent.id,
        code=sent.code,
        key=sent.id,
        at=at,
        expires_at=sent.expires_at,
        source=wire_name(event.source),
    )
    return EventAnswer(accepted=1, note=note.id)


def _moment(db: sqlite3.Connection, event: SourceEvent, sent: MomentSent) -> EventAnswer:
    told = db.execute(
        "UPDATE kitchen SET moment = ?, moment_until = ?, revision = revision + 1 WHERE kid = ?",
        (sent.moment.kind, ms(sent.moment.until), event.kid),
    )
    if not told.rowcount:
        raise NoKitchenError(event.kid)
    return EventAnswer(accepted=1)


def _likes(
    db: sqlite3.Connection, event: SourceEvent, sent: LikesSent, at: datetime, used: int
) -> EventAnswer | EventRefusal:
    kitchen = db.execute(
        "SELECT base FROM kitchen LEFT JOIN source_kitchen"
        " ON source_kitchen.kid = kitchen.kid AND source_kitchen.name = ? WHERE kitchen.kid = ?",
        (event.source, event.kid),
    ).fetchone()
    if kitchen is None:
        raise NoKitchenError(event.kid)
    counted = count(sent, kitchen["base"], MOST_PER_HOUR - used)
    if counted is None:
        return EventRefusal.LIMIT
    db.execute(
        "UPDATE source SET hour = ?, likes = ? WHERE name = ?",
        (hour_of(at), used + counted.accepted, event.source),
    )
    db.execute(
        "INSERT INTO source_kitchen (kid, name, base, likes) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (kid, name) DO UPDATE SET base = excluded.base,"
        " likes = likes + excluded.likes",
        (event.kid, event.source, counted.base, counted.accepted),
    )
    if counted.accepted:
        add_likes(db, event.kid, counted.accepted, at)
    return EventAnswer(accepted=counted.accepted, detail=counted.detail)
