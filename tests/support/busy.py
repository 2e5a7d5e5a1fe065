"""How long the machine that happens to run the tests may take before a test calls it a hang."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

BUSY = 20.0
"""How many times slower than the promise a machine with other things to do may be.

Only for a guard against a hang: such a limit tells a mechanism that works from one that a time-out
or the next poll stood in for, and no test's name may promise it. The contract's figures are held on
the virtual clock (support/virtual.py); what a real machine needs is printed by `tests/bench`.
"""

_LOOK_EVERY_S = 0.01


class Lateness:
    """How long at most the machine kept this process from running at one time, in seconds."""

    lost = 0.0

    async def measure(self) -> None:
        """Look at the clock again and again, for ever."""
        clock = asyncio.get_running_loop().time
        while True:
            asked, worked = clock(), time.thread_time()
            await asyncio.sleep(_LOOK_EVERY_S)
            # What this thread did meanwhile is our own doing, not the machine's.
            late = clock() - asked - _LOOK_EVERY_S - (time.thread_time() - worked)
            if late > self.lost:
                self.lost = late


@asynccontextmanager
async def lateness() -> AsyncIterator[Lateness]:
    """Measure while the context is open: what is so late in this process is not to blame for it."""
    late = Lateness()
    measuring = asyncio.ensure_future(late.measure())
    try:
        yield late
    finally:
        measuring.cancel()
