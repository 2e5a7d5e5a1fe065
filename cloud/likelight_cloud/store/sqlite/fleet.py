"""The fleet in the SQLite store."""

import sqlite3
from collections.abc import Mapping

from likelight.contract import Health
from likelight_cloud.store.sqlite.operators import Run


class SqliteFleet:
    """`Fleet` in a SQLite file."""

    def __init__(self, read: Run) -> None:
        self._read = read

    async def healths(self) -> Mapping[str, Health]:
        def work(db: sqlite3.Connection) -> dict[str, Health]:
            rows = db.execute(
                "SELECT kid, status ->> '$.health' AS health FROM kitchen WHERE status IS NOT NULL"
            )
            return {row["kid"]: Health.model_validate_json(row["health"]) for row in rows}

        return await self._read(work)
