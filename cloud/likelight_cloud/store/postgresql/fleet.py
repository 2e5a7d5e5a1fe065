"""The fleet in the PostgreSQL store."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import asyncpg

from likelight.contract import Desired, Health
from likelight_cloud.store.base import next_desired
from likelight_cloud.store.catalogues import newly_asked
from likelight_cloud.store.fleet import UNDONE_WITHIN, FleetChange, Step, acts_of
from likelight_cloud.store.postgresql import audit, catalogues
from likelight_cloud.store.postgresql.access import Read, Write
from likelight_cloud.store.postgresql.kitchens import locked, put
from likelight_cloud.store.rows import ms


class PostgresFleet:
    """`Fleet` in a PostgreSQL database."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write

    async def healths(self) -> Mapping[str, Health]:
        async def work(connection: asyncpg.Connection) -> dict[str, Health]:
            rows = await connection.fetch(
                "SELECT kid, status ->> 'health' AS health FROM kitchen WHERE status IS NOT NULL"
            )
            return {row["kid"]: Health.model_validate_json(row["health"]) for row in rows}

        return await self._read(work)

    async def ask(self, change: FleetChange, at: datetime) -> None:
        async def work(connection: asyncpg.Connection) -> None:
            await connection.execute(
                "DELETE FROM fleet_change WHERE at <= $1", ms(at - UNDONE_WITHIN)
            )
            await connection.execute(
                "INSERT INTO fleet_change (id, at, body) VALUES ($1, $2, $3)"
                " ON CONFLICT DO NOTHING",
                change.id,
                ms(change.at),
                change.model_dump_json(),
            )

        await self._write(work)

    async def change(self, id: str) -> FleetChange | None:
        return await self._read(lambda connection: _change(connection, id))

    async def advance(
        self, id: str, kids: Iterable[str], step: Step, *, who: str, at: datetime
    ) -> FleetChange | None:
        async def work(connection: asyncpg.Connection) -> FleetChange | None:
            change = await _change(connection, id, " FOR UPDATE")
            if change is None:
                return None
            # Two clouds lock kitchens in one order.
            rows = await connection.fetch(
                "SELECT kid, desired FROM kitchen WHERE kid = ANY($1) ORDER BY kid FOR UPDATE",
                list(change.kitchens),
            )
            held = {row["kid"]: Desired.model_validate_json(row["desired"]) for row in rows}
            change, wanted = step(change, held, at)
            await catalogues.ask(connection, newly_asked(held, wanted), at)
            await connection.execute(
                "UPDATE kitchen SET desired = new.desired::json, revision = revision + 1"
                " FROM unnest($1::text[], $2::text[]) AS new (kid, desired)"
                " WHERE kitchen.kid = new.kid",
                list(wanted),
                [desired.model_dump_json() for desired in wanted.values()],
            )
            await connection.execute(
                "UPDATE fleet_change SET at = $2, body = $3 WHERE id = $1",
                id,
                ms(change.at),
                change.model_dump_json(),
            )
            await audit.append_all(connection, acts_of(held, wanted, who), at)
            return change

        return await self._write(work, *kids)


async def change_desired(
    connection: asyncpg.Connection,
    kid: str,
    change: Callable[[Desired], Desired],
    who: str,
    at: datetime,
) -> None:
    """Keep what `change` makes of the wishes of one kitchen, as the interface of the store has
    it."""
    held = {kid: (await locked(connection, kid)).desired}
    wanted = {kid: next_desired(held[kid], change)}
    await catalogues.ask(connection, newly_asked(held, wanted), at)
    await put(connection, kid, "desired", wanted[kid].model_dump_json())
    await audit.append_all(connection, acts_of(held, wanted, who), at)


async def _change(connection: asyncpg.Connection, id: str, how: str = "") -> FleetChange | None:
    query = f"SELECT body FROM fleet_change WHERE id = $1{how}"  # noqa: S608 - constants
    row = await connection.fetchrow(query, id)
    return None if row is None else FleetChange.model_validate_json(row["body"])
