"""The audit log in the PostgreSQL store. Called inside a transaction."""

from collections.abc import Iterable
from datetime import datetime

import asyncpg

from likelight_cloud.store.audit import Act, AuditRow, audit_row_of, next_rows

_APPENDING = 0x6C6C_0003
"""The advisory lock under which a row is written: of two transactions that read the same newest
row, one would fail."""


async def append(connection: asyncpg.Connection, act: Act, at: datetime) -> None:
    """Write the row of `act`, which is kept exactly if all else in its transaction is."""
    await append_all(connection, (act,), at)


async def append_all(connection: asyncpg.Connection, acts: Iterable[Act], at: datetime) -> None:
    """Write the rows of `acts`, as `append`."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _APPENDING)
    newest = await connection.fetchrow("SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1")
    await connection.executemany(
        "INSERT INTO audit (n, at, who, action, about, detail, previous, hash)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [tuple(row.values()) for row in next_rows(newest, acts, at)],
    )


async def rows_from(connection: asyncpg.Connection, n: int, limit: int) -> tuple[AuditRow, ...]:
    """Return up to `limit` rows from the row `n` on, in order."""
    rows = await connection.fetch("SELECT * FROM audit WHERE n >= $1 ORDER BY n LIMIT $2", n, limit)
    return tuple(map(audit_row_of, rows))


async def logged(connection: asyncpg.Connection) -> int:
    """Return up to which row each has had its line in a log."""
    value = await connection.fetchval("SELECT value FROM meta WHERE name = 'audit_logged'")
    return 0 if value is None else int(value)


async def put_logged(connection: asyncpg.Connection, n: int) -> None:
    """Remember up to which row each has had its line in a log."""
    await connection.execute(
        "INSERT INTO meta (name, value) VALUES ('audit_logged', $1)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        str(n).encode(),
    )
