"""The operators in the PostgreSQL store."""

from datetime import datetime

import asyncpg

from likelight_cloud.store.audit import Act, Action
from likelight_cloud.store.operators import NAME, Operator
from likelight_cloud.store.postgresql import audit
from likelight_cloud.store.postgresql.access import Read, Write
from likelight_cloud.store.rows import ms, operator_of


class PostgresOperators:
    """`Operators` in a PostgreSQL database."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write

    async def add(self, operator: Operator) -> bool:
        async def work(connection: asyncpg.Connection) -> bool:
            added = await connection.fetchval(
                "INSERT INTO operator (name, role, token_hash, added_at) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT (name) DO NOTHING RETURNING 1",
                operator.name,
                operator.role,
                operator.token_hash,
                ms(operator.added_at),
            )
            if added is None:
                return False
            told = Act(Action.OPERATOR_ADDED, operator.name, detail=operator.role.value)
            await audit.append(connection, told, operator.added_at)
            return True

        return await self._write(work)

    async def every(self) -> tuple[Operator, ...]:
        async def work(connection: asyncpg.Connection) -> tuple[Operator, ...]:
            # As SQLite has them, whatever the database's collation.
            rows = await connection.fetch('SELECT * FROM operator ORDER BY name COLLATE "C"')
            return tuple(map(operator_of, rows))

        return await self._read(work)

    async def named(self, name: str) -> Operator | None:
        return await self._one("name", name) if NAME.fullmatch(name) else None

    async def with_token(self, token_hash: bytes) -> Operator | None:
        return await self._one("token_hash", token_hash)

    async def remove(self, name: str, at: datetime) -> bool:
        async def work(connection: asyncpg.Connection) -> bool:
            removed = await connection.fetchval(
                "DELETE FROM operator WHERE name = $1 RETURNING 1", name
            )
            if removed is None:
                return False
            await audit.append(connection, Act(Action.OPERATOR_REMOVED, name), at)
            return True

        return await self._write(work)

    async def _one(self, column: str, value: str | bytes) -> Operator | None:
        async def work(connection: asyncpg.Connection) -> Operator | None:
            query = f"SELECT * FROM operator WHERE {column} = $1"  # noqa: S608 - two constants
            row = await connection.fetchrow(query, value)
            return None if row is None else operator_of(row)

        return await self._read(work)
