"""From contacts that bounce to edges that mean something; simulated and real buttons share it."""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator

DEBOUNCE_S = 0.050
"""Contacts bounce for some milliseconds; no thumb presses twice in 50 ms."""
WAITING = 8
"""Presses that nobody has looked at yet. More than these say nothing new."""


class Debouncer:
    """Turns what the contacts do into edges, by the running loop's clock.

    A press after a calm counts at once. Whatever follows within 50 ms of the last touch is a
    bounce: the contacts are believed again when they have been calm for that long. A letting go
    always waits for that calm, so that a worn contact that opens under a thumb is no second press:
    on PRIVACY that would share what it just hid. A wire that chatters without end is one press
    that is never let go.
    """

    def __init__(self) -> None:
        self._closed = False
        self._told = False
        self._touched_at = -math.inf
        self._calm: asyncio.TimerHandle | None = None
        self._edges: deque[bool] = deque()
        self._came = asyncio.Event()

    def touch(self, closed: bool) -> None:
        """The contacts closed, or opened. Call it on the event loop."""
        loop = asyncio.get_running_loop()
        bounced = loop.time() - self._touched_at < DEBOUNCE_S
        self._touched_at = loop.time()
        self._closed = closed
        if self._calm is not None:
            self._calm.cancel()
        self._calm = loop.call_later(DEBOUNCE_S, self._believe)
        if closed and not bounced:
            self._believe()

    async def edges(self) -> AsyncIterator[bool]:
        """Yield True and False in turn, for ever; also those from before anybody listened."""
        while True:
            while not self._edges:
                self._came.clear()
                await self._came.wait()
            yield self._edges.popleft()

    def _believe(self) -> None:
        # A press that finds the queue full is dropped with its letting go, so that edges alternate.
        full = self._closed and len(self._edges) >= 2 * WAITING
        if self._closed != self._told and not full:
            self._told = self._closed
            self._edges.append(self._closed)
            self._came.set()
