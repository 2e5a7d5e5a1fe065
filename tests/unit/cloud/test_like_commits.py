"""Group commit of likes, on a disk that takes its time, in virtual seconds."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from likelight.contract import LikesReply
from likelight.runtime.store_errors import StoreError
from likelight_cloud.kitchens.like_commits import LikeCommits, confirmed
from likelight_cloud.store.base import OutcomeUnknownError
from likelight_cloud.store.sqlite.store import SqliteStore
from support.cloud import NOON
from support.virtual import run_virtual


class SlowDisk(SqliteStore):
    """A store that needs `takes` seconds for a commit; it notes when each began, and what of."""

    def __init__(self, takes: float) -> None:
        super().__init__(Path("never-opened"))
        self.takes = takes
        self.began: list[tuple[float, dict[str, int]]] = []
        self._totals: dict[str, int] = {}

    async def add_likes(self, counts: Mapping[str, int], at: datetime) -> Mapping[str, int]:
        self.began.append((time(), dict(counts)))
        await asyncio.sleep(self.takes)
        for kid, n in counts.items():
            self._totals[kid] = self._totals.get(kid, 0) + n
        return {kid: self._totals[kid] for kid in counts}


def time() -> float:
    """Return the virtual time since the scenario began; its clock begins at 1000 s."""
    return round(asyncio.get_running_loop().time() - 1000, 3)


@asynccontextmanager
async def committing(disk: SlowDisk) -> AsyncIterator[LikeCommits]:
    commits = LikeCommits(disk, lambda: NOON, lambda *_: None)
    running = asyncio.ensure_future(commits.run())
    await asyncio.sleep(0)
    try:
        yield commits
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def answered(
    commits: LikeCommits, at: float, batch: str, n: int, kid: str = "demo"
) -> tuple[float, LikesReply]:
    """Send a batch at `at`; return when its answer came, and the answer."""
    await asyncio.sleep(at - time())
    reply = await commits.add(kid, batch, n, 0, "v")
    return time(), reply


def test_a_commit_starts_as_soon_as_the_previous_one_ended_and_answers_when_it_has() -> None:
    async def scenario() -> None:
        disk = SlowDisk(takes=3)
        async with committing(disk) as commits, asyncio.TaskGroup() as group:
            sent = [
                group.create_task(answered(commits, at, f"batch-{n}", n, kid))
                for at, n, kid in (
                    (1, 1, "demo"),
                    (2, 2, "demo"),
                    (3, 4, "demo"),
                    (3, 8, "other"),
                    (20, 16, "demo"),
                )
            ]
        assert disk.began == [
            (1, {"demo": 1}),
            (4, {"demo": 6, "other": 8}),
            (20, {"demo": 16}),
        ]
        told = [(at, reply.total) for at, reply in (task.result() for task in sent)]
        assert told == [(4, 1), (7, 3), (7, 7), (7, 8), (23, 23)]

    run_virtual(scenario())


def test_likes_in_flight_at_the_stop_are_told_so_at_once() -> None:
    async def scenario() -> None:
        async with committing(SlowDisk(takes=3600)) as commits:
            answers = [commits.add("demo", "in-the-commit", 1, 0, "v")]
            await asyncio.sleep(1)
            answers.append(commits.add("demo", "behind-it", 1, 0, "v"))
            await asyncio.sleep(1)
            assert not any(answer.done() for answer in answers)
        assert time() == 2
        for answer in answers:
            with pytest.raises(StoreError, match="stopping"):
                async with asyncio.timeout(1):
                    await answer
        # Sent again to a cloud that runs again, they are new.
        assert commits.answer("demo", "in-the-commit") is None
        assert commits.answer("demo", "behind-it") is None
        with pytest.raises(StoreError, match="stopping"):
            commits.add("demo", "too-late", 1, 0, "v")

    run_virtual(scenario())


def test_likes_that_nobody_waits_for_give_the_loop_nothing_to_do() -> None:
    """A callback of each one, at 50,000 a second, held a device's reply back by 0.25 s."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        called, call_soon = [], loop.call_soon

        def counted(callback: Callable[..., object], *args: object, **more: Any) -> asyncio.Handle:
            called.append(callback)
            return call_soon(callback, *args, **more)

        async with committing(SlowDisk(takes=1)) as commits:
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(loop, "call_soon", counted)
                for n in range(1000):
                    commits.add("demo", f"batch-{n}", 1, 0, "v")
                await asyncio.sleep(2)
            assert commits.committed == 1000
        assert len(called) < 20

    run_virtual(scenario())


def test_a_failure_that_nobody_waits_for_is_not_logged_as_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class FullDisk(SlowDisk):
        async def add_likes(self, counts: Mapping[str, int], at: datetime) -> Mapping[str, int]:
            if "gone" in counts:
                return {}
            raise StoreError("the disk is full")

    async def scenario() -> None:
        async with committing(FullDisk(takes=0)) as commits:
            for kid in ("gone", "demo"):
                commits.add(kid, "hung-up", 1, 0, "v")
                await asyncio.sleep(1)

    run_virtual(scenario())
    messages = [record.message for record in caplog.records]
    # A record keeps the failure that it tells, and asyncio speaks when nothing keeps it any more.
    caplog.clear()
    gc.collect()
    assert [*messages, *caplog.messages] == ["Likes cannot be stored: the disk is full"]


def test_the_answers_to_twenty_thousand_batches_are_remembered_and_no_more() -> None:
    async def scenario() -> None:
        async with committing(SlowDisk(takes=0)) as commits:
            for n in range(20_000):
                last = commits.add("demo", f"batch-{n}", 1, 0, "v")
            await last
            assert commits.answer("demo", "batch-0") is not None
            await commits.add("demo", "one-more", 1, 0, "v")
            assert commits.answer("demo", "batch-0") is None
            assert commits.answer("demo", "batch-1") is not None
            assert commits.answer("demo", "one-more") is not None

    run_virtual(scenario())


def test_a_batch_is_known_in_its_own_kitchen_only() -> None:
    async def scenario() -> None:
        async with committing(SlowDisk(takes=0)) as commits:
            await commits.add("demo", "a-batch", 3, 0, "v")
            assert commits.answer("demo", "a-batch") is not None
            assert commits.answer("other", "a-batch") is None

    run_virtual(scenario())


def test_whoever_sends_a_late_batch_again_gets_its_answer_and_it_counts_once() -> None:
    async def scenario() -> None:
        async with committing(SlowDisk(takes=8)) as commits:
            answer = commits.add("demo", "late", 3, 0, "v")
            with pytest.raises(OutcomeUnknownError, match="not confirmed a commit for 5 s"):
                await confirmed(answer)
            assert time() == 5
            await asyncio.sleep(1)
            assert str(commits.failure) == "the database has not confirmed a commit for 5 s"
            with pytest.raises(StoreError, match="not confirmed") as refused:
                commits.add("demo", "another", 1, 0, "v")
            assert not isinstance(refused.value, OutcomeUnknownError), "it was not even asked for"
            again = commits.answer("demo", "late")
            assert again is answer
            assert (await confirmed(again)).total == 3
            assert (time(), commits.failure) == (8, None)

    run_virtual(scenario())
