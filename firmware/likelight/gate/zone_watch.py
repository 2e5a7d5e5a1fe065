"""Follows the computer's time zone: it is set by hand, also while the device runs."""

import asyncio
import logging
from datetime import tzinfo

from likelight.gate.zone import ComputerZone

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 10.0


class ZoneWatch:
    """Reads the rules of `zone` again and again, and says so when TZ does not count."""

    def __init__(self, zone: ComputerZone) -> None:
        self._zone = zone
        self._reading: asyncio.Future[tzinfo | None] | None = None
        """The last read, which hangs as long as the disk does: at most one thread hangs with it."""

    async def run(self) -> None:
        """Follow the zone for ever; while it can't be read, the last one holds."""
        if self._zone.problem is not None:
            log.error("%s", self._zone.problem)
        while True:
            if self._reading is None:
                loop = asyncio.get_running_loop()
                self._reading = loop.run_in_executor(None, self._zone.read)
            await asyncio.wait([self._reading], timeout=LOOK_AGAIN_S)
            if self._reading.done():
                rules, self._reading = self._reading.result(), None
                if rules is not None:
                    self._zone.use(rules)
                await asyncio.sleep(LOOK_AGAIN_S)
