"""Enrolment codes in the PostgreSQL store. Called inside a transaction."""

from datetime import datetime

import asyncpg

from likelight_cloud.store.audit import DEVICE, Act, Action
from likelight_cloud.store.enrolment import Code, CodeRefusal, Enrolled
from likelight_cloud.store.postgresql import audit, tokens
from likelight_cloud.store.postgresql.kitchens import locked
from likelight_cloud.store.rows import ms, time_of


async def put_code(
    connection: asyncpg.Connection, kid: str, code_hash: bytes, expires_at: datetime
) -> None:
    """Make a code the only one of the kitchen."""
    await locked(connection, kid)
    await connection.execute(
        "INSERT INTO enrolment (kid, code_hash, expires_at) VALUES ($1, $2, $3)"
        " ON CONFLICT (kid) DO UPDATE SET code_hash = excluded.code_hash,"
        " expires_at = excluded.expires_at, token_hash = NULL",
        kid,
        code_hash,
        ms(expires_at),
    )


async def has_open_code(connection: asyncpg.Connection, kid: str, at: datetime) -> bool:
    """Return whether a device may still come with the kitchen's code."""
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT 1 FROM enrolment"
            " WHERE kid = $1 AND token_hash IS NULL AND expires_at > $2)",
            kid,
            ms(at),
        )
    )


async def redeem(
    connection: asyncpg.Connection, code_hash: bytes, token_hash: bytes, at: datetime
) -> Enrolled | CodeRefusal:
    """Make a token valid for the kitchen of a code, as the interface of the store has it."""
    kid = await connection.fetchval("SELECT kid FROM enrolment WHERE code_hash = $1", code_hash)
    if kid is None:
        return CodeRefusal.UNKNOWN
    kitchen = await locked(connection, kid)
    # Again, now that nobody else changes it.
    row = await connection.fetchrow(
        "SELECT expires_at, token_hash FROM enrolment WHERE code_hash = $1", code_hash
    )
    if row is None:
        return CodeRefusal.UNKNOWN
    code = Code(time_of(row["expires_at"]), row["token_hash"])
    refusal = code.refusal(token_hash, at)
    if refusal is not None:
        return refusal
    if code.token_hash is None:
        await connection.execute(
            "UPDATE enrolment SET token_hash = $2 WHERE code_hash = $1", code_hash, token_hash
        )
        await tokens.add(connection, kid, token_hash, at)
        await audit.append(connection, Act(Action.CODE_USED, kid, DEVICE), at)
    return Enrolled(kid, kitchen.name)
