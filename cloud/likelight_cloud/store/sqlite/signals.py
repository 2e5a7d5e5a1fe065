"""Signals and webhooks in the SQLite store."""

import sqlite3
from collections.abc import Collection
from datetime import datetime

from likelight_cloud.store.audit import CLOUD, Act, Action, webhook_added
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
from likelight_cloud.store.sqlite import audit
from likelight_cloud.store.sqlite.access import Read, Write
from likelight_cloud.store.sqlite.kitchens import LIKES_BY_DAY, ZONE


class SqliteSignals:
    """A `SignalStore`; `read` and `write` run on the thread of the file, `write` in a commit."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write

    async def fleet(self) -> tuple[FleetRecord, ...]:
        return await self._read(lambda db: tuple(map(fleet_record_of, db.execute(_FLEET))))

    async def note_pictures(self, kid: str, missing_since: datetime | None) -> None:
        await self._write(
            lambda db: db.execute(
                "UPDATE kitchen SET pictures_missing_since = ? WHERE kid = ?",
                (ms(missing_since), kid),
            )
        )

    async def begin_look(self, process: str, at: datetime) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            row = db.execute("SELECT value FROM meta WHERE name = 'signals'").fetchone()
            held = may_look(bytes(row["value"]) if row else None, process, ms(at))
            if held is not None:
                db.execute(
                    "INSERT INTO meta (name, value) VALUES ('signals', ?)"
                    " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    (held,),
                )
            return held is not None

        return await self._write(work)

    async def looked_at(self) -> datetime | None:
        def work(db: sqlite3.Connection) -> datetime | None:
            row = db.execute("SELECT value FROM meta WHERE name = 'signals'").fetchone()
            return time_of(int(bytes(row["value"]).split()[1])) if row else None

        return await self._read(work)

    async def open_signals(self) -> tuple[OpenSignal, ...]:
        def work(db: sqlite3.Connection) -> tuple[OpenSignal, ...]:
            rows = db.execute(
                "SELECT signal.*, kitchen.state FROM signal"
                " LEFT JOIN kitchen ON kitchen.kid = signal.subject"
                " ORDER BY signal.began_at, signal.kind, signal.subject"
            )
            return tuple(OpenSignal(signal_of(row), row["state"] in OFF_AIR) for row in rows)

        return await self._read(work)

    async def change_signals(
        self, begun: Collection[Signal], ended: Collection[SignalKey], at: datetime
    ) -> None:
        def work(db: sqlite3.Connection) -> None:
            for signal in begun:
                added = db.execute(
                    "INSERT INTO signal (kind, subject, began_at, words) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT DO NOTHING",
                    (signal.kind, signal.kid or "", ms(signal.began_at), signal.words),
                )
                if added.rowcount:
                    _queue(db, message_of(signal, None), at)
            for kind, kid in ended:
                row = db.execute(
                    "DELETE FROM signal WHERE kind = ? AND subject = ? RETURNING *",
                    (kind, kid or ""),
                ).fetchone()
                if row is not None:
                    _queue(db, message_of(signal_of(row), at), at)

        await self._write(work)

    async def add_webhook(self, url: str, at: datetime) -> Webhook | None:
        webhook = Webhook(new_id("wh"), url, at)

        def work(db: sqlite3.Connection) -> bool:
            added = db.execute(
                "INSERT INTO webhook (id, url, added_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (webhook.id, url, ms(at)),
            )
            if added.rowcount:
                audit.append(db, webhook_added(webhook), at)
            return added.rowcount == 1

        return webhook if await self._write(work) else None

    async def webhooks(self) -> tuple[Webhook, ...]:
        def work(db: sqlite3.Connection) -> tuple[Webhook, ...]:
            rows = db.execute(
                "SELECT *, (SELECT count(*) FROM delivery WHERE webhook = webhook.id) AS waiting"
                " FROM webhook ORDER BY added_at, id"
            )
            return tuple(map(webhook_of, rows))

        return await self._read(work)

    async def remove_webhook(self, id: str, at: datetime) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            db.execute("DELETE FROM delivery WHERE webhook = ?", (id,))
            removed = db.execute("DELETE FROM webhook WHERE id = ?", (id,))
            if removed.rowcount:
                audit.append(db, Act(Action.WEBHOOK_REMOVED, id), at)
            return removed.rowcount == 1

        return await self._write(work)

    async def switch_webhook_on(self, id: str, at: datetime) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            switched = db.execute(
                "UPDATE webhook SET off_because = NULL, failing_since = NULL WHERE id = ?", (id,)
            )
            if switched.rowcount:
                audit.append(db, Act(Action.WEBHOOK_SWITCHED_ON, id), at)
            return switched.rowcount == 1

        return await self._write(work)

    async def has_due(self, at: datetime) -> bool:
        return await self._read(
            lambda db: (
                db.execute(
                    "SELECT 1 FROM delivery WHERE next_at <= ? LIMIT 1", (ms(at),)
                ).fetchone()
                is not None
            )
        )

    async def claim_deliveries(self, at: datetime, limit: int) -> tuple[Delivery, ...]:
        def work(db: sqlite3.Connection) -> tuple[Delivery, ...]:
            db.execute("DELETE FROM delivery WHERE created_at <= ?", (ms(at - KEPT_FOR),))
            rows = db.execute(
                "UPDATE delivery SET tries = tries + 1, next_at = ? WHERE (message, webhook) IN"
                " (SELECT message, webhook FROM delivery WHERE next_at <= ?"
                " ORDER BY next_at LIMIT ?) RETURNING message, webhook, body, tries,"
                " (SELECT url FROM webhook WHERE id = webhook) AS url",
                (ms(at + CLAIMED_FOR), ms(at), limit),
            ).fetchall()
            return tuple(
                Delivery(row["message"], row["webhook"], row["url"], row["body"], row["tries"])
                for row in rows
            )

        return await self._write(work)

    async def delivered(self, delivery: Delivery) -> None:
        def work(db: sqlite3.Connection) -> None:
            _forget(db, delivery)
            db.execute("UPDATE webhook SET failing_since = NULL WHERE id = ?", (delivery.webhook,))

        await self._write(work)

    async def failed(
        self, delivery: Delivery, why: str, at: datetime, next_at: datetime, *, gone: bool
    ) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            row = db.execute(
                "UPDATE webhook SET failing_since = COALESCE(failing_since, ?)"
                " WHERE id = ? AND off_because IS NULL RETURNING failing_since",
                (ms(at), delivery.webhook),
            ).fetchone()
            if row is None:
                return False
            if off := switched_off(time_of(row["failing_since"]), why, at, gone=gone):
                db.execute(
                    "UPDATE webhook SET off_because = ? WHERE id = ?", (off, delivery.webhook)
                )
                db.execute("DELETE FROM delivery WHERE webhook = ?", (delivery.webhook,))
                audit.append(db, Act(Action.WEBHOOK_SWITCHED_OFF, delivery.webhook, CLOUD), at)
            elif delivery.tries > len(PAUSES):
                _forget(db, delivery)
            else:
                db.execute(
                    "UPDATE delivery SET next_at = ? WHERE message = ? AND webhook = ?",
                    (ms(next_at), delivery.message, delivery.webhook),
                )
            return bool(off)

        return await self._write(work)


_FLEET = f"""
SELECT kid, created_at, state, received_at, unlit_since, pictures_missing_since,
       {ZONE} AS zone,
       (SELECT created_at FROM note WHERE kid = kitchen.kid AND seq = kitchen.head) AS last_note_at,
       {LIKES_BY_DAY} AS by_day
FROM kitchen ORDER BY kid"""  # noqa: S608 - constants


def _queue(db: sqlite3.Connection, body: str, at: datetime) -> None:
    """Keep a message for each webhook that is on."""
    db.execute(
        "INSERT INTO delivery (message, webhook, body, created_at, tries, next_at)"
        " SELECT ?, id, ?, ?, 0, ? FROM webhook WHERE off_because IS NULL",
        (new_id("msg"), body, ms(at), ms(at)),
    )


def _forget(db: sqlite3.Connection, delivery: Delivery) -> None:
    db.execute(
        "DELETE FROM delivery WHERE message = ? AND webhook = ?",
        (delivery.message, delivery.webhook),
    )
