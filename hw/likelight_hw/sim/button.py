"""A button that software presses."""

import asyncio
import math
from collections.abc import AsyncIterator

# Contacts bounce for some milliseconds; no thumb presses twice in 50 ms.
DEBOUNCE_S = 0.050
# Presses that nobody has looked at yet. More than these say nothing new.
WAITING = 8


class SimButton:
    """A button with the debounce of a real one, by the running loop's clock."""

    simulated = True

    def __init__(self) -> None:
        self._presses: asyncio.Queue[None] = asyncio.Queue(WAITING)
        self._touched_at = -math.inf

    def press(self) -> None:
        """Press and let go. Call it on the event loop.

        A press within 50 ms of the last touch is a bounce of that one, and dropped.
        """
        now = asyncio.get_running_loop().time()
        bounced = now - self._touched_at < DEBOUNCE_S
        self._touched_at = now
        if not bounced and not self._presses.full():
            self._presses.put_nowait(None)

    async def presses(self) -> AsyncIterator[None]:
        """Yield once per press, for ever; also for those from before anybody listened."""
        while True:
            await self._presses.get()
            yield
