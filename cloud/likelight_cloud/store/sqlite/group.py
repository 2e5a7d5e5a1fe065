"""Group commit: whatever arrives during one commit to the file is one transaction after it.

A commit waits for the disk, and its thread does nothing else: with a commit for each write, a
hundred viewers wait for one another's.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from likelight.runtime.commit_pace import CommitPace
from likelight.runtime.sqlite_file import SqliteFile
from likelight.runtime.store_errors import StoreError
from likelight_cloud.store.sqlite.access import Work

MOST_AT_ONCE = 200
"""Writes in one transaction: more would keep the first of them waiting. At a pace all are one: what
was left behind would have to wait for another turn."""

T = TypeVar("T")


@dataclass(eq=False)
class _Job(Generic[T]):
    work: Work[T]
    done: asyncio.Future[T]
    taken: bool = False
    """A transaction has begun with it: it is written, even when nobody waits for it any more."""


class GroupCommit:
    """Writes to `file`. What one write raises undoes that one alone, unless SQLite raised it: then
    nothing of its transaction is kept.

    With a `pace` the first write after a calm second is committed at once, and all that come in the
    second after a commit are the next one.
    """

    def __init__(self, file: SqliteFile, pace: CommitPace | None = None) -> None:
        self._file = file
        self._pace = pace
        self._waiting: deque[_Job[object]] = deque()
        self._in_line = False
        """A block waits for its turn."""

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn in which the block commits with `in_turn`, one at a time."""
        if self._pace is None:
            yield
            return
        self._in_line = True
        try:
            async with self._pace.turn():
                self._in_line = False
                yield
        finally:
            self._in_line = False

    async def commit(
        self,
        work: Work[T],
        on_done: Callable[[asyncio.Future[T]], None],
        *,
        in_turn: bool = False,
    ) -> T:
        """Return what `work` returns, once that is on the disk; raise `StoreError` while the file
        is closed.

        `on_done` is called with the outcome, also when the caller was cancelled meanwhile. Then the
        write is done, or it never will be.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        done.add_done_callback(on_done)
        job = cast("_Job[object]", _Job(work, done))
        self._waiting.append(job)
        try:
            if in_turn or self._pace is None:
                self._submit(job)
            else:
                await self._submit_in_turn(job, self._pace)
        except BaseException:
            self._remove(job)
            raise
        return await asyncio.shield(done)

    async def _submit_in_turn(self, job: _Job[object], pace: CommitPace) -> None:
        # Not in a turn of its own while a block has asked for one, which takes all that waits.
        while not job.taken:
            async with pace.turn(lambda: not (job.taken or self._in_line)) as due:
                if due:
                    self._submit(job)
                    await asyncio.wait([job.done])
            await asyncio.sleep(0)  # a block that was cancelled leaves the line

    def _submit(self, job: _Job[object]) -> None:
        """Have all that waits, `job` among it, committed as soon as the file's thread is free."""
        taken: list[_Job[object]] = []

        def change(db: sqlite3.Connection) -> list[object]:
            # It may find nothing: the transaction before has taken its own job with others.
            taken.extend(self._take())
            return [_outcome(db, job) for job in taken]

        try:
            committed = self._file.submit(change)
        except StoreError as error:
            _fail(self._not_begun(job), error)
            return
        committed.add_done_callback(lambda it: self._settle(job, taken, it))

    def _settle(
        self,
        asked: _Job[object],
        taken: Sequence[_Job[object]],
        committed: asyncio.Future[list[object]],
    ) -> None:
        failure = committed.exception()
        if failure is not None:
            _fail(taken or self._not_begun(asked), failure)
            return
        for job, outcome in zip(taken, committed.result(), strict=True):
            if job.done.cancelled():
                continue
            if isinstance(outcome, BaseException):
                job.done.set_exception(outcome)
            else:
                job.done.set_result(outcome)

    def _take(self) -> list[_Job[object]]:
        taken: list[_Job[object]] = []
        with suppress(IndexError):  # the loop may take at the same time as the file's thread
            while self._pace is not None or len(taken) < MOST_AT_ONCE:
                job = self._waiting.popleft()
                job.taken = True
                taken.append(job)
        return taken

    def _not_begun(self, job: _Job[object]) -> list[_Job[object]]:
        """Return what fails with the transaction of `job`, which could not begin: at a pace all
        that wait, because each would be told so a second after the one before."""
        if self._pace is not None:
            return self._take()
        return [job] if self._remove(job) else []

    def _remove(self, job: _Job[object]) -> bool:
        """Take `job` back; return False where a transaction has taken it."""
        try:
            self._waiting.remove(job)
        except ValueError:
            return False
        return True


def _outcome(db: sqlite3.Connection, job: _Job[object]) -> object:
    """Do one job; return its result, or the error that undid it and nothing else."""
    db.execute("SAVEPOINT job")
    try:
        result = job.work(db)
    except sqlite3.Error:
        raise
    except Exception as error:  # noqa: BLE001  whoever asked gets it
        db.execute("ROLLBACK TO job")
        result = error
    db.execute("RELEASE job")
    return result


def _fail(jobs: Sequence[_Job[object]], failure: BaseException) -> None:
    for job in jobs:
        if not job.done.cancelled():
            job.done.set_exception(failure)
