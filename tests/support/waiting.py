"""How tests wait for what must come: for a state that is reached once, as long as it takes."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable

WITHIN_S = 90.0
"""Against a hang only: what takes a second took 30 s on machines with other things to do, and a
device whose cloud was long away asks it once a minute."""

_LOOK_S = 0.01


async def until(holds: Callable[[], bool | Awaitable[bool]], within: float = WITHIN_S) -> float:
    """Return after how many seconds `holds()` was true; raise `TimeoutError` after `within`."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(within):
        while not (await told if isawaitable(told := holds()) else told):
            await asyncio.sleep(_LOOK_S)
    return loop.time() - began
