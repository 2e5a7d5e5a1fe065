"""The device looks at itself, now and then, so that its cloud knows what nobody has looked for."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from likelight.contract import DeviceFinding

FIRST_AFTER_S = 30.0
"""By then camera, panel and cloud have been started; a small board has enough to do before."""
AGAIN_S = 6 * 3600.0
AT_MOST_EACH_S = 600.0
NOTICED_S = 60.0
"""How often the device's own troubles are compared with those at the last look."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look was about, by ids, and what of it is not well."""

    at: frozenset[str]
    findings: tuple[DeviceFinding, ...]


Look = Callable[[], Looked]
"""Blocks for some seconds at most; raises nothing."""


class SelfCheck:
    """Looks at the start, each 6 h or so, and soon after `reasons`, the device's own troubles, have
    changed; at most each 10 min. No press of PRIVACY is among these, so none shows in a look."""

    def __init__(
        self,
        look: Look,
        keep: Callable[[Looked], None],
        reasons: Callable[[], Sequence[str]],
        rng: random.Random,
    ) -> None:
        self._look = look
        self._keep = keep
        self._reasons = reasons
        self._rng = rng

    async def run(self) -> None:
        """Look for ever."""
        await asyncio.sleep(FIRST_AFTER_S * self._rng.uniform(1, 2))
        while True:
            seen = self._reasons()
            self._keep(await asyncio.to_thread(self._look))
            await self._until_due(seen)

    async def _until_due(self, seen: Sequence[str]) -> None:
        now = asyncio.get_running_loop().time
        due = now() + AGAIN_S * self._rng.uniform(0.75, 1.25)
        await asyncio.sleep(AT_MOST_EACH_S)
        while now() < due:
            await asyncio.sleep(NOTICED_S)
            if self._reasons() != seen:
                return
