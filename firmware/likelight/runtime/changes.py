"""A counter of changes that any number of listeners can wait on."""

import asyncio


class Changes:
    """Counts changes; a listener waits for a version above the one it has seen, so misses none.

    Make it on the running loop. `bump` may be called from any thread.
    """

    def __init__(self) -> None:
        self.version = 0
        self._loop = asyncio.get_running_loop()
        self._next = asyncio.Event()

    def bump(self) -> None:
        """Something changed: wake everybody who waits."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._advance)

    async def wait_beyond(self, seen: int) -> int:
        """Return the version once it is higher than `seen`; several bumps may wake only once."""
        while self.version <= seen:
            await self._next.wait()
        return self.version

    def _advance(self) -> None:
        self.version += 1
        woken, self._next = self._next, asyncio.Event()
        woken.set()
