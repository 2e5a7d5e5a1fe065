"""The operators in the SQLite store."""

import sqlite3
from datetime import datetime

from likelight_cloud.store.audit import Act, Action
from likelight_cloud.store.operators import NAME, Operator
from likelight_cloud.store.rows import ms, operator_of
from likelight_cloud.store.sqlite import audit
from likelight_cloud.store.sqlite.access import Read, Write


class SqliteOperators:
    """`Operators` in a SQLite file."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write

    async def add(self, operator: Operator) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            added = db.execute(
                "INSERT INTO operator (name, role, token_hash, added_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name) DO NOTHING",
                (operator.name, operator.role, operator.token_hash, ms(operator.added_at)),
            )
            if added.rowcount == 0:
                return False
            told = Act(Action.OPERATOR_ADDED, operator.name, detail=operator.role.value)
            audit.append(db, told, operator.added_at)
            return True

        return await self._write(work)

    async def every(self) -> tuple[Operator, ...]:
        return await self._read(
            lambda db: tuple(
                map(operator_of, db.execute("SELECT * FROM operator ORDER BY name").fetchall())
            )
        )

    async def named(self, name: str) -> Operator | None:
        return await self._one("name", name) if NAME.fullmatch(name) else None

    async def with_token(self, token_hash: bytes) -> Operator | None:
        return await self._one("token_hash", token_hash)

    async def remove(self, name: str, at: datetime) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            if db.execute("DELETE FROM operator WHERE name = ?", (name,)).rowcount == 0:
                return False
            audit.append(db, Act(Action.OPERATOR_REMOVED, name), at)
            return True

        return await self._write(work)

    async def _one(self, column: str, value: str | bytes) -> Operator | None:
        def work(db: sqlite3.Connection) -> Operator | None:
            query = f"SELECT * FROM operator WHERE {column} = ?"  # noqa: S608 - two constants
            row = db.execute(query, (value,)).fetchone()
            return None if row is None else operator_of(row)

        return await self._read(work)
