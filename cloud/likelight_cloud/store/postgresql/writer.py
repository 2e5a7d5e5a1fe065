"""Writes to PostgreSQL: whatever arrives during one COMMIT is one transaction after it.

Three outcomes: kept, not kept, unknown. Nothing here cancels a COMMIT or gives it a time-out: both
make PostgreSQL stop waiting for the standby, and leave what one server alone has. A transaction
carries an id of its own as a row; one whose COMMIT got no answer is found again by it.
"""

import asyncio
import logging
import random
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import asyncpg

from likelight.runtime.store_errors import StoreError
from likelight_cloud.store.base import (
    CONFIRM_WITHIN_S,
    KeyReusedError,
    NoKitchenError,
    OutcomeUnknownError,
)
from likelight_cloud.store.postgresql.access import Work
from likelight_cloud.store.postgresql.address import Address
from likelight_cloud.store.postgresql.connect import LOST, Primary, connect, explained

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
"""Writes in one transaction: more would keep the first of them waiting."""
LOOK_S = 1.0
"""How often, while a server does not answer, another primary is looked for."""
LONGEST_PAUSE_S = 0.5
GIVE_UP_S = 4.0
"""How long a write is tried whose COMMIT was never sent: its asker then hears that nothing was
kept, before it must be told that nobody knows."""

# It writes in any case, so its COMMIT waits for the standby. It also waits for a first run that
# still hangs at the server, since both write one row.
_MARK = """
INSERT INTO written (id, at) VALUES ($1, now())
ON CONFLICT (id) DO UPDATE SET at = excluded.at RETURNING xmax = 0"""
FORGET = "DELETE FROM written WHERE at < now() - interval '1 hour'"
"""What deletes the ids of transactions that were found again long before."""
_FORGET_EACH = 1000

_ROLLED_BACK = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.UniqueViolationError,
)
"""Another process came in between; the whole transaction is tried again."""

T = TypeVar("T")


@dataclass(eq=False)
class Job(Generic[T]):
    """One write. `done` has its result, once that is kept."""

    work: Work[T]
    done: asyncio.Future[T]


@dataclass(eq=False)
class _Attempt:
    """One transaction, until its outcome is known."""

    jobs: list[Job[object]]
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    results: list[object] = field(default_factory=list)
    """For each job what it returned, or the exception that undid it alone."""
    sent: bool = False
    """A COMMIT was sent, and nobody knows what became of it."""


class Writer:
    """Commits on one connection. `on_lost` is called when its server is no longer the primary.

    `prepare` is called with each new connection.
    """

    def __init__(
        self, address: Address, *, prepare: Work[None], on_lost: Callable[[], None]
    ) -> None:
        self._address = address
        self._prepare = prepare
        self._on_lost = on_lost
        self._primary: Primary | None = None
        self._pending: deque[Job[object]] = deque()
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._began: float | None = None
        self._warned = False
        self._commits = 0

    def add(self, work: Work[T]) -> Job[T]:
        """Queue a write. Raises `StoreError` while the database has not answered for 5 s."""
        loop = asyncio.get_running_loop()
        if self._began is not None and loop.time() - self._began > CONFIRM_WITHIN_S:
            # No queue behind a database that hangs.
            raise StoreError(f"{self._address.name} has not answered for {CONFIRM_WITHIN_S:g} s")
        job = Job(work, loop.create_future())
        # Everybody who waits for it may have gone; then nobody reads a failure.
        job.done.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._pending.append(job)
        self._arrived.set()
        self._idle.clear()
        return job

    def withdraw(self, job: Job[T]) -> bool:
        """Take a write back that has not begun; return whether that is so."""
        try:
            self._pending.remove(job)  # type: ignore[arg-type]
        except ValueError:
            return False
        return True

    async def connected(self) -> asyncpg.Connection:
        """Return the connection, made when there is none. Raises `StoreError` or one of `LOST`."""
        if self._primary is None or self._primary.connection.is_closed():
            self._primary = await connect(self._address)
            self._primary.connection.add_log_listener(self._heard)
            await self._prepare(self._primary.connection)
        return self._primary.connection

    async def run(self) -> None:
        """Commit until cancelled."""
        group: list[Job[object]] = []
        try:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                while self._pending:
                    most = min(len(self._pending), MOST_AT_ONCE)
                    group = [self._pending.popleft() for _ in range(most)]
                    self._began = asyncio.get_running_loop().time()
                    await self._settle(_Attempt(group))
                    self._began = None
                self._idle.set()
        finally:
            self.disconnect()
            for job in group:
                _fail(job, OutcomeUnknownError(f"{self._address.name} was closed meanwhile"))
            for job in self._pending:
                _fail(job, StoreError(f"{self._address.name} is not open"))
            self._pending.clear()
            self._began = None
            self._arrived.clear()
            self._idle.set()

    async def idle(self) -> None:
        """Return once nothing is being written."""
        await self._idle.wait()

    async def _settle(self, attempt: _Attempt) -> None:
        """Give each job of `attempt` its outcome. While that is unknown, ask for as long as it
        takes."""
        loop = asyncio.get_running_loop()
        began, pause = loop.time(), 0.02
        while True:
            reason = StoreError(f"{self._address.name} confirms on one server only")
            try:
                if await self._watched(attempt):
                    break
            except LOST as error:
                reason = explained(error, self._address)
                self.disconnect()
            except _ROLLED_BACK as error:
                reason = explained(error, self._address)
            except asyncpg.PostgresError as error:
                reason = explained(error, self._address)
                if not attempt.sent:
                    self._fail_all(attempt, reason)
                    return
            if not attempt.sent and loop.time() - began > GIVE_UP_S:
                self._fail_all(attempt, reason)
                return
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, LONGEST_PAUSE_S)
        for job, result in zip(attempt.jobs, attempt.results, strict=True):
            if isinstance(result, asyncpg.PostgresError):
                _fail(job, explained(result, self._address))
            elif isinstance(result, Exception):
                _fail(job, result)
            elif not job.done.done():
                job.done.set_result(result)

    def _fail_all(self, attempt: _Attempt, reason: StoreError) -> None:
        for job in attempt.jobs:
            _fail(job, reason)

    async def _watched(self, attempt: _Attempt) -> bool:
        """Try once, as long as no other primary has come: a frozen server gives no error."""
        trying = asyncio.ensure_future(self._try(attempt))
        try:
            while not (await asyncio.wait([trying], timeout=LOOK_S))[0]:
                if await self._moved():
                    self.disconnect()
        except asyncio.CancelledError:
            # The connection first: a cancelled COMMIT would be one that does not wait.
            self.disconnect()
            await asyncio.wait([trying], timeout=LOOK_S)
            trying.cancel()
            await asyncio.wait([trying])
            raise
        return trying.result()

    async def _try(self, attempt: _Attempt) -> bool:
        """Run the transaction, or confirm it; return whether it is now kept for sure."""
        connection = await self.connected()
        self._warned = False
        transaction = connection.transaction()
        await transaction.start()
        try:
            new = await connection.fetchval(_MARK, attempt.id)
            if new:
                # What an earlier COMMIT may have left is not there, and can come no more.
                attempt.sent = False
                attempt.results = [await _result_of(connection, job) for job in attempt.jobs]
                self._commits += 1
                if self._commits % _FORGET_EACH == 0:
                    await connection.execute(FORGET)
        except BaseException:
            with suppress(*LOST):
                await transaction.rollback()
            raise
        attempt.sent = True
        try:
            await transaction.commit()
        except asyncpg.PostgresError as error:
            if new and not isinstance(error, LOST):
                attempt.sent = False  # refused: the server has rolled it back
            raise
        return not self._warned

    def _heard(self, _: asyncpg.Connection, message: asyncpg.PostgresLogMessage) -> None:
        # "Canceling wait for synchronous replication": asyncpg hands it out before the result.
        self._warned = self._warned or message.sqlstate == "01000"

    async def _moved(self) -> bool:
        """Return whether another server is the primary than the one that is waited for."""
        waited_for = self._primary
        try:
            now = await connect(self._address)
        except LOST:
            return False
        now.connection.terminate()
        return waited_for is not None and now.server != waited_for.server

    def disconnect(self) -> None:
        """End the connection, whatever it does; the next write makes a new one."""
        if self._primary is not None:
            self._primary.connection.terminate()
            self._primary = None
            self._on_lost()


async def _result_of(connection: asyncpg.Connection, job: Job[object]) -> object:
    """Do one job; return its result, or the error that undid it and nothing else."""
    try:
        async with connection.transaction():  # inside another one: a savepoint
            return await job.work(connection)
    except (*LOST, *_ROLLED_BACK):
        raise
    except (NoKitchenError, KeyReusedError, ValueError, asyncpg.PostgresError) as error:
        return error


def _fail(job: Job[T], error: Exception) -> None:
    if not job.done.done():
        job.done.set_exception(error)
