"""The store on SQLite: every operation is one job, and each write one commit, on its thread."""

import asyncio
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from likelight.contract import Desired, Status
from likelight_cloud.store.base import (
    KEY_TTL_S,
    TOKENS_PER_KITCHEN,
    Backlog,
    KeyReusedError,
    KitchenRecord,
    Listener,
    NoteRecord,
    StoreError,
)
from likelight_cloud.store.database import Database
from likelight_cloud.store.sqlite.reports import is_newest, keep_receipts, keep_snapshot
from likelight_cloud.store.sqlite.rows import SCHEMA, VERSION, kitchen_of, ms, note_of

T = TypeVar("T")


class SqliteStore:
    """A `Store` in the file at `path`, which only its owner may read: it holds the secret."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path)
        self._listener: Listener = lambda record: None

    def listen(self, listener: Listener) -> None:
        self._listener = listener

    async def open(self) -> None:
        await self._database.open()
        try:
            await self._write(self._create)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        await self._database.close()

    async def secret(self) -> bytes:
        def work() -> bytes:
            row = self._db.execute("SELECT value FROM meta WHERE name = 'secret'").fetchone()
            return bytes(row["value"])

        return await self._read(work)

    async def add_kitchen(self, kid: str, name: str, at: datetime) -> bool:
        def work() -> bool:
            added = self._db.execute(
                "INSERT INTO kitchen (kid, name, epoch, created_at, desired)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT (kid) DO NOTHING",
                (kid, name, secrets.token_urlsafe(3), ms(at), Desired(version=1).model_dump_json()),
            )
            return added.rowcount == 1

        return await self._write(work, kid)

    async def add_token(self, kid: str, token_hash: bytes) -> None:
        def work() -> None:
            self._row(kid)
            self._db.execute(
                "INSERT INTO token (hash, kid) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (token_hash, kid),
            )
            self._db.execute(
                "DELETE FROM token WHERE kid = :kid AND n NOT IN"
                " (SELECT n FROM token WHERE kid = :kid ORDER BY n DESC LIMIT :keep)",
                {"kid": kid, "keep": TOKENS_PER_KITCHEN},
            )

        await self._write(work)

    async def token_hashes(self, kid: str) -> tuple[bytes, ...]:
        def work() -> tuple[bytes, ...]:
            rows = self._db.execute("SELECT hash FROM token WHERE kid = ?", (kid,))
            return tuple(bytes(row["hash"]) for row in rows)

        return await self._read(work)

    async def kitchen(self, kid: str) -> KitchenRecord | None:
        def work() -> KitchenRecord | None:
            with suppress(KeyError):
                return kitchen_of(self._row(kid))
            return None

        return await self._read(work)

    async def add_likes(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        def work() -> dict[str, int]:
            self._db.executemany(
                "UPDATE kitchen SET likes_total = likes_total + ?, revision = revision + 1"
                " WHERE kid = ?",
                [(n, kid) for kid, n in counts.items()],
            )
            return {kid: self._row(kid)["likes_total"] for kid in counts}

        return await self._write(work, *counts)

    async def add_note(
        self, kid: str, *, id: str, code: str, key: str, at: datetime, expires_at: datetime
    ) -> NoteRecord:
        def work() -> NoteRecord:
            known = self._by_key(kid, key)
            if known is not None:
                if known.code != code:
                    raise KeyReusedError(key)
                return known
            self._db.execute(
                "UPDATE note SET key = NULL WHERE key IS NOT NULL AND created_at < ?",
                (ms(at - timedelta(seconds=KEY_TTL_S)),),
            )
            # The row lock of the kitchen makes the order of commits the order of the sequence.
            self._db.execute(
                "UPDATE kitchen SET head = head + 1, revision = revision + 1 WHERE kid = ?", (kid,)
            )
            note = NoteRecord(kid, self._row(kid)["head"], id, code, at, expires_at)
            self._db.execute(
                "INSERT INTO note (kid, seq, id, code, key, created_at, expires_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (kid, note.seq, id, code, key, ms(at), ms(expires_at)),
            )
            return note

        return await self._write(work, kid)

    async def note_by_key(self, kid: str, key: str) -> NoteRecord | None:
        return await self._read(lambda: self._by_key(kid, key))

    async def note(self, id: str) -> NoteRecord | None:
        def work() -> NoteRecord | None:
            row = self._db.execute("SELECT * FROM note WHERE id = ?", (id,)).fetchone()
            return None if row is None else note_of(row)

        return await self._read(work)

    async def notes_after(self, kid: str, seq: int, *, limit: int, at: datetime) -> Backlog:
        def work() -> Backlog:
            head: int = self._row(kid)["head"]
            rows = self._db.execute(
                "SELECT * FROM note WHERE kid = ? AND seq > ? AND seq <= ? AND expires_at > ?"
                " ORDER BY seq LIMIT ?",
                (kid, seq, head, ms(at), limit + 1),
            ).fetchall()
            more = len(rows) > limit
            notes = tuple(note_of(row) for row in rows[:limit])
            # With nothing living left behind the last one, the expired ones there are done too.
            end = notes[-1].seq if more else max(head, seq)
            return Backlog(notes, end, end - seq - len(notes), more)

        return await self._read(work)

    async def acknowledge(self, kid: str, seq: int, at: datetime) -> None:
        def work() -> None:
            acked = self._row(kid)["acked"]
            self._db.execute(
                "UPDATE note SET delivered_at = ?"
                " WHERE kid = ? AND seq > ? AND seq <= ? AND expires_at > ?",
                (ms(at), kid, acked, seq, ms(at)),
            )
            self._db.execute(
                "UPDATE kitchen SET acked = ?, revision = revision + 1 WHERE kid = ?",
                (max(acked, seq), kid),
            )

        await self._write(work, kid)

    async def put_status(self, kid: str, status: Status, at: datetime) -> None:
        def work() -> None:
            shown = keep_receipts(self._db, kid, status)
            self._db.execute(
                "UPDATE kitchen SET notes_shown = notes_shown + ?, revision = revision + 1"
                " WHERE kid = ?",
                (shown, kid),
            )
            if is_newest(self._db, kid, status):
                keep_snapshot(self._db, kid, status, ms(at))

        await self._write(work, kid)

    def _row(self, kid: str) -> sqlite3.Row:
        row: sqlite3.Row | None = self._db.execute(
            "SELECT * FROM kitchen WHERE kid = ?", (kid,)
        ).fetchone()
        if row is None:
            raise KeyError(kid)
        return row

    def _by_key(self, kid: str, key: str) -> NoteRecord | None:
        row = self._db.execute(
            "SELECT * FROM note WHERE kid = ? AND key = ?", (kid, key)
        ).fetchone()
        return None if row is None else note_of(row)

    @property
    def _db(self) -> sqlite3.Connection:
        return self._database.connection

    def _create(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise StoreError("was made by a newer version of likelight")
        if version < VERSION:
            for statement in SCHEMA:
                self._db.execute(statement)
            self._db.execute(
                "INSERT INTO meta (name, value) VALUES ('secret', ?)", (secrets.token_bytes(32),)
            )
            self._db.execute(f"PRAGMA user_version = {VERSION}")

    async def _read(self, work: Callable[[], T]) -> T:
        return await asyncio.shield(self._database.submit(work))

    async def _write(self, work: Callable[[], T], *kids: str) -> T:
        """Commit what `work` does, and tell the listener of these kitchens' new records."""

        def commit() -> tuple[T, list[KitchenRecord]]:
            with self._database.transaction():
                return work(), [kitchen_of(self._row(kid)) for kid in kids]

        committed = self._database.submit(commit)
        # Not after the await: a cancelled request must not keep a commit from those who wait.
        committed.add_done_callback(self._tell)
        result, _ = await asyncio.shield(committed)
        return result

    def _tell(self, committed: asyncio.Future[tuple[T, list[KitchenRecord]]]) -> None:
        if not committed.cancelled() and committed.exception() is None:
            for record in committed.result()[1]:
                self._listener(record)
