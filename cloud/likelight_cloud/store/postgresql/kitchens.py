"""A kitchen's row in the PostgreSQL store. Called inside a transaction."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, tzinfo

import asyncpg

from likelight.contract import Desired, Week
from likelight.fleet.stores.details import Details
from likelight_cloud.store.aggregates import period_of, slot_of
from likelight_cloud.store.base import TABLES_OF_A_KITCHEN, NoKitchenError, new_epoch
from likelight_cloud.store.records import KitchenRecord
from likelight_cloud.store.rows import kitchen_of, ms
from likelight_cloud.store.zones import is_read, zone_called

ZONE = "coalesce(status #>> '{hours,zone}', details ->> 'timezone')"
"""The name of a kitchen's time zone, in SQL: what its device says, else what the list says."""

LIKES_BY_DAY = """(SELECT json_object_agg(day, n) FROM likes_day WHERE kid = kitchen.kid AND day >
        (SELECT max(day) - 8 FROM likes_day WHERE kid = kitchen.kid))"""
"""A kitchen's likes of its newest day with any and of the 7 before, in SQL: JSON, by day."""

_KITCHEN = f"""
SELECT *, status #>> '{{camera,opens_at}}' AS opens_at,
       status ->> 'hours' AS hours,
       {ZONE} AS zone,
       status ->> 'catalogue' AS catalogue,
       (status ->> 'notes_wait')::boolean AS notes_wait,
       {LIKES_BY_DAY} AS by_day,
       (SELECT json_object_agg(source_kitchen.name, likes) FROM source_kitchen
        WHERE kid = kitchen.kid AND likes > 0) AS by_source
FROM kitchen"""  # noqa: S608 - constants


async def every_record(connection: asyncpg.Connection) -> tuple[KitchenRecord, ...]:
    """Return all kitchens, by their ids."""
    rows = await connection.fetch(f"{_KITCHEN} ORDER BY kid")
    for row in rows:
        await zone(row["zone"])
    return tuple(map(kitchen_of, rows))


async def record_of(
    connection: asyncpg.Connection, kid: str, how: str = ""
) -> KitchenRecord | None:
    """Return the kitchen, or None when there is none; `how` is more SQL behind the query."""
    row = await connection.fetchrow(f"{_KITCHEN} WHERE kid = $1{how}", kid)
    if row is None:
        return None
    await zone(row["zone"])
    return kitchen_of(row)


async def add(
    connection: asyncpg.Connection, kid: str, name: str, at: datetime, details: Details, week: Week
) -> bool:
    """Create a kitchen. Return False, and change nothing, when it exists."""
    added = await connection.fetchval(
        "INSERT INTO kitchen (kid, name, epoch, created_at, desired, details)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kid) DO NOTHING RETURNING 1",
        kid,
        name,
        new_epoch(),
        ms(at),
        Desired(version=1, schedule=week).model_dump_json(),
        details.model_dump_json(),
    )
    return added is not None


async def put(connection: asyncpg.Connection, kid: str, column: str, value: str) -> None:
    """Keep another `value` of one column of a kitchen. Raises `NoKitchenError`."""
    await locked(connection, kid)
    await connection.execute(
        f"UPDATE kitchen SET {column} = $2, revision = revision + 1 WHERE kid = $1",  # noqa: S608 - constants
        kid,
        value,
    )


async def changed(connection: asyncpg.Connection, known: Mapping[str, int]) -> tuple[str, ...]:
    """Return which of the kitchens have another revision than they are `known` by."""
    rows = await connection.fetch(
        "SELECT kid FROM unnest($1::text[], $2::bigint[]) AS known (kid, revision)"
        " LEFT JOIN kitchen USING (kid)"
        " WHERE kitchen.revision IS DISTINCT FROM known.revision",
        list(known.keys()),
        list(known.values()),
    )
    return tuple(row["kid"] for row in rows)


async def add_likes(connection: asyncpg.Connection, kid: str, n: int, at: datetime) -> int | None:
    """Add `n` to the kitchen's total, to its day and to its hour of the week; return the total, or
    None where there is no such kitchen."""
    row = await connection.fetchrow(
        "UPDATE kitchen SET likes_total = likes_total + $2,"  # noqa: S608 - constants
        f" revision = revision + 1 WHERE kid = $1 RETURNING likes_total, {ZONE} AS zone",
        kid,
        n,
    )
    if row is None:
        return None
    local = at.astimezone(await zone(row["zone"]))
    # In one statement: of a thousand kitchens in one commit each would wait for one more answer.
    await connection.execute(
        "WITH of_day AS (INSERT INTO likes_day (kid, day, n) VALUES ($1, $2, $5)"
        " ON CONFLICT (kid, day) DO UPDATE SET n = likes_day.n + excluded.n)"
        " INSERT INTO likes_hour (kid, period, slot, n) VALUES ($1, $3, $4, $5)"
        " ON CONFLICT (kid, period, slot) DO UPDATE SET n = likes_hour.n + excluded.n",
        kid,
        local.date(),
        period_of(local.date()),
        slot_of(local),
        n,
    )
    total: int = row["likes_total"]
    return total


async def zone(name: str | None) -> tzinfo:
    """Return the zone that IANA calls `name`, read from the disk aside of the event loop."""
    return zone_called(name) if is_read(name) else await asyncio.to_thread(zone_called, name)


async def locked(connection: asyncpg.Connection, kid: str) -> KitchenRecord:
    """Return the kitchen, which no other transaction changes until this one has ended.

    Raises `NoKitchenError`.
    """
    record = await record_of(connection, kid, " FOR UPDATE")
    if record is None:
        raise NoKitchenError(kid)
    return record


async def revise(connection: asyncpg.Connection, kid: str) -> None:
    """Let other clouds see that something of the kitchen has changed."""
    await connection.execute("UPDATE kitchen SET revision = revision + 1 WHERE kid = $1", kid)


async def begin_time_line(connection: asyncpg.Connection, kid: str, epoch: str) -> bool:
    """Draw a new epoch where the kitchen's is still `epoch`; return whether it was. Its last thanks
    were of that one."""
    begun = await connection.fetchval(
        "UPDATE kitchen SET epoch = $3, thanks_id = NULL, thanks_at = NULL,"
        " unlit_since = NULL, revision = revision + 1 WHERE kid = $1 AND epoch = $2"
        " RETURNING 1",
        kid,
        epoch,
        new_epoch(),
    )
    return begun is not None


async def begin_time_lines(connection: asyncpg.Connection) -> int:
    """Draw a new epoch for each kitchen; return how many there are."""
    kitchens = await connection.fetch("SELECT kid, epoch FROM kitchen ORDER BY kid")
    for kitchen in kitchens:
        await begin_time_line(connection, kitchen["kid"], kitchen["epoch"])
    return len(kitchens)


async def remove(connection: asyncpg.Connection, kid: str) -> None:
    """Delete the kitchen with all that is kept of it. Raises `NoKitchenError`."""
    await locked(connection, kid)
    for table in TABLES_OF_A_KITCHEN:
        await connection.execute(f"DELETE FROM {table} WHERE kid = $1", kid)  # noqa: S608 - constants
