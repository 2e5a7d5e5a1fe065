"""Signals and webhooks in the PostgreSQL store."""

from collections.abc import Collection
from datetime import datetime

import asyncpg

from likelight_cloud.store.audit import CLOUD, Act, Action, webhook_added
from likelight_cloud.store.postgresql import audit
from likelight_cloud.store.postgresql.access import Read, Write
from likelight_cloud.store.postgresql.kitchens import LIKES_BY_DAY, ZONE, zone
from likelight_cloud.store.rows import fleet_record_of, ms, signal_of, time_of, webhook_of
from likelight_cloud.store.signals import (
    CLAIMED_FOR,
    KEPT_FOR,
    OFF_AIR,
    PAUSES,
    Delivery,
    FleetRecord,
    OpenSignal,
    Signal,
    SignalKey,
    Webhook,
    may_look,
    message_of,
    new_id,
    switched_off,
)


class PostgresSignals:
    """A `SignalStore`; `read` and `write` run on the store's connections, `write` in a commit."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write

    async def fleet(self) -> tuple[FleetRecord, ...]:
        async def work(connection: asyncpg.Connection) -> tuple[FleetRecord, ...]:
            rows = await connection.fetch(_FLEET)
            for name in {row["zone"] for row in rows}:
                await zone(name)
            return tuple(map(fleet_record_of, rows))

        return await self._read(work)

    async def note_pictures(self, kid: str, missing_since: datetime | None) -> None:
        await self._write(
            lambda connection: connection.execute(
                "UPDATE kitchen SET pictures_missing_since = $2 WHERE kid = $1",
                kid,
                ms(missing_since),
            )
        )

    async def begin_look(self, process: str, at: datetime) -> bool:
        async def work(connection: asyncpg.Connection) -> bool:
            # It writes, so that of two processes the second waits for the first.
            value = await connection.fetchval(
                "INSERT INTO meta (name, value) VALUES ('signals', $1) ON CONFLICT (name)"
                " DO UPDATE SET value = meta.value RETURNING value",
                may_look(None, process, ms(at)),
            )
            held = may_look(bytes(value), process, ms(at))
            if held is not None:
                await connection.execute("UPDATE meta SET value = $1 WHERE name = 'signals'", held)
            return held is not None

        return await self._write(work)

    async def looked_at(self) -> datetime | None:
        async def work(connection: asyncpg.Connection) -> datetime | None:
            value = await connection.fetchval("SELECT value FROM meta WHERE name = 'signals'")
            return time_of(int(bytes(value).split()[1])) if value else None

        return await self._read(work)

    async def open_signals(self) -> tuple[OpenSignal, ...]:
        async def work(connection: asyncpg.Connection) -> tuple[OpenSignal, ...]:
            rows = await connection.fetch(
                "SELECT signal.*, kitchen.state FROM signal"
                " LEFT JOIN kitchen ON kitchen.kid = signal.subject"
                " ORDER BY signal.began_at, signal.kind, signal.subject"
            )
            return tuple(OpenSignal(signal_of(row), row["state"] in OFF_AIR) for row in rows)

        return await self._read(work)

    async def change_signals(
        self, begun: Collection[Signal], ended: Collection[SignalKey], at: datetime
    ) -> None:
        async def work(connection: asyncpg.Connection) -> None:
            for signal in begun:
                added = await connection.fetchval(
                    "INSERT INTO signal (kind, subject, began_at, words) VALUES ($1, $2, $3, $4)"
                    " ON CONFLICT DO NOTHING RETURNING 1",
                    signal.kind.value,
                    signal.kid or "",
                    ms(signal.began_at),
                    signal.words,
                )
                if added:
                    await _queue(connection, message_of(signal, None), at)
            for kind, kid in ended:
                row = await connection.fetchrow(
                    "DELETE FROM signal WHERE kind = $1 AND subject = $2 RETURNING *",
                    kind.value,
                    kid or "",
                )
                if row is not None:
                    await _queue(connection, message_of(signal_of(row), at), at)

        await self._write(work)

    async def add_webhook(self, url: str, at: datetime) -> Webhook | None:
        webhook = Webhook(new_id("wh"), url, at)

        async def work(connection: asyncpg.Connection) -> bool:
            added = await connection.fetchval(
                "INSERT INTO webhook (id, url, added_at) VALUES ($1, $2, $3)"
                " ON CONFLICT DO NOTHING RETURNING 1",
                webhook.id,
                url,
                ms(at),
            )
            if added is not None:
                await audit.append(connection, webhook_added(webhook), at)
            return added is not None

        return webhook if await self._write(work) else None

    async def webhooks(self) -> tuple[Webhook, ...]:
        async def work(connection: asyncpg.Connection) -> tuple[Webhook, ...]:
            rows = await connection.fetch(
                "SELECT *, (SELECT count(*) FROM delivery WHERE webhook = webhook.id) AS waiting"
                " FROM webhook ORDER BY added_at, id"
            )
            return tuple(map(webhook_of, rows))

        return await self._read(work)

    async def remove_webhook(self, id: str, at: datetime) -> bool:
        async def work(connection: asyncpg.Connection) -> bool:
            # Locked first: a signal that begins meanwhile would leave it a message.
            await connection.execute("SELECT 1 FROM webhook WHERE id = $1 FOR UPDATE", id)
            await connection.execute("DELETE FROM delivery WHERE webhook = $1", id)
            removed = await connection.fetchval("DELETE FROM webhook WHERE id = $1 RETURNING 1", id)
            if removed:
                await audit.append(connection, Act(Action.WEBHOOK_REMOVED, id), at)
            return bool(removed)

        return await self._write(work)

    async def switch_webhook_on(self, id: str, at: datetime) -> bool:
        async def work(connection: asyncpg.Connection) -> bool:
            switched = await connection.fetchval(
                "UPDATE webhook SET off_because = NULL, failing_since = NULL WHERE id = $1"
                " RETURNING 1",
                id,
            )
            if switched:
                await audit.append(connection, Act(Action.WEBHOOK_SWITCHED_ON, id), at)
            return bool(switched)

        return await self._write(work)

    async def has_due(self, at: datetime) -> bool:
        async def work(connection: asyncpg.Connection) -> bool:
            due = "SELECT 1 FROM delivery WHERE next_at <= $1 LIMIT 1"
            return bool(await connection.fetchval(due, ms(at)))

        return await self._read(work)

    async def claim_deliveries(self, at: datetime, limit: int) -> tuple[Delivery, ...]:
        async def work(connection: asyncpg.Connection) -> tuple[Delivery, ...]:
            await connection.execute(
                "DELETE FROM delivery WHERE created_at <= $1", ms(at - KEPT_FOR)
            )
            rows = await connection.fetch(
                "UPDATE delivery SET tries = tries + 1, next_at = $1 FROM webhook"
                " WHERE webhook.id = delivery.webhook AND (message, webhook) IN"
                " (SELECT message, webhook FROM delivery WHERE next_at <= $2 ORDER BY next_at"
                " LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING message, webhook, url, body, tries",
                ms(at + CLAIMED_FOR),
                ms(at),
                limit,
            )
            return tuple(
                Delivery(row["message"], row["webhook"], row["url"], row["body"], row["tries"])
                for row in rows
            )

        return await self._write(work)

    async def delivered(self, delivery: Delivery) -> None:
        async def work(connection: asyncpg.Connection) -> None:
            await connection.execute(
                "UPDATE webhook SET failing_since = NULL WHERE id = $1", delivery.webhook
            )
            await _forget(connection, delivery)

        await self._write(work)

    async def failed(
        self, delivery: Delivery, why: str, at: datetime, next_at: datetime, *, gone: bool
    ) -> bool:
        async def work(connection: asyncpg.Connection) -> bool:
            since = await connection.fetchval(
                "UPDATE webhook SET failing_since = coalesce(failing_since, $1)"
                " WHERE id = $2 AND off_because IS NULL RETURNING failing_since",
                ms(at),
                delivery.webhook,
            )
            if since is None:
                return False
            if off := switched_off(time_of(since), why, at, gone=gone):
                await connection.execute(
                    "UPDATE webhook SET off_because = $1 WHERE id = $2", off, delivery.webhook
                )
                await connection.execute(
                    "DELETE FROM delivery WHERE webhook = $1", delivery.webhook
                )
                told = Act(Action.WEBHOOK_SWITCHED_OFF, delivery.webhook, CLOUD)
                await audit.append(connection, told, at)
            elif delivery.tries > len(PAUSES):
                await _forget(connection, delivery)
            else:
                await connection.execute(
                    "UPDATE delivery SET next_at = $1 WHERE message = $2 AND webhook = $3",
                    ms(next_at),
                    delivery.message,
                    delivery.webhook,
                )
            return bool(off)

        return await self._write(work)


_FLEET = f"""
SELECT kid, created_at, state, received_at, unlit_since, pictures_missing_since,
       {ZONE} AS zone,
       (SELECT created_at FROM note WHERE kid = kitchen.kid AND seq = kitchen.head) AS last_note_at,
       {LIKES_BY_DAY} AS by_day
FROM kitchen ORDER BY kid"""  # noqa: S608 - constants


async def _queue(connection: asyncpg.Connection, body: str, at: datetime) -> None:
    """Keep a message for each webhook that is on."""
    await connection.execute(
        "INSERT INTO delivery (message, webhook, body, created_at, tries, next_at)"
        " SELECT $1, id, $2, $3, 0, $3 FROM webhook WHERE off_because IS NULL FOR SHARE",
        new_id("msg"),
        body,
        ms(at),
    )


async def _forget(connection: asyncpg.Connection, delivery: Delivery) -> None:
    await connection.execute(
        "DELETE FROM delivery WHERE message = $1 AND webhook = $2",
        delivery.message,
        delivery.webhook,
    )
