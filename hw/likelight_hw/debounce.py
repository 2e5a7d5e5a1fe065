"""Turns bouncing contacts into edges, one per press and one per release, for every button."""

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator

DEBOUNCE_S = 0.050
"""Contacts bounce for some milliseconds; no thumb presses twice in 50 ms."""
MOST_WAITING = 8
"""Presses that wait to be read. A longer queue would hold no news."""


class Debouncer:
    """Turns what the contacts do into edges, by the running loop's clock.

    A press after 50 ms of calm counts at once. Every change within 50 ms of the last one is a
    bounce: the contacts count again after 50 ms of calm. A release always waits for that calm, so
    that a worn contact that opens under a thumb does not count as a second press: on PRIVACY that
    would show again what the first one hid. A wire that chatters without end is one press without a
    release.
    """

    def __init__(self) -> None:
        self._closed = False
        self._reported = False
        self._touched_at = -math.inf
        self._calm: asyncio.TimerHandle | None = None
        self._edges: deque[bool] = deque()
        self._edge_waiting = asyncio.Event()

    def touch(self, closed: bool) -> None:
        """The contacts closed, or opened. Call it on the event loop."""
        loop = asyncio.get_running_loop()
        bounced = loop.time() - self._touched_at < DEBOUNCE_S
        self._touched_at = loop.time()
        self._closed = closed
        if self._calm is not None:
            self._calm.cancel()
        self._calm = loop.call_later(DEBOUNCE_S, self._accept)
        if closed and not bounced:
            self._accept()

    async def edges(self) -> AsyncGenerator[bool, None]:
        """Yield True and False in turn, for ever; also those from before this call."""
        while True:
            while not self._edges:
                self._edge_waiting.clear()
                await self._edge_waiting.wait()
            yield self._edges.popleft()

    def _accept(self) -> None:
        # A press that finds the queue full is dropped with its release, so that edges alternate.
        full = self._closed and len(self._edges) >= 2 * MOST_WAITING
        if self._closed != self._reported and not full:
            self._reported = self._closed
            self._edges.append(self._closed)
            self._edge_waiting.set()
