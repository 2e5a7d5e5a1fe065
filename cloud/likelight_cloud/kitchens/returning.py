"""In which order devices that were away are answered: after an outage all of them come back."""

import asyncio
import math
from typing import Final

from likelight.contract.problem import ProblemType
from likelight.web.http.problems import ProblemError

LEAST_PER_S: Final = 14
"""Devices that are answered in a second, however few kitchens there are."""

SPREAD_S: Final = 36.0
"""The time in which the devices of many kitchens are all answered. 500 of them come back within
60 s, by their own back-off: 14 a second are 1.7 times that mean, and chance alone brings up to 2.4
times in one second."""

LONGEST_TURN_S: Final = 5.0
"""A device gives up after 10 s."""


class Returning:
    """Turns for the devices of `kitchens` kitchens; a single one's is at once."""

    def __init__(self, kitchens: int) -> None:
        self._pause_s = 1 / max(LEAST_PER_S, kitchens / SPREAD_S)
        self._next = -math.inf

    async def turn(self) -> None:
        """Return when it is the device's turn. Raises a 503 when that takes more than 5 s."""
        now = asyncio.get_running_loop().time()
        wait_s = max(0.0, self._next - now)
        if wait_s > LONGEST_TURN_S:
            raise ProblemError(
                503,
                "Too many devices come back at once. Ask again as Retry-After says.",
                type=ProblemType.BUSY,
                headers={"Retry-After": str(math.ceil(wait_s))},
            )
        self._next = now + wait_s + self._pause_s
        await asyncio.sleep(wait_s)
