"""What the SQLite store holds, and what of it has been kept long enough."""

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from likelight_cloud.store.aggregates import DAYS_KEPT
from likelight_cloud.store.base import KEY_TTL_S, NOTES_KEPT
from likelight_cloud.store.fleet import UNDONE_WITHIN
from likelight_cloud.store.holdings import Table, date_of, last_days, moment_of
from likelight_cloud.store.ingest import REMEMBERED
from likelight_cloud.store.rows import ms
from likelight_cloud.store.signals import KEPT_FOR
from likelight_cloud.store.sqlite import aggregates, pairings
from likelight_cloud.store.sqlite.access import Read, Write
from likelight_cloud.store.sqlite.kitchens import ZONE


class SqliteHoldings:
    """`Holdings` of a SQLite file, which overwrites what it deletes (`secure_delete`).

    `empty_log` brings the log into the file: until then the log has what was deleted.
    """

    def __init__(self, read: Read, write: Write, empty_log: Callable[[], Awaitable[None]]) -> None:
        self._read = read
        self._write = write
        self._empty_log = empty_log

    async def tables(self) -> tuple[Table, ...]:
        return await self._read(_tables)

    async def forget(self, at: datetime) -> int:
        forgotten = await self._write(lambda db: _forget_small(db, at))
        for kid in await self._read(lambda db: _with_old_notes(db, ms(at - NOTES_KEPT))):
            forgotten += await self._write(partial(_forget_notes, kid=kid, at=at))
        if forgotten:
            await self._empty_log()
        return forgotten


def _tables(db: sqlite3.Connection) -> tuple[Table, ...]:
    names = db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " ORDER BY name"
    ).fetchall()
    return tuple(_table(db, row["name"]) for row in names)


def _table(db: sqlite3.Connection, name: str) -> Table:
    columns = tuple(row["name"] for row in db.execute(f'PRAGMA table_info("{name}")'))
    dated = date_of(columns)
    span = f"min({dated}), max({dated})" if dated else "NULL, NULL"
    rows, oldest, newest = db.execute(
        f'SELECT count(*), {span} FROM "{name}"'  # noqa: S608 - names of its own schema
    ).fetchone()
    return Table(name, columns, rows, moment_of(oldest, dated), moment_of(newest, dated))


def _forget_small(db: sqlite3.Connection, at: datetime) -> int:
    """Forget what is few rows, or has an index by its age."""
    before = db.total_changes
    pairings.forget(db, at)
    db.execute(
        "UPDATE note SET key = NULL WHERE key IS NOT NULL AND created_at < ?",
        (ms(at - timedelta(seconds=KEY_TTL_S)),),
    )
    db.execute("DELETE FROM source_event WHERE created_at <= ?", (ms(at - REMEMBERED),))
    db.execute("DELETE FROM delivery WHERE created_at < ?", (ms(at - KEPT_FOR),))
    db.execute("DELETE FROM fleet_change WHERE at <= ?", (ms(at - UNDONE_WITHIN),))
    zones = db.execute(
        f"SELECT kid, {ZONE} FROM kitchen"  # noqa: S608 - constants
    )
    aggregates.forget(db, last_days(dict(zones.fetchall()), at, DAYS_KEPT), at)
    return db.total_changes - before


def _with_old_notes(db: sqlite3.Connection, before: int) -> list[str]:
    # By the primary key: one look for each kitchen, however many notes there are.
    rows = db.execute(
        "SELECT kid FROM kitchen WHERE (SELECT created_at FROM note WHERE kid = kitchen.kid"
        " ORDER BY seq LIMIT 1) < ?",
        (before,),
    )
    return [row["kid"] for row in rows]


def _forget_notes(db: sqlite3.Connection, kid: str, at: datetime) -> int:
    return db.execute(
        "DELETE FROM note WHERE kid = :kid AND (seq < (SELECT seq FROM note WHERE kid = :kid"
        " AND created_at >= :since ORDER BY seq LIMIT 1) OR NOT EXISTS (SELECT 1 FROM note"
        " WHERE kid = :kid AND created_at >= :since))",
        {"kid": kid, "since": ms(at - NOTES_KEPT)},
    ).rowcount
