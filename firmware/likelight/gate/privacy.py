"""The crew's wish for privacy, made durable: stored, tried again, and stored once more at the end.

Privacy holds from the press on, stored or not. Sharing begins only once the disk holds it, so that
a restart never shares what the crew keeps private. Nothing is logged here: a log would tell when
the crew pressed PRIVACY. That the disk takes nothing is said by what looks at the disk.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress

from likelight.runtime.cleanup import finish_within

RETRY_STORE_S = 5.0
"""What could not be stored is stored again this often."""
LAST_STORE_S = 2.0
"""The end of the process waits no longer for a privacy that is not stored yet."""


class DurablePrivacy:
    """What the crew asked for last, and how that reaches the disk.

    `store` makes a wish durable, or raises `OSError`. `on_sharing_stored` is called when the disk
    holds that the crew shares again.
    """

    def __init__(
        self,
        store: Callable[[bool], Coroutine[object, object, None]],
        *,
        on_sharing_stored: Callable[[], None],
    ) -> None:
        self._store = store
        self._on_sharing_stored = on_sharing_stored
        self._wanted = True
        self._stored: bool | None = True
        """What the disk holds; None while that is not known, because a wish is being stored."""
        self._to_store = asyncio.Event()

    @property
    def wanted(self) -> bool:
        """Whether the crew wants privacy, stored or not."""
        return self._wanted

    def use_stored(self, private: bool) -> None:
        """Begin with what the disk holds; private also where it says nothing, or can't be read.

        Then it is stored as such, as if the crew had pressed.
        """
        self._wanted = private
        self._stored = None if private else False

    def want(self, private: bool) -> None:
        """Take the crew's wish; `run` stores it."""
        self._wanted = private
        self._to_store.set()

    async def run(self) -> None:
        """Store each wish, for ever."""
        if self._stored is not self._wanted:
            self._to_store.set()
        while True:
            await self._to_store.wait()
            self._to_store.clear()
            if not await self._store_wanted():
                with suppress(TimeoutError):
                    async with asyncio.timeout(RETRY_STORE_S):
                        await self._to_store.wait()
                self._to_store.set()

    async def store_before_exit(self) -> None:
        """Store a privacy that is not stored yet. Call it when `run` has ended."""
        if not self._wanted or self._stored:
            return
        with suppress(OSError):
            self._stored = await finish_within(self._store(True), LAST_STORE_S)

    async def _store_wanted(self) -> bool:
        """Store what the crew wants; return whether nothing is left to store."""
        wanted = self._wanted
        try:
            await self._bring_to_disk(wanted)
        except OSError:
            if not wanted:
                self._wanted = True
            return self._stored is self._wanted
        if wanted is not self._wanted:
            return False
        if not wanted:
            self._on_sharing_stored()
        return True

    async def _bring_to_disk(self, wanted: bool) -> None:
        """Store `wanted`, unless the disk holds it already. Raises `OSError`."""
        before = self._stored
        if before is wanted:
            return
        # A store that is cancelled may reach the disk all the same.
        self._stored = None
        try:
            await self._store(wanted)
        except OSError:
            self._stored = before
            raise
        self._stored = wanted
