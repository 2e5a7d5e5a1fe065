"""Group commit of likes: one durable commit holds all that arrived while the last one ran."""

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from likelight.contract import LikesReply
from likelight.runtime.clock import Now
from likelight.runtime.store_errors import StoreError
from likelight_cloud.store.base import CONFIRM_WITHIN_S, NoKitchenError, OutcomeUnknownError, Store

log = logging.getLogger(__name__)

MAX_ANSWERS = 20_000
"""Batches whose answer is remembered, about 20 MB: over an hour of a busy kitchen's retries."""

Answer = asyncio.Future[LikesReply]


@dataclass(frozen=True, slots=True)
class _Batch:
    kid: str
    id: str
    accepted: int
    retry_after_ms: int
    viewer: str
    answer: Answer


class LikeCommits:
    """A component that commits likes. A commit starts as soon as the previous one has ended and the
    store's turn has come.

    The memory of batch ids ends with the process: a batch that is sent again after a crash may
    count twice, an acknowledged one is never lost.
    """

    def __init__(
        self, store: Store, now: Now, committed_of: Callable[[str, str, datetime], None]
    ) -> None:
        """`committed_of` is called with the kitchen and the viewer of each batch that is durable,
        and the time under which it is counted."""
        self._store = store
        self._committed_of = committed_of
        self._now = now
        self._running = False
        self.failure: StoreError | None = None
        """Why the last commit failed, or the present one is late; None when neither is so."""
        self._late = False
        self.commits = 0
        self.committed = 0
        """Likes that are durable since the start."""
        self._arrived = asyncio.Event()
        self._pending: list[_Batch] = []
        self._answers: OrderedDict[tuple[str, str], Answer] = OrderedDict()

    def answer(self, kid: str, batch: str) -> Answer | None:
        """Return the answer to a batch that was here before; it may not be there yet.

        The id `batch` holds the viewer's, because it is the viewer's own.
        """
        return self._answers.get((kid, batch))

    def add(self, kid: str, batch: str, accepted: int, retry_after_ms: int, viewer: str) -> Answer:
        """Queue a new batch; its answer comes after the commit. Both may raise `StoreError`, the
        answer `NoKitchenError`.

        Give it to `confirmed`: it belongs to everybody who sends this batch.
        """
        if not self._running:
            raise StoreError("the cloud is stopping")
        if self._late:
            raise _not_confirmed(StoreError)  # no queue behind a database that hangs
        answer: Answer = asyncio.get_running_loop().create_future()
        self._answers[kid, batch] = answer
        if len(self._answers) > MAX_ANSWERS:
            self._answers.popitem(last=False)
        self._pending.append(_Batch(kid, batch, accepted, retry_after_ms, viewer, answer))
        self._arrived.set()
        return answer

    async def run(self) -> None:
        """Commit until cancelled; what has no answer then fails with `StoreError`."""
        group: list[_Batch] = []
        self._running = True
        try:
            while True:
                await self._arrived.wait()
                async with self._store.turn():
                    self._arrived.clear()
                    group, self._pending = self._pending, []
                    await self._commit(group)
        finally:
            self._running = False
            self._fail(group + self._pending, StoreError("the cloud is stopping"))
            self._pending = []
            self._arrived.clear()

    async def _commit(self, group: list[_Batch]) -> None:
        counts: Counter[str] = Counter()
        for batch in group:
            counts[batch.kid] += batch.accepted
        at = self._now()
        late = asyncio.get_running_loop().call_later(CONFIRM_WITHIN_S, self._is_late)
        try:
            totals = dict(await self._store.add_likes(counts, at))
        except StoreError as error:
            self._fails(error)
            self._fail(group, error)
            return
        finally:
            late.cancel()
            self._late = False
        if self.failure is not None:
            log.info("Likes are stored again")
        self.failure = None
        self.commits += 1
        self.committed += sum(counts[kid] for kid in totals)
        # Backwards, so that each batch's answer has the total at its own place in the group.
        for batch in reversed(group):
            if batch.kid not in totals:
                _refuse(batch.answer, NoKitchenError(batch.kid))
                continue
            batch.answer.set_result(
                LikesReply(
                    accepted=batch.accepted,
                    total=totals[batch.kid],
                    retry_after_ms=batch.retry_after_ms,
                )
            )
            totals[batch.kid] -= batch.accepted
            self._committed_of(batch.kid, batch.viewer, at)

    def _is_late(self) -> None:
        self._late = True
        self._fails(_not_confirmed(StoreError))

    def _fails(self, error: StoreError) -> None:
        if self.failure is None:
            log.warning("Likes cannot be stored: %s", error)
        self.failure = error

    def _fail(self, group: list[_Batch], error: StoreError) -> None:
        for batch in group:
            if not batch.answer.done():
                self._answers.pop((batch.kid, batch.id), None)
                _refuse(batch.answer, error)


async def confirmed(answer: Answer) -> LikesReply:
    """Return an answer. Raises `OutcomeUnknownError` when it does not come in time: it may come
    later, and then answers the same batch when it is sent again."""
    # The commit goes on, and others may wait for it, when this viewer hangs up.
    done, _ = await asyncio.wait([answer], timeout=CONFIRM_WITHIN_S)
    if not done:
        raise _not_confirmed(OutcomeUnknownError)
    return answer.result()


def _refuse(answer: Answer, error: Exception) -> None:
    answer.set_exception(error)
    # Where everybody who waits has hung up, asyncio would log an exception that nobody has read. A
    # callback of each answer did the same, but at 50,000 likes a second filled the event loop.
    answer.exception()


def _not_confirmed(kind: type[StoreError]) -> StoreError:
    return kind(f"the database has not confirmed a commit for {CONFIRM_WITHIN_S:g} s")
