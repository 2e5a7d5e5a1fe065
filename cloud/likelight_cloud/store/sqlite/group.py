"""Group commit: whatever arrives during one commit to the file is one transaction after it.

A commit waits for the disk, and its thread does nothing else: with a commit for each write, a
hundred viewers wait for one another's.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from likelight.runtime.sqlite_file import SqliteFile

MOST_AT_ONCE = 200
"""Writes in one transaction: more would keep the first of them waiting."""

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


@dataclass(eq=False)
class _Job(Generic[T]):
    work: Work[T]
    done: asyncio.Future[T]


class GroupCommit:
    """Writes to `file`. What one write raises undoes that one alone, unless SQLite raised it: then
    nothing of its transaction is kept."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._waiting: deque[_Job[object]] = deque()

    def add(self, work: Work[T]) -> asyncio.Future[T]:
        """Return at once with the future of what `work` returns, once that is on the disk; await it
        behind `asyncio.shield`. Raises `StoreError` while the file is closed."""
        taken: list[_Job[object]] = []

        def change(db: sqlite3.Connection) -> list[object]:
            # It may find nothing: the transaction before has taken its own job with others.
            while self._waiting and len(taken) < MOST_AT_ONCE:
                taken.append(self._waiting.popleft())
            return [_outcome(db, job) for job in taken]

        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        job = cast("_Job[object]", _Job(work, done))
        # Whoever waited may have gone; then nobody reads a failure.
        done.add_done_callback(lambda it: it.cancelled() or it.exception())
        self._waiting.append(job)
        try:
            committed = self._file.submit(change)
        except BaseException:
            self._waiting.remove(job)
            raise
        committed.add_done_callback(lambda it: _settle(taken or self._left(job), it))
        return done

    def _left(self, job: _Job[object]) -> list[_Job[object]]:
        """Return `job`, unless another transaction has taken it: this one could not begin."""
        try:
            self._waiting.remove(job)
        except ValueError:
            return []
        return [job]


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


def _settle(jobs: Sequence[_Job[object]], committed: asyncio.Future[list[object]]) -> None:
    failure = committed.exception()
    outcomes = [failure] * len(jobs) if failure is not None else committed.result()
    for job, outcome in zip(jobs, outcomes, strict=True):
        if job.done.cancelled():
            continue
        if isinstance(outcome, BaseException):
            job.done.set_exception(outcome)
        else:
            job.done.set_result(outcome)
