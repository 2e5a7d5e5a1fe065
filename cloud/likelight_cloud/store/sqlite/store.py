"""The store on SQLite: every operation is a job on its thread; writes are committed in groups."""

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from likelight.contract import Desired, Status, Week
from likelight.fleet.stores.details import UNLISTED, Details
from likelight.runtime.clock import Now, utc_now
from likelight.runtime.commit_pace import CommitPace
from likelight.runtime.file_lock import locked
from likelight.runtime.sqlite_file import SqliteFile, StoreCondition
from likelight_cloud.store.audit import COMMAND_LINE, DEVICE, Act, Action, AuditRow
from likelight_cloud.store.base import Listener, Use, new_epoch, storable
from likelight_cloud.store.enrolment import CodeRefusal, Enrolled
from likelight_cloud.store.fleet import Fleet
from likelight_cloud.store.holdings import Holdings
from likelight_cloud.store.operators import Operators
from likelight_cloud.store.pairing import NewPairing, Pairing, WrongCode
from likelight_cloud.store.records import Backlog, KitchenRecord, NoteRecord
from likelight_cloud.store.rotation import Taken
from likelight_cloud.store.rows import ms
from likelight_cloud.store.sqlite import audit, enrolments, kitchens, notes, pairings, tokens
from likelight_cloud.store.sqlite.access import Work
from likelight_cloud.store.sqlite.aggregates import SqliteAggregates
from likelight_cloud.store.sqlite.catalogues import SqliteCatalogues
from likelight_cloud.store.sqlite.fleet import SqliteFleet, change_desired
from likelight_cloud.store.sqlite.group import GroupCommit
from likelight_cloud.store.sqlite.holdings import SqliteHoldings
from likelight_cloud.store.sqlite.ingest import SqliteIngest
from likelight_cloud.store.sqlite.likes import add_likes
from likelight_cloud.store.sqlite.operators import SqliteOperators
from likelight_cloud.store.sqlite.schema import CLOUD_FILE
from likelight_cloud.store.sqlite.signals import SqliteSignals
from likelight_cloud.store.sqlite.statuses import keep_status, touch
from likelight_cloud.store.sqlite.time_lines import begin_time_line, begin_time_lines

T = TypeVar("T")


class SqliteStore:
    """A `Store` in the file at `path`, which only its owner may read: it holds the secret.

    With `replaces` a file that is damaged is set aside, and where none can be written all is in
    memory: for a kitchen that has no operator. `condition` says so. `now` dates the rows of the
    audit log whose change has no time of its own.

    At a `pace` what the device repeats anyway, its status and how far it is with the notes, is
    written and told at once without a commit of its own: it is on the disk with the next one.
    """

    def __init__(
        self,
        path: Path,
        *,
        replaces: bool = False,
        now: Now = utc_now,
        pace: CommitPace | None = None,
    ) -> None:
        self._now = now
        self._replaces = replaces
        self._paced = pace is not None
        self._file = SqliteFile(path, CLOUD_FILE)
        self._writes = GroupCommit(self._file, pace)
        self._listener: Listener = lambda record: None
        self.signals = SqliteSignals(self._file.read, self._write)
        self.aggregates = SqliteAggregates(self._file.read, self._write)
        self._lock = ExitStack()
        self._version = 0
        """SQLite's `data_version`, which the commits of other connections change."""
        self.holdings: Holdings = SqliteHoldings(self._file.read, self._write, self._file.empty_log)
        self.operators: Operators = SqliteOperators(self._file.read, self._write)
        self.fleet: Fleet = SqliteFleet(self._file.read, self._write)
        self.ingest = SqliteIngest(self._file.read, self._write)
        self.catalogues = SqliteCatalogues(self._file.read, self._write)

    def listen(self, listener: Listener) -> None:
        self._listener = listener

    async def open(self, use: Use = Use.COMMAND) -> None:
        if use is not Use.COMMAND:
            await asyncio.to_thread(self._lock.enter_context, locked(self._file.path))
        try:
            if self._replaces:
                await self._file.open_or_replace(self._begin, self._now())
            else:
                await self._file.open(self._begin)
        except BaseException:
            self._lock.close()
            raise
        await self.changed_elsewhere({})

    def _begin(self, db: sqlite3.Connection) -> None:
        if self._paced:
            kitchens.leave_revisions_out(db)

    @property
    def condition(self) -> StoreCondition:
        """Whether the file was damaged and set aside, or all is in memory."""
        return self._file.condition

    async def close(self) -> None:
        try:
            await self._file.close()
        finally:
            self._lock.close()

    async def secret(self) -> bytes:
        def work(db: sqlite3.Connection) -> bytes:
            row = db.execute("SELECT value FROM meta WHERE name = 'secret'").fetchone()
            return bytes(row["value"])

        return await self._file.read(work)

    async def probe(self, at: datetime) -> None:
        await self._write(
            lambda db: db.execute(
                "INSERT INTO meta (name, value) VALUES ('probe', ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (at.isoformat().encode(),),
            )
        )

    async def add_kitchen(
        self,
        kid: str,
        name: str,
        at: datetime,
        details: Details = UNLISTED,
        week: Week | None = None,
        *,
        who: str = COMMAND_LINE,
    ) -> bool:
        desired = Desired(version=1, schedule=week or {}).model_dump_json()

        def work(db: sqlite3.Connection) -> bool:
            added = db.execute(
                "INSERT INTO kitchen (kid, name, epoch, created_at, desired, details)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kid) DO NOTHING",
                (kid, name, new_epoch(), ms(at), desired, details.model_dump_json()),
            )
            return added.rowcount == 1

        return await self._audited(Act(Action.KITCHEN_ADDED, kid, who), at, work, kid)

    async def kitchens(self) -> tuple[KitchenRecord, ...]:
        return await self._file.read(kitchens.every)

    async def rename_kitchen(self, kid: str, name: str, *, who: str = COMMAND_LINE) -> None:
        act = Act(Action.KITCHEN_RENAMED, kid, who)
        await self._change(kid, lambda db: kitchens.put(db, kid, "name", name), act)

    async def put_details(self, kid: str, details: Details, *, who: str = COMMAND_LINE) -> None:
        act = Act(Action.KITCHEN_DESCRIBED, kid, who)
        await self._change(
            kid, lambda db: kitchens.put(db, kid, "details", details.model_dump_json()), act
        )

    async def remove_kitchen(self, kid: str, *, who: str = COMMAND_LINE) -> None:
        act = Act(Action.KITCHEN_REMOVED, kid, who)
        await self._change(kid, lambda db: kitchens.remove(db, kid), act)
        await self._file.empty_log()  # until then it has what was deleted

    async def change_desired(
        self, kid: str, change: Callable[[Desired], Desired], *, who: str = COMMAND_LINE
    ) -> None:
        await self._write(lambda db: change_desired(db, kid, change, who, self._now()), kid)

    async def add_token(
        self, kid: str, token_hash: bytes, at: datetime, *, who: str = COMMAND_LINE
    ) -> None:
        act = Act(Action.TOKEN_MADE, kid, who)
        await self._change(kid, lambda db: tokens.add(db, kid, token_hash, at), act, at)

    async def ask_rotation(self, kid: str, at: datetime, *, who: str = COMMAND_LINE) -> bool:
        act = Act(Action.TOKEN_ROTATION_ASKED, kid, who)
        return await self._change(kid, lambda db: tokens.ask(db, kid, at), act, at)

    async def take_token(self, kid: str, under: bytes, token_hash: bytes, at: datetime) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            kitchens.row(db, kid)
            taken = tokens.take(db, kid, under, token_hash, at)
            if taken is Taken.NOW:
                audit.append(db, Act(Action.TOKEN_ROTATED, kid, DEVICE), at)
            return taken is not Taken.NOT

        return await self._write(work, kid)

    async def end_other_tokens(self, kid: str, token_hash: bytes, at: datetime) -> None:
        act = Act(Action.TOKEN_ROTATION_DONE, kid, DEVICE)
        await self._change(kid, lambda db: tokens.end_others(db, kid, token_hash, at), act, at)

    async def revoke_tokens(self, kid: str, token_hash: bytes, *, who: str = COMMAND_LINE) -> None:
        act = Act(Action.TOKENS_REVOKED, kid, who)
        await self._change(kid, lambda db: tokens.revoke(db, kid, token_hash), act)

    async def token_hashes(self, kid: str) -> tuple[bytes, ...]:
        return await self._file.read(lambda db: tokens.valid(db, kid)) if storable(kid) else ()

    async def put_code(
        self, kid: str, code_hash: bytes, expires_at: datetime, *, who: str = COMMAND_LINE
    ) -> None:
        act = Act(Action.CODE_MADE, kid, who)
        await self._change(kid, lambda db: enrolments.put_code(db, kid, code_hash, expires_at), act)

    async def has_open_code(self, kid: str, at: datetime) -> bool:
        return await self._file.read(lambda db: enrolments.has_open_code(db, kid, at))

    async def redeem(
        self, code_hash: bytes, token_hash: bytes, at: datetime
    ) -> Enrolled | CodeRefusal:
        return await self._write(lambda db: enrolments.redeem(db, code_hash, token_hash, at))

    async def begin_pairing(self, new: NewPairing, at: datetime) -> bool:
        return await self._write(lambda db: pairings.begin(db, new, at))

    async def pairing(self, device_hash: bytes) -> Pairing | None:
        return await self._file.read(lambda db: pairings.find(db, device_hash))

    async def pending_pairings(self, at: datetime) -> tuple[Pairing, ...]:
        return await self._file.read(lambda db: pairings.pending(db, at))

    async def decide_pairing(
        self,
        operator: bytes,
        user_hash: bytes,
        kid: str | None,
        at: datetime,
        *,
        who: str = COMMAND_LINE,
    ) -> Pairing | WrongCode:
        return await self._write(lambda db: pairings.decide(db, operator, user_hash, kid, at, who))

    async def forget_pairings(self, at: datetime) -> None:
        await self._write(lambda db: pairings.forget(db, at))

    async def changed_elsewhere(self, known: Mapping[str, int]) -> Collection[str]:
        def work(db: sqlite3.Connection) -> int:
            version: int = db.execute("PRAGMA data_version").fetchone()[0]
            return version

        before, self._version = self._version, await self._file.read(work)
        return known if self._version != before else ()

    async def kitchen(self, kid: str) -> KitchenRecord | None:
        return await self._file.read(lambda db: kitchens.record(db, kid)) if storable(kid) else None

    def turn(self) -> AbstractAsyncContextManager[object]:
        return self._writes.turn()

    async def add_likes(self, counts: Mapping[str, int], at: datetime) -> Mapping[str, int]:
        def work(db: sqlite3.Connection) -> dict[str, int]:
            totals = {kid: add_likes(db, kid, n, at) for kid, n in counts.items()}
            return {kid: total for kid, total in totals.items() if total is not None}

        return await self._write(work, *counts, in_turn=True)

    async def add_note(
        self,
        kid: str,
        *,
        id: str,
        code: str,
        key: str,
        at: datetime,
        expires_at: datetime,
        source: str = "page",
    ) -> NoteRecord:
        add = partial(
            notes.add, id=id, code=code, key=key, at=at, expires_at=expires_at, source=source
        )
        return await self._write(lambda db: add(db, kid), kid)

    async def note_by_key(self, kid: str, key: str) -> NoteRecord | None:
        return await self._file.read(lambda db: notes.by_key(db, kid, key))

    async def note(self, id: str) -> NoteRecord | None:
        return await self._file.read(lambda db: notes.by_id(db, id)) if storable(id) else None

    async def note_id(self, kid: str, seq: int) -> str | None:
        return await self._file.read(lambda db: notes.id_of(db, kid, seq))

    async def notes_after(self, kid: str, seq: int, *, limit: int, at: datetime) -> Backlog:
        return await self._file.read(lambda db: notes.after(db, kid, seq, limit=limit, at=at))

    async def waiting(self, kid: str, at: datetime) -> tuple[str, ...]:
        return await self._file.read(lambda db: notes.waiting(db, kid, at))

    async def begin_time_line(self, kid: str, epoch: str) -> None:
        act = Act(Action.TIME_LINE_BEGUN, kid, DEVICE)
        await self._audited(act, None, lambda db: begin_time_line(db, kid, epoch), kid)

    async def begin_time_lines(self, *, who: str = COMMAND_LINE) -> int:
        return await self._audited(Act(Action.RESTORED, who=who), None, begin_time_lines)

    async def audit_from(self, n: int, limit: int) -> tuple[AuditRow, ...]:
        return await self._file.read(lambda db: audit.rows_from(db, n, limit))

    async def audit_logged(self) -> int:
        return await self._file.read(audit.logged)

    async def put_audit_logged(self, n: int) -> None:
        await self._write(lambda db: audit.put_logged(db, n))

    async def take_over(self, kid: str, process: str) -> None:
        """Nothing to remember: no other process serves this file."""

    async def acknowledge(self, kid: str, seq: int, at: datetime) -> None:
        await self._write(
            lambda db: kitchens.acknowledge(db, kid, seq, at), kid, durable=not self._paced
        )

    async def put_status(self, kid: str, status: Status, at: datetime) -> None:
        def work(db: sqlite3.Connection) -> None:
            kitchens.row(db, kid)
            keep_status(db, kid, status, at)

        await self._write(work, kid, durable=not self._paced)
        if self._paced and status.notes:
            # The device forgets a receipt once this returns.
            await self._write(lambda db: touch(db, kid), kid)

    async def _change(
        self,
        kid: str,
        work: Work[T],
        act: Act,
        at: datetime | None = None,
    ) -> T:
        """Commit what `work` does with a kitchen that exists, as `_audited`."""

        def change(db: sqlite3.Connection) -> T:
            kitchens.row(db, kid)
            return work(db)

        return await self._audited(act, at, change, kid)

    async def _audited(self, act: Act, at: datetime | None, work: Work[T], *kids: str) -> T:
        """Commit what `work` does, and the row of `act`, unless it returns that nothing changed."""

        def change(db: sqlite3.Connection) -> T:
            done = work(db)
            if done is not False:
                audit.append(db, act, at or self._now())
            return done

        return await self._write(change, *kids)

    async def _write(
        self,
        work: Work[T],
        *kids: str,
        durable: bool = True,
        in_turn: bool = False,
    ) -> T:
        """Commit what `work` does, and tell the listener of these kitchens' new records."""

        def change(db: sqlite3.Connection) -> tuple[T, list[KitchenRecord]]:
            done = work(db)
            return done, [
                record for kid in kids if (record := kitchens.record(db, kid)) is not None
            ]

        # Told by callbacks: a cancelled request must not keep a commit from those who wait.
        if durable:
            result, _ = await self._writes.commit(change, self._tell, in_turn=in_turn)
            return result
        written = self._file.submit(change, durable=False)
        written.add_done_callback(self._tell)
        result, _ = await asyncio.shield(written)
        return result

    def _tell(self, committed: asyncio.Future[tuple[T, list[KitchenRecord]]]) -> None:
        if not committed.cancelled() and committed.exception() is None:
            for record in committed.result()[1]:
                self._listener(record)
