"""A kitchen's row in the PostgreSQL store. Called inside a transaction."""

import asyncpg

from likelight_cloud.store.base import KitchenRecord, new_epoch
from likelight_cloud.store.rows import kitchen_of

KITCHEN = """
SELECT *, status #>> '{camera,opens_at}' AS opens_at,
       (status ->> 'notes_wait')::boolean AS notes_wait
FROM kitchen WHERE kid = $1"""


async def record_of(connection: asyncpg.Connection, kid: str, how: str = "") -> KitchenRecord:
    """Return the kitchen; `how` is more SQL behind the query. Raises `KeyError`."""
    row = await connection.fetchrow(KITCHEN + how, kid)
    if row is None:
        raise KeyError(kid)
    return kitchen_of(row)


async def locked(connection: asyncpg.Connection, kid: str) -> KitchenRecord:
    """Return the kitchen, which no other transaction changes until this one has ended."""
    return await record_of(connection, kid, " FOR UPDATE")


async def revise(connection: asyncpg.Connection, kid: str) -> None:
    """Let other clouds see that something of the kitchen has changed."""
    await connection.execute("UPDATE kitchen SET revision = revision + 1 WHERE kid = $1", kid)


async def begin_time_line(connection: asyncpg.Connection, kid: str, epoch: str) -> None:
    """Draw a new epoch where the kitchen's is still `epoch`. Its last thanks were of that one."""
    await connection.execute(
        "UPDATE kitchen SET epoch = $3, thanks_id = NULL, thanks_at = NULL,"
        " revision = revision + 1 WHERE kid = $1 AND epoch = $2",
        kid,
        epoch,
        new_epoch(),
    )
