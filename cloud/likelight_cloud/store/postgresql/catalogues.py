"""Catalogue documents in the PostgreSQL store."""

from collections.abc import Iterable
from datetime import datetime

import asyncpg

from likelight_cloud.store.audit import COMMAND_LINE, Act, Action
from likelight_cloud.store.catalogues import (
    CatalogueUnknownError,
    PublishedCatalogue,
    catalogue_of,
    check_unused,
)
from likelight_cloud.store.fleet import UNDONE_WITHIN
from likelight_cloud.store.postgresql import audit
from likelight_cloud.store.postgresql.access import Read, Write
from likelight_cloud.store.rows import ms


class PostgresCatalogues:
    """`CatalogueStore` in a PostgreSQL database."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write

    async def publish(
        self, sha256: str, name: str, body: bytes, at: datetime, *, who: str = COMMAND_LINE
    ) -> bool:
        async def work(connection: asyncpg.Connection) -> bool:
            added = await connection.fetchval(
                "INSERT INTO catalogue (sha256, name, body, created_at) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT (sha256) DO NOTHING RETURNING 1",
                sha256,
                name,
                body,
                ms(at),
            )
            if added is not None:
                act = Act(Action.CATALOGUE_PUBLISHED, sha256, who, name)
                await audit.append(connection, act, at)
            return added is not None

        return await self._write(work)

    async def published(self) -> tuple[PublishedCatalogue, ...]:
        async def work(connection: asyncpg.Connection) -> tuple[PublishedCatalogue, ...]:
            rows = await connection.fetch(
                "SELECT sha256, name, created_at, octet_length(body) AS size FROM catalogue"
                " ORDER BY created_at DESC, sha256"
            )
            return tuple(map(catalogue_of, rows))

        return await self._read(work)

    async def body(self, sha256: str) -> bytes | None:
        query = "SELECT body FROM catalogue WHERE sha256 = $1"
        return await self._read(lambda connection: connection.fetchval(query, sha256))

    async def body_for(self, kid: str, sha256: str) -> bytes | None:
        query = (
            "SELECT body FROM catalogue JOIN catalogue_asked USING (sha256)"
            " WHERE sha256 = $1 AND kid = $2"
        )
        return await self._read(lambda connection: connection.fetchval(query, sha256, kid))

    async def withdraw(self, sha256: str, at: datetime, *, who: str = COMMAND_LINE) -> None:
        async def work(connection: asyncpg.Connection) -> None:
            # Who asks kitchens for it just now holds it, too, so this waits and sees them.
            name = await connection.fetchval(
                "SELECT name FROM catalogue WHERE sha256 = $1 FOR UPDATE", sha256
            )
            if name is None:
                raise CatalogueUnknownError(sha256)
            users = await connection.fetch(
                "SELECT kid FROM kitchen WHERE desired ->> 'catalogue' = $1"
                " OR status #>> '{catalogue,running}' = $1 ORDER BY kid",
                sha256,
            )
            undoable = await connection.fetchval(
                "SELECT 1 FROM fleet_change WHERE at > $1 AND strpos(body::text, $2) > 0 LIMIT 1",
                ms(at - UNDONE_WITHIN),
                sha256,
            )
            check_unused(sha256, [one["kid"] for one in users], undoable=undoable is not None)
            await connection.execute("DELETE FROM catalogue_asked WHERE sha256 = $1", sha256)
            await connection.execute("DELETE FROM catalogue WHERE sha256 = $1", sha256)
            await audit.append(connection, Act(Action.CATALOGUE_REMOVED, sha256, who, name), at)

        await self._write(work)


async def ask(
    connection: asyncpg.Connection, asked: Iterable[tuple[str, str]], at: datetime
) -> None:
    """Remember which kitchens are asked to have which document, which stays until this transaction
    has ended. Raises `CatalogueUnknownError`."""
    pairs = list(asked)
    for sha256 in sorted({sha256 for _, sha256 in pairs}):
        held = await connection.fetchval(
            "SELECT 1 FROM catalogue WHERE sha256 = $1 FOR KEY SHARE", sha256
        )
        if held is None:
            raise CatalogueUnknownError(sha256)
    await connection.executemany(
        "INSERT INTO catalogue_asked (kid, sha256, asked_at) VALUES ($1, $2, $3)"
        " ON CONFLICT DO NOTHING",
        [(kid, sha256, ms(at)) for kid, sha256 in pairs],
    )
