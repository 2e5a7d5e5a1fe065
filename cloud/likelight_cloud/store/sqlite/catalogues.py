"""Catalogue documents in the SQLite store."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from likelight_cloud.store.audit import COMMAND_LINE, Act, Action
from likelight_cloud.store.catalogues import (
    CatalogueUnknownError,
    PublishedCatalogue,
    catalogue_of,
    check_unused,
)
from likelight_cloud.store.fleet import UNDONE_WITHIN
from likelight_cloud.store.rows import ms
from likelight_cloud.store.sqlite import audit
from likelight_cloud.store.sqlite.access import Read, Write


class SqliteCatalogues:
    """`CatalogueStore` in a SQLite file."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write

    async def publish(
        self, sha256: str, name: str, body: bytes, at: datetime, *, who: str = COMMAND_LINE
    ) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            added = db.execute(
                "INSERT INTO catalogue (sha256, name, body, created_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (sha256) DO NOTHING",
                (sha256, name, body, ms(at)),
            )
            if added.rowcount == 1:
                audit.append(db, Act(Action.CATALOGUE_PUBLISHED, sha256, who, name), at)
            return added.rowcount == 1

        return await self._write(work)

    async def published(self) -> tuple[PublishedCatalogue, ...]:
        def work(db: sqlite3.Connection) -> tuple[PublishedCatalogue, ...]:
            rows = db.execute(
                "SELECT sha256, name, created_at, length(body) AS size FROM catalogue"
                " ORDER BY created_at DESC, sha256"
            )
            return tuple(map(catalogue_of, rows))

        return await self._read(work)

    async def body(self, sha256: str) -> bytes | None:
        return await self._read(lambda db: _body(db, "", sha256))

    async def body_for(self, kid: str, sha256: str) -> bytes | None:
        asked = " JOIN catalogue_asked USING (sha256)"
        return await self._read(lambda db: _body(db, asked, sha256, kid))

    async def withdraw(self, sha256: str, at: datetime, *, who: str = COMMAND_LINE) -> None:
        def work(db: sqlite3.Connection) -> None:
            row = db.execute("SELECT name FROM catalogue WHERE sha256 = ?", (sha256,)).fetchone()
            if row is None:
                raise CatalogueUnknownError(sha256)
            users = db.execute(
                "SELECT kid FROM kitchen WHERE desired ->> '$.catalogue' = :sha256"
                " OR status ->> '$.catalogue.running' = :sha256 ORDER BY kid",
                {"sha256": sha256},
            )
            undoable = db.execute(
                "SELECT 1 FROM fleet_change WHERE at > ? AND instr(body, ?) > 0 LIMIT 1",
                (ms(at - UNDONE_WITHIN), sha256),
            )
            check_unused(sha256, [one["kid"] for one in users], undoable=bool(undoable.fetchone()))
            db.execute("DELETE FROM catalogue_asked WHERE sha256 = ?", (sha256,))
            db.execute("DELETE FROM catalogue WHERE sha256 = ?", (sha256,))
            audit.append(db, Act(Action.CATALOGUE_REMOVED, sha256, who, row["name"]), at)

        await self._write(work)


def ask(db: sqlite3.Connection, asked: Iterable[tuple[str, str]], at: datetime) -> None:
    """Remember which kitchens are asked to have which document. Raises `CatalogueUnknownError`."""
    for kid, sha256 in asked:
        if db.execute("SELECT 1 FROM catalogue WHERE sha256 = ?", (sha256,)).fetchone() is None:
            raise CatalogueUnknownError(sha256)
        db.execute(
            "INSERT INTO catalogue_asked (kid, sha256, asked_at) VALUES (?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (kid, sha256, ms(at)),
        )


def _body(db: sqlite3.Connection, join: str, sha256: str, kid: str | None = None) -> bytes | None:
    whose = "" if kid is None else " AND kid = :kid"
    row = db.execute(
        f"SELECT body FROM catalogue{join} WHERE sha256 = :sha256{whose}",  # noqa: S608 - constants
        {"sha256": sha256, "kid": kid},
    ).fetchone()
    return None if row is None else bytes(row["body"])
