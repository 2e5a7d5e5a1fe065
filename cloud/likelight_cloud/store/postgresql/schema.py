"""The tables of the PostgreSQL store: numbered SQL files, each applied once."""

import asyncio
import secrets
from pathlib import Path

import asyncpg

from likelight.runtime.store_errors import StoreIncompatible
from likelight_cloud.store.postgresql.address import Address

MIGRATING = 0x6C6C_0001
"""The advisory lock under which one process migrates. Without it two that begin at once fail, even
with IF NOT EXISTS."""

_HAS_TABLES = """
SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'migration'"""

_FOLDER = Path(__file__).with_name("migrations")


def _scripts() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.sql"))]


async def migrate(connection: asyncpg.Connection, address: Address) -> None:
    """Apply what is missing, all in one transaction. Raises `StoreIncompatible` for tables that a
    newer version made."""
    scripts = await asyncio.to_thread(_scripts)
    if await _version(connection) == len(scripts):
        return  # nothing that would have to wait for a standby
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATING)
        done = await _version(connection)
        if done > len(scripts):
            raise StoreIncompatible(
                f"{address.name} was made by a newer version (its schema is {done}, this program "
                f"knows {len(scripts)}); install that version again"
            )
        if done == 0:
            await connection.execute("CREATE TABLE migration (n integer PRIMARY KEY)")
        for n, script in enumerate(scripts[done:], done + 1):
            await connection.execute(script)
            await connection.execute("INSERT INTO migration (n) VALUES ($1)", n)
        if done == 0:
            await connection.execute(
                "INSERT INTO meta (name, value) VALUES ('secret', $1)", secrets.token_bytes(32)
            )


async def has_tables(connection: asyncpg.Connection) -> bool:
    """Return whether a cloud has made its tables."""
    # Not to_regclass: after the wait for the lock it may still know of no such table.
    return bool(await connection.fetchval(_HAS_TABLES))


async def _version(connection: asyncpg.Connection) -> int:
    if not await has_tables(connection):
        return 0
    version: int = await connection.fetchval("SELECT max(n) FROM migration")
    return version
