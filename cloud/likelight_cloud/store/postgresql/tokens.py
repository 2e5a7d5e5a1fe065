"""The tokens of a kitchen's device in the PostgreSQL store. Called inside a transaction."""

import asyncpg

from likelight_cloud.store.postgresql.kitchens import locked, revise
from likelight_cloud.store.postgresql.reports import forget_snapshot


async def add(connection: asyncpg.Connection, kid: str, token_hash: bytes) -> None:
    """Make a token valid beside the oldest."""
    await locked(connection, kid)
    await connection.execute(
        "INSERT INTO token (hash, kid) VALUES ($2, $1) ON CONFLICT DO NOTHING", kid, token_hash
    )
    await connection.execute(
        "DELETE FROM token WHERE kid = $1"
        " AND n > (SELECT min(n) FROM token WHERE kid = $1)"
        " AND n < (SELECT max(n) FROM token WHERE kid = $1)",
        kid,
    )
    await revise(connection, kid)


async def end_others(connection: asyncpg.Connection, kid: str, token_hash: bytes) -> None:
    """Leave one token alone valid."""
    await locked(connection, kid)
    await connection.execute("DELETE FROM token WHERE kid = $1 AND hash != $2", kid, token_hash)
    await revise(connection, kid)


async def revoke(connection: asyncpg.Connection, kid: str, token_hash: bytes) -> None:
    """Leave a new token alone valid, and forget what was said under the others."""
    await locked(connection, kid)
    await connection.execute("DELETE FROM token WHERE kid = $1", kid)
    await connection.execute("INSERT INTO token (hash, kid) VALUES ($2, $1)", kid, token_hash)
    await forget_snapshot(connection, kid)


async def valid(connection: asyncpg.Connection, kid: str) -> tuple[bytes, ...]:
    """Return the hashes of the valid tokens, the oldest first."""
    rows = await connection.fetch("SELECT hash FROM token WHERE kid = $1 ORDER BY n", kid)
    return tuple(bytes(row["hash"]) for row in rows)
