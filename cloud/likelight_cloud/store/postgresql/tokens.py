"""The tokens of a kitchen's device in the PostgreSQL store. Called inside a transaction."""

from datetime import datetime

import asyncpg

from likelight.contract import Desired
from likelight_cloud.store.base import next_desired
from likelight_cloud.store.postgresql.kitchens import locked, revise
from likelight_cloud.store.postgresql.statuses import forget_snapshot
from likelight_cloud.store.rotation import RotationStep, Taken, may_take
from likelight_cloud.store.rows import ms


async def valid(connection: asyncpg.Connection, kid: str) -> tuple[bytes, ...]:
    """Return the hashes of the valid tokens, the oldest first."""
    rows = await connection.fetch("SELECT hash FROM token WHERE kid = $1 ORDER BY n", kid)
    return tuple(bytes(row["hash"]) for row in rows)


async def add(connection: asyncpg.Connection, kid: str, token_hash: bytes, at: datetime) -> bool:
    """Make a token valid beside the oldest; return whether it was not valid already."""
    desired = (await locked(connection, kid)).desired
    known = await valid(connection, kid)
    if token_hash in known:
        return False
    await _leave(connection, kid, *known[:1])
    await _insert(connection, kid, token_hash)
    await _note(connection, kid, desired, RotationStep.HALF_WAY if known else None, at)
    return True


async def ask(connection: asyncpg.Connection, kid: str, at: datetime) -> bool:
    """Ask for a new token, unless that is asked already; return whether it was not."""
    desired = (await locked(connection, kid)).desired
    if desired.rotate:
        return False
    await _note(connection, kid, desired, RotationStep.ASKED, at)
    return True


async def take(
    connection: asyncpg.Connection, kid: str, under: bytes, token_hash: bytes, at: datetime
) -> Taken:
    """Make a device's own new token valid, as the interface of the store has it."""
    desired = (await locked(connection, kid)).desired
    known = await valid(connection, kid)
    if token_hash in known:
        return Taken.BEFORE
    if not may_take(desired, known, under):
        return Taken.NOT
    await _leave(connection, kid, under)
    await _insert(connection, kid, token_hash)
    await _note(connection, kid, desired, RotationStep.HALF_WAY, at)
    return Taken.NOW


async def end_others(
    connection: asyncpg.Connection, kid: str, token_hash: bytes, at: datetime
) -> bool:
    """Leave one token alone valid; return whether another one was."""
    desired = (await locked(connection, kid)).desired
    ends_any = any(known != token_hash for known in await valid(connection, kid))
    await _leave(connection, kid, token_hash)
    if desired.rotate:
        await revise(connection, kid)
    else:
        await _note(connection, kid, desired, RotationStep.DONE, at)
    return ends_any


async def revoke(connection: asyncpg.Connection, kid: str, token_hash: bytes) -> None:
    """Leave a new token alone valid, and forget what was said under the others."""
    desired = (await locked(connection, kid)).desired
    await _leave(connection, kid)
    await _insert(connection, kid, token_hash)
    await _note(connection, kid, desired, None, None)
    await forget_snapshot(connection, kid)


async def _insert(connection: asyncpg.Connection, kid: str, token_hash: bytes) -> None:
    await connection.execute("INSERT INTO token (hash, kid) VALUES ($2, $1)", kid, token_hash)


async def _leave(connection: asyncpg.Connection, kid: str, *hashes: bytes) -> None:
    await connection.execute(
        "DELETE FROM token WHERE kid = $1 AND hash != ALL($2::bytea[])", kid, list(hashes)
    )


async def _note(
    connection: asyncpg.Connection,
    kid: str,
    held: Desired,
    step: RotationStep | None,
    at: datetime | None,
) -> None:
    """Note the last step, also for other clouds; the device hears whether it is asked."""
    asked = step is RotationStep.ASKED
    if held.rotate != asked:
        held = next_desired(held, lambda it: it.model_copy(update={"rotate": asked}))
    await connection.execute(
        "UPDATE kitchen SET desired = $2, rotation = $3, rotation_at = $4, revision = revision + 1"
        " WHERE kid = $1",
        kid,
        held.model_dump_json(),
        step,
        ms(at),
    )
