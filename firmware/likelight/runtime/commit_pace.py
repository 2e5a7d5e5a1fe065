"""The pace of durable transactions: a card wears with each fsync."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

PACE_S = 1.0
"""From the end of one durable transaction to the next."""


class CommitPace:
    """At most one durable transaction a second, of all the files on one disk that share this.

    The first after a calm second waits for nothing. Of several that wait, the first has the next
    turn.
    """

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()
        self._next_turn = float("-inf")

    @asynccontextmanager
    async def turn(self, still_due: Callable[[], bool] = lambda: True) -> AsyncIterator[bool]:
        """Wait for the next turn, and yield True: the block is the transaction.

        Yield False, and take no turn, where nothing is `still_due`: another turn has done it, or
        will do so.
        """
        clock = asyncio.get_running_loop().time
        async with self._one_at_a_time:
            if still_due():
                await asyncio.sleep(self._next_turn - clock())
            if not still_due():
                yield False
                return
            try:
                yield True
            finally:
                self._next_turn = clock() + PACE_S
