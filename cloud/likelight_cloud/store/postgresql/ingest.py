"""Webhook sources in the PostgreSQL store."""

from datetime import datetime

import asyncpg

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
from likelight_cloud.store.postgresql import audit
from likelight_cloud.store.postgresql.access import Read, Write
from likelight_cloud.store.postgresql.kitchens import add_likes
from likelight_cloud.store.postgresql.notes import add_note
from likelight_cloud.store.rows import ms, source_of


class PostgresIngest:
    """The `IngestStore` of a PostgreSQL store."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write

    async def add(self, source: IngestSource) -> bool:
        secret, other = secret_columns(source.secrets)

        async def work(connection: asyncpg.Connection) -> bool:
            added = await connection.fetchval(
                "INSERT INTO source (name, profile, secret, other_secret, created_at)"
                " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING RETURNING 1",
                source.name,
                source.profile,
                secret,
                other,
                ms(source.created_at),
            )
            if added is not None:
                act = Act(Action.SOURCE_ADDED, source.name)
                await audit.append(connection, act, source.created_at)
            return added is not None

        return await self._write(work)

    async def all(self) -> tuple[IngestSource, ...]:
        async def work(connection: asyncpg.Connection) -> tuple[IngestSource, ...]:
            return tuple(
                map(source_of, await connection.fetch("SELECT * FROM source ORDER BY name"))
            )

        return await self._read(work)

    async def find(self, name: str) -> IngestSource | None:
        async def work(connection: asyncpg.Connection) -> IngestSource | None:
            row = await connection.fetchrow("SELECT * FROM source WHERE name = $1", name)
            return None if row is None else source_of(row)

        return await self._read(work)

    async def put_secrets(self, name: str, secrets: tuple[bytes, ...], at: datetime) -> None:
        secret, other = secret_columns(secrets)

        async def work(connection: asyncpg.Connection) -> None:
            await connection.execute(
                "UPDATE source SET secret = $2, other_secret = $3 WHERE name = $1",
                name,
                secret,
                other,
            )
            await audit.append(connection, Act(Action.SOURCE_SECRETS, name), at)

        await self._write(work)

    async def remove(self, name: str, at: datetime) -> bool:
        async def work(connection: asyncpg.Connection) -> bool:
            gone = await connection.fetchval("DELETE FROM source WHERE name = $1 RETURNING 1", name)
            if gone is None:
                return False
            # And with it, by their references, all of its events.
            await audit.append(connection, Act(Action.SOURCE_REMOVED, name), at)
            return True

        return await self._write(work)

    async def answer(self, event: SourceEvent) -> EventAnswer | EventRefusal | None:
        return await self._read(lambda connection: _answer(connection, event))

    async def take(self, event: SourceEvent, at: datetime) -> EventAnswer | EventRefusal:
        return await self._write(lambda connection: _take(connection, event, at), event.kid)


async def _answer(
    connection: asyncpg.Connection, event: SourceEvent
) -> EventAnswer | EventRefusal | None:
    row = await connection.fetchrow(
        "SELECT digest, answer FROM source_event WHERE name = $1 AND id = $2",
        event.source,
        event.id,
    )
    if row is None:
        return None
    if row["digest"] != event.digest:
        return EventRefusal.REUSED
    return EventAnswer.model_validate_json(row["answer"])


async def _take(
    connection: asyncpg.Connection, event: SourceEvent, at: datetime
) -> EventAnswer | EventRefusal:
    # Locked before the look at the ids: it then finds another cloud's event of this id.
    source = await connection.fetchrow(
        "SELECT hour, likes FROM source WHERE name = $1 FOR UPDATE", event.source
    )
    known = await _answer(connection, event)
    if known is not None:
        return known
    if source is None:
        return EventRefusal.GONE
    if isinstance(event.sent, NoteSent):
        answer: EventAnswer | EventRefusal = await _note(connection, event, event.sent, at)
    elif isinstance(event.sent, MomentSent):
        answer = await _moment(connection, event, event.sent)
    else:
        used = source["likes"] if source["hour"] == hour_of(at) else 0
        answer = await _likes(connection, event, event.sent, at, used)
    if isinstance(answer, EventAnswer) and event.id is not None:
        await connection.execute(
            "DELETE FROM source_event WHERE name = $1 AND created_at <= $2",
            event.source,
            ms(at - REMEMBERED),
        )
        await connection.execute(
            "INSERT INTO source_event (name, id, digest, answer, created_at)"
            " VALUES ($1, $2, $3, $4, $5)",
            event.source,
            event.id,
            event.digest,
            answer.model_dump_json(),
            ms(event.sent_at),
        )
    return answer


async def _note(
    connection: asyncpg.Connection, event: SourceEvent, sent: NoteSent, at: datetime
) -> EventAnswer:
    note = await add_note(
        connection,
        event.kid,
        id=sent.id,
        code=sent.code,
        key=sent.id,
        at=at,
        expires_at=sent.expires_at,
        source=wire_name(event.source),
    )
    return EventAnswer(accepted=1, note=note.id)


async def _moment(
    connection: asyncpg.Connection, event: SourceEvent, sent: MomentSent
) -> EventAnswer:
    told = await connection.fetchval(
        "UPDATE kitchen SET moment = $2, moment_until = $3, revision = revision + 1"
        " WHERE kid = $1 RETURNING 1",
        event.kid,
        sent.moment.kind,
        ms(sent.moment.until),
    )
    if told is None:
        raise NoKitchenError(event.kid)
    return EventAnswer(accepted=1)


async def _likes(
    connection: asyncpg.Connection, event: SourceEvent, sent: LikesSent, at: datetime, used: int
) -> EventAnswer | EventRefusal:
    kitchen = await connection.fetchrow(
        "SELECT base FROM kitchen LEFT JOIN source_kitchen"
        " ON source_kitchen.kid = kitchen.kid AND source_kitchen.name = $1 WHERE kitchen.kid = $2",
        event.source,
        event.kid,
    )
    if kitchen is None:
        raise NoKitchenError(event.kid)
    counted = count(sent, kitchen["base"], MOST_PER_HOUR - used)
    if counted is None:
        return EventRefusal.LIMIT
    await connection.execute(
        "UPDATE source SET hour = $2, likes = $3 WHERE name = $1",
        event.source,
        hour_of(at),
        used + counted.accepted,
    )
    if counted.accepted:
        # It locks the kitchen, which may have been removed since it was read.
        total = await add_likes(connection, event.kid, counted.accepted, at)
        if total is None:
            raise NoKitchenError(event.kid)
    await connection.execute(
        "INSERT INTO source_kitchen (kid, name, base, likes) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (kid, name) DO UPDATE SET base = excluded.base,"
        " likes = source_kitchen.likes + excluded.likes",
        event.kid,
        event.source,
        counted.base,
        counted.accepted,
    )
    return EventAnswer(accepted=counted.accepted, detail=counted.detail)
