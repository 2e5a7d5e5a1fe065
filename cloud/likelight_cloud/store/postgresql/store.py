"""The store on PostgreSQL: each write is one transaction on the writer's connection, alone or with
those that came at the same time."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext, suppress
from datetime import datetime
from functools import partial
from typing import TypeVar

import asyncpg

from likelight.contract import Desired, Status, Week
from likelight.fleet.stores.details import UNLISTED, Details
from likelight.runtime.clock import Now, utc_now
from likelight.runtime.store_errors import StoreError
from likelight_cloud.store.audit import COMMAND_LINE, DEVICE, Act, Action, AuditRow
from likelight_cloud.store.base import (
    CONFIRM_WITHIN_S,
    Listener,
    OutcomeUnknownError,
    Use,
    storable,
)
from likelight_cloud.store.enrolment import CodeRefusal, Enrolled
from likelight_cloud.store.fleet import Fleet
from likelight_cloud.store.holdings import Holdings
from likelight_cloud.store.operators import Operators
from likelight_cloud.store.pairing import NewPairing, Pairing, WrongCode
from likelight_cloud.store.postgresql import audit, enrolments, notes, pairings, tokens
from likelight_cloud.store.postgresql.access import Work
from likelight_cloud.store.postgresql.address import Address
from likelight_cloud.store.postgresql.aggregates import PostgresAggregates
from likelight_cloud.store.postgresql.catalogues import PostgresCatalogues
from likelight_cloud.store.postgresql.connect import LOST, connect, explained
from likelight_cloud.store.postgresql.fleet import PostgresFleet, change_desired
from likelight_cloud.store.postgresql.holdings import PostgresHoldings
from likelight_cloud.store.postgresql.ingest import PostgresIngest
from likelight_cloud.store.postgresql.kitchens import (
    add,
    add_likes,
    begin_time_line,
    begin_time_lines,
    changed,
    every_record,
    put,
    record_of,
    remove,
)
from likelight_cloud.store.postgresql.operators import PostgresOperators
from likelight_cloud.store.postgresql.readers import CONNECTIONS, Readers
from likelight_cloud.store.postgresql.schema import has_tables, migrate
from likelight_cloud.store.postgresql.serving import SERVING
from likelight_cloud.store.postgresql.signals import PostgresSignals
from likelight_cloud.store.postgresql.statuses import keep_status
from likelight_cloud.store.postgresql.writer import Job, Writer
from likelight_cloud.store.records import Backlog, KitchenRecord, NoteRecord
from likelight_cloud.store.rotation import Taken

CLOSE_WITHIN_S = 5.0
"""What is being written at the end has so long; then its outcome is unknown."""

T = TypeVar("T")
Committed = tuple[T, list[KitchenRecord]]


class PostgresStore:
    """A `Store` in the database at `address`. `now` dates the rows of the audit log whose change
    has no time of its own."""

    def __init__(self, address: Address, *, now: Now = utc_now) -> None:
        self._address = address
        self._now = now
        self.turn = nullcontext
        self._use = Use.COMMAND
        self._listener: Listener = lambda record: None
        self.signals = PostgresSignals(self._read, self._write)
        self.aggregates = PostgresAggregates(self._read, self._write)
        self._writer: Writer | None = None
        self._readers: Readers | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.holdings: Holdings = PostgresHoldings(self._read, self._write)
        self.operators: Operators = PostgresOperators(self._read, self._write)
        self.fleet: Fleet = PostgresFleet(self._read, self._write)
        self.ingest = PostgresIngest(self._read, self._write)
        self.catalogues = PostgresCatalogues(self._read, self._write)

    def listen(self, listener: Listener) -> None:
        self._listener = listener

    async def open(self, use: Use = Use.COMMAND) -> None:
        self._use = use
        readers = Readers(self._address)
        writer = Writer(self._address, prepare=self._prepare, on_lost=readers.reconnect)
        try:
            await migrate(await writer.connected(), self._address)
        except BaseException as error:
            writer.disconnect()
            if isinstance(error, (asyncpg.PostgresError, *LOST)):
                raise explained(error, self._address) from error
            raise
        self._writer, self._readers = writer, readers
        work = [writer.run(), *(readers.work() for _ in range(CONNECTIONS))]
        self._tasks = [asyncio.create_task(each) for each in work]

    async def is_missing(self) -> bool:
        """Return whether nothing has made this cloud's tables in the database yet."""
        connection = (await connect(self._address)).connection
        try:
            return not await has_tables(connection)
        except (asyncpg.PostgresError, *LOST) as error:
            raise explained(error, self._address) from error
        finally:
            connection.terminate()

    async def close(self) -> None:
        writer, readers, tasks = self._writer, self._readers, self._tasks
        self._writer, self._readers, self._tasks = None, None, []
        if writer is None or readers is None:
            return
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    await writer.idle()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            readers.end()
            writer.disconnect()  # its task may not have begun

    async def secret(self) -> bytes:
        query = "SELECT value FROM meta WHERE name = 'secret'"
        return bytes(await self._read(lambda connection: connection.fetchval(query)))

    async def probe(self, at: datetime) -> None:
        await self._write(
            lambda connection: connection.execute(
                "INSERT INTO meta (name, value) VALUES ('probe', $1)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                at.isoformat().encode(),
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
        return await self._audited(
            Act(Action.KITCHEN_ADDED, kid, who),
            at,
            lambda connection: add(connection, kid, name, at, details, week or {}),
            kid,
        )

    async def kitchens(self) -> tuple[KitchenRecord, ...]:
        return await self._read(every_record)

    async def rename_kitchen(self, kid: str, name: str, *, who: str = COMMAND_LINE) -> None:
        act = Act(Action.KITCHEN_RENAMED, kid, who)
        await self._audited(act, None, lambda it: put(it, kid, "name", name), kid)

    async def put_details(self, kid: str, details: Details, *, who: str = COMMAND_LINE) -> None:
        act, text = Act(Action.KITCHEN_DESCRIBED, kid, who), details.model_dump_json()
        await self._audited(act, None, lambda it: put(it, kid, "details", text), kid)

    async def remove_kitchen(self, kid: str, *, who: str = COMMAND_LINE) -> None:
        async def work(connection: asyncpg.Connection) -> None:
            await remove(connection, kid)
            await audit.append(connection, Act(Action.KITCHEN_REMOVED, kid, who), self._now())

        # Without a limit: hundreds of thousands of notes may go with it.
        await asyncio.shield(self._begin(work).done)

    async def change_desired(
        self, kid: str, change: Callable[[Desired], Desired], *, who: str = COMMAND_LINE
    ) -> None:
        await self._write(lambda it: change_desired(it, kid, change, who, self._now()), kid)

    async def add_token(
        self, kid: str, token_hash: bytes, at: datetime, *, who: str = COMMAND_LINE
    ) -> None:
        act = Act(Action.TOKEN_MADE, kid, who)
        await self._audited(act, at, lambda it: tokens.add(it, kid, token_hash, at), kid)

    async def ask_rotation(self, kid: str, at: datetime, *, who: str = COMMAND_LINE) -> bool:
        act = Act(Action.TOKEN_ROTATION_ASKED, kid, who)
        return await self._audited(act, at, lambda it: tokens.ask(it, kid, at), kid)

    async def take_token(self, kid: str, under: bytes, token_hash: bytes, at: datetime) -> bool:
        async def work(connection: asyncpg.Connection) -> bool:
            taken = await tokens.take(connection, kid, under, token_hash, at)
            if taken is Taken.NOW:
                await audit.append(connection, Act(Action.TOKEN_ROTATED, kid, DEVICE), at)
            return taken is not Taken.NOT

        return await self._write(work, kid)

    async def end_other_tokens(self, kid: str, token_hash: bytes, at: datetime) -> None:
        act = Act(Action.TOKEN_ROTATION_DONE, kid, DEVICE)
        await self._audited(act, at, lambda it: tokens.end_others(it, kid, token_hash, at), kid)

    async def revoke_tokens(self, kid: str, token_hash: bytes, *, who: str = COMMAND_LINE) -> None:
        act = Act(Action.TOKENS_REVOKED, kid, who)
        await self._audited(act, None, lambda it: tokens.revoke(it, kid, token_hash), kid)

    async def token_hashes(self, kid: str) -> tuple[bytes, ...]:
        if not storable(kid):
            return ()
        return await self._read(lambda connection: tokens.valid(connection, kid))

    async def put_code(
        self, kid: str, code_hash: bytes, expires_at: datetime, *, who: str = COMMAND_LINE
    ) -> None:
        await self._audited(
            Act(Action.CODE_MADE, kid, who),
            None,
            lambda connection: enrolments.put_code(connection, kid, code_hash, expires_at),
        )

    async def has_open_code(self, kid: str, at: datetime) -> bool:
        return await self._read(lambda connection: enrolments.has_open_code(connection, kid, at))

    async def redeem(
        self, code_hash: bytes, token_hash: bytes, at: datetime
    ) -> Enrolled | CodeRefusal:
        return await self._write(
            lambda connection: enrolments.redeem(connection, code_hash, token_hash, at)
        )

    async def begin_pairing(self, new: NewPairing, at: datetime) -> bool:
        return await self._write(lambda connection: pairings.begin(connection, new, at))

    async def pairing(self, device_hash: bytes) -> Pairing | None:
        return await self._read(lambda connection: pairings.find(connection, device_hash))

    async def pending_pairings(self, at: datetime) -> tuple[Pairing, ...]:
        return await self._read(lambda connection: pairings.pending(connection, at))

    async def decide_pairing(
        self,
        operator: bytes,
        user_hash: bytes,
        kid: str | None,
        at: datetime,
        *,
        who: str = COMMAND_LINE,
    ) -> Pairing | WrongCode:
        return await self._write(
            lambda connection: pairings.decide(connection, operator, user_hash, kid, at, who)
        )

    async def forget_pairings(self, at: datetime) -> None:
        await self._write(lambda connection: pairings.forget(connection, at))

    async def changed_elsewhere(self, known: Mapping[str, int]) -> Collection[str]:
        # Not NOTIFY: it makes commits wait for one another, and is lost with the connection.
        return await self._read(lambda connection: changed(connection, known))

    async def kitchen(self, kid: str) -> KitchenRecord | None:
        if not storable(kid):
            return None
        return await self._read(lambda connection: record_of(connection, kid))

    async def add_likes(self, counts: Mapping[str, int], at: datetime) -> Mapping[str, int]:
        async def work(connection: asyncpg.Connection) -> dict[str, int]:
            # Two clouds lock kitchens in one order.
            totals = {
                kid: await add_likes(connection, kid, counts[kid], at) for kid in sorted(counts)
            }
            return {kid: total for kid, total in totals.items() if total is not None}

        # Without a limit: see the interface.
        return (await asyncio.shield(self._begin(work, *counts).done))[0]

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
        add_note = partial(
            notes.add_note, id=id, code=code, key=key, at=at, expires_at=expires_at, source=source
        )
        return await self._write(lambda connection: add_note(connection, kid), kid)

    async def note_by_key(self, kid: str, key: str) -> NoteRecord | None:
        return await self._read(lambda connection: notes.by_key(connection, kid, key))

    async def note(self, id: str) -> NoteRecord | None:
        return await self._read(lambda it: notes.by_id(it, id)) if storable(id) else None

    async def note_id(self, kid: str, seq: int) -> str | None:
        return await self._read(lambda connection: notes.id_of(connection, kid, seq))

    async def notes_after(self, kid: str, seq: int, *, limit: int, at: datetime) -> Backlog:
        return await self._read(
            lambda connection: notes.after(connection, kid, seq, limit=limit, at=at)
        )

    async def waiting(self, kid: str, at: datetime) -> tuple[str, ...]:
        return await self._read(lambda connection: notes.waiting(connection, kid, at))

    async def begin_time_line(self, kid: str, epoch: str) -> None:
        act = Act(Action.TIME_LINE_BEGUN, kid, DEVICE)
        await self._audited(act, None, lambda it: begin_time_line(it, kid, epoch), kid)

    async def begin_time_lines(self, *, who: str = COMMAND_LINE) -> int:
        return await self._audited(Act(Action.RESTORED, who=who), None, begin_time_lines)

    async def audit_from(self, n: int, limit: int) -> tuple[AuditRow, ...]:
        return await self._read(lambda connection: audit.rows_from(connection, n, limit))

    async def audit_logged(self) -> int:
        return await self._read(audit.logged)

    async def put_audit_logged(self, n: int) -> None:
        await self._write(lambda connection: audit.put_logged(connection, n))

    async def take_over(self, kid: str, process: str) -> None:
        await self._write(lambda connection: put(connection, kid, "process", process), kid)

    async def acknowledge(self, kid: str, seq: int, at: datetime) -> None:
        await self._write(lambda connection: notes.acknowledge(connection, kid, seq, at), kid)

    async def put_status(self, kid: str, status: Status, at: datetime) -> None:
        await self._write(lambda connection: keep_status(connection, kid, status, at), kid)

    async def _prepare(self, connection: asyncpg.Connection) -> None:
        """Take the lock that goes with what the database was opened for."""
        if self._use is Use.COMMAND:
            return
        how = "pg_try_advisory_lock" + ("_shared" if self._use is Use.SERVING else "")
        if not await connection.fetchval(f"SELECT {how}($1)", SERVING):
            others = "a command changes" if self._use is Use.SERVING else "a cloud serves"
            raise StoreError(f"{others} {self._address.name} just now; end that first")

    async def _read(self, work: Work[T]) -> T:
        if self._readers is None:
            raise StoreError(f"{self._address.name} is not open")
        return await self._readers.read(work)

    async def _audited(self, act: Act, at: datetime | None, work: Work[T], *kids: str) -> T:
        """Commit what `work` does, and the row of `act`, unless it returns that nothing changed."""

        async def change(connection: asyncpg.Connection) -> T:
            done = await work(connection)
            if done is not False:
                await audit.append(connection, act, at or self._now())
            return done

        return await self._write(change, *kids)

    async def _write(self, work: Work[T], *kids: str) -> T:
        """Commit what `work` does, and tell the listener of these kitchens' new records."""
        job = self._begin(work, *kids)
        done, _ = await asyncio.wait([job.done], timeout=CONFIRM_WITHIN_S)
        if not done:
            name = self._address.name
            if self._writer is not None and self._writer.withdraw(job):
                raise StoreError(f"{name} has not answered for {CONFIRM_WITHIN_S:g} s")
            raise OutcomeUnknownError(f"{name} has not confirmed a write")
        return job.done.result()[0]

    def _begin(self, work: Work[T], *kids: str) -> Job[Committed[T]]:
        if self._writer is None:
            raise StoreError(f"{self._address.name} is not open")

        async def change(connection: asyncpg.Connection) -> Committed[T]:
            done = await work(connection)
            records = [await record_of(connection, kid) for kid in kids]
            return done, [record for record in records if record is not None]

        job = self._writer.add(change)
        # Not after the await: a cancelled request must not keep a commit from those who wait.
        job.done.add_done_callback(self._tell)
        return job

    def _tell(self, done: asyncio.Future[Committed[T]]) -> None:
        if not done.cancelled() and done.exception() is None:
            for record in done.result()[1]:
                self._listener(record)
