"""What the PostgreSQL store holds, and what of it has been kept long enough."""

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta
from functools import partial

import asyncpg

from likelight_cloud.store.aggregates import DAYS_KEPT
from likelight_cloud.store.base import KEY_TTL_S, NOTES_KEPT
from likelight_cloud.store.fleet import UNDONE_WITHIN
from likelight_cloud.store.holdings import Table, date_of, last_days, moment_of
from likelight_cloud.store.ingest import REMEMBERED
from likelight_cloud.store.postgresql import aggregates, pairings
from likelight_cloud.store.postgresql.access import Read, Write
from likelight_cloud.store.postgresql.kitchens import ZONE
from likelight_cloud.store.postgresql.writer import FORGET
from likelight_cloud.store.rows import ms
from likelight_cloud.store.signals import KEPT_FOR


class PostgresHoldings:
    """`Holdings` of a PostgreSQL database. What was deleted stays on its disk until VACUUM."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write

    async def tables(self) -> tuple[Table, ...]:
        return await self._read(_tables)

    async def forget(self, at: datetime) -> int:
        forgotten = await self._write(lambda connection: _forget_small(connection, at))
        old = partial(_with_old_notes, before=ms(at - NOTES_KEPT))
        for kid in await self._read(old):
            forgotten += await self._write(partial(_forget_notes, kid=kid, at=at))
        return forgotten


async def _tables(connection: asyncpg.Connection) -> tuple[Table, ...]:
    rows = await connection.fetch(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"
    )
    columns: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        columns[row["table_name"]].append(row["column_name"])
    return tuple([await _table(connection, name, tuple(columns[name])) for name in columns])


async def _table(connection: asyncpg.Connection, name: str, columns: tuple[str, ...]) -> Table:
    dated = date_of(columns)
    span = f"min({dated}), max({dated})" if dated else "NULL, NULL"
    rows, oldest, newest = await connection.fetchrow(
        f'SELECT count(*), {span} FROM "{name}"'  # noqa: S608 - names of its own schema
    )
    return Table(name, columns, rows, moment_of(oldest, dated), moment_of(newest, dated))


async def _forget_small(connection: asyncpg.Connection, at: datetime) -> int:
    """Forget what is few rows, or has an index by its age."""
    await pairings.forget(connection, at)
    zones = await connection.fetch(
        f"SELECT kid, {ZONE} AS zone FROM kitchen ORDER BY kid"  # noqa: S608 - constants
    )
    # A zone is read from the disk.
    days = await asyncio.to_thread(
        last_days, {row["kid"]: row["zone"] for row in zones}, at, DAYS_KEPT
    )
    done = [
        await connection.execute(
            "UPDATE note SET key = NULL WHERE key IS NOT NULL AND created_at < $1",
            ms(at - timedelta(seconds=KEY_TTL_S)),
        ),
        await connection.execute(
            "DELETE FROM source_event WHERE created_at <= $1", ms(at - REMEMBERED)
        ),
        await connection.execute("DELETE FROM delivery WHERE created_at < $1", ms(at - KEPT_FOR)),
        await connection.execute("DELETE FROM fleet_change WHERE at <= $1", ms(at - UNDONE_WITHIN)),
        *await aggregates.forget(connection, days, at),
        await connection.execute(FORGET),
    ]
    return sum(map(_rows, done))


async def _with_old_notes(connection: asyncpg.Connection, before: int) -> list[str]:
    # By the primary key: one look for each kitchen, however many notes there are.
    rows = await connection.fetch(
        "SELECT kid FROM kitchen WHERE (SELECT created_at FROM note WHERE kid = kitchen.kid"
        " ORDER BY seq LIMIT 1) < $1 ORDER BY kid",
        before,
    )
    return [row["kid"] for row in rows]


async def _forget_notes(connection: asyncpg.Connection, kid: str, at: datetime) -> int:
    done = await connection.execute(
        "DELETE FROM note WHERE kid = $1 AND (seq < (SELECT seq FROM note WHERE kid = $1"
        " AND created_at >= $2 ORDER BY seq LIMIT 1) OR NOT EXISTS (SELECT 1 FROM note"
        " WHERE kid = $1 AND created_at >= $2))",
        kid,
        ms(at - NOTES_KEPT),
    )
    return _rows(done)


def _rows(done: str) -> int:
    """Return the rows of a command's tag, such as "DELETE 3"."""
    return int(done.rpartition(" ")[2])
