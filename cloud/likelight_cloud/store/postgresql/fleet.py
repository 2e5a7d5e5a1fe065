"""The fleet in the PostgreSQL store."""

from collections.abc import Mapping

import asyncpg

from likelight.contract import Health
from likelight_cloud.store.postgresql.operators import Run


class PostgresFleet:
    """`Fleet` in a PostgreSQL database."""

    def __init__(self, read: Run) -> None:
        self._read = read

    async def healths(self) -> Mapping[str, Health]:
        async def work(connection: asyncpg.Connection) -> dict[str, Health]:
            rows = await connection.fetch(
                "SELECT kid, status ->> 'health' AS health FROM kitchen WHERE status IS NOT NULL"
            )
            return {row["kid"]: Health.model_validate_json(row["health"]) for row in rows}

        return await self._read(work)
