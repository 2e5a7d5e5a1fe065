"""Where the crew's choice is kept: in the store, in the marker, and in /run over a crash.

The kitchen shares only if every place says so. So "private" is written to the marker first, which
needs no free space, and "shared" to the marker last. A choice for privacy is kept once the marker
has it: a store may be in memory only.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Protocol, TypeVar

from likelight.gate.marker import Marker

T = TypeVar("T")


class StoredChoice(Protocol):
    """The store, as far as it keeps the crew's choice."""

    @property
    def shared(self) -> bool: ...

    @property
    def kept(self) -> bool: ...

    @property
    def inherits_shared(self) -> bool: ...

    @property
    def boots(self) -> int: ...

    async def set_private(self, private: bool) -> None: ...


class PrivacyMemory:
    """The crew's choice in `store`, in `marker`, and in `run_copy`, which is None without a /run.

    `run_copy` lies in memory: it outlives a crash of the daemon on a disk that takes nothing.
    """

    def __init__(self, store: StoredChoice, marker: Marker, run_copy: Marker | None) -> None:
        self._store = store
        self._marker = marker
        self._run_copy = run_copy
        # One thread: what was begun first reaches the disk first, also when its caller has gone.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="privacy")

    async def begin(self, *, new: bool) -> bool:
        """Return whether the kitchen begins private.

        A `new` device, and one whose store is from the time before there was a marker, writes
        "shared" now. A disk that can't be written keeps no press, so on it the kitchen begins
        private.
        """
        if not self._store.kept or await self._in_thread(self._private_in_run):
            return True
        try:
            if new or (self._store.inherits_shared and not await self._in_thread(self._marked)):
                await self.keep(private=False)
            elif self._store.shared and await self._in_thread(lambda: self._marker.says_shared):
                await self._in_thread(self._mark_shared)
            else:
                return True
        except OSError:
            return True
        return False

    async def has_lost(self) -> bool:
        """Return whether a place on the disk has lost what it held; ask before `begin`.

        The answer is the same whatever the place held, so that it tells of no press.
        """
        store, marker = self._store, self._marker
        if not store.kept or store.boots == 1:
            return store.kept
        # Beside a store that says "private" a marker that is missing loses nothing.
        return await self._in_thread(lambda: not marker.intact and (marker.exists or store.shared))

    async def keep(self, private: bool) -> None:
        """Keep what the crew chose. Raises `OSError` when the disk does not have it."""
        if not private:
            await self._store.set_private(False)
            try:
                await self._in_thread(self._mark_shared)
            except OSError:
                # Where nothing is kept, the next start is private whatever the crew chooses now.
                if self._store.kept:
                    raise
            return
        marked = await self._in_thread(self._mark_private)
        # Once is enough: an unwritable marker is tried again and again.
        if self._store.shared or self._store.inherits_shared:
            with suppress(OSError):
                await self._store.set_private(True)
        if marked is not None:
            raise marked

    def close(self) -> None:
        """End the thread when it has done what was begun."""
        self._thread.shutdown(wait=False)

    def _private_in_run(self) -> bool:
        copy = self._run_copy
        return copy is not None and copy.exists and not copy.says_shared

    def _marked(self) -> bool:
        return self._marker.exists

    def _mark_shared(self) -> None:
        self._marker.write(shared=True)
        if self._run_copy is not None:
            self._run_copy.write(shared=True)

    def _mark_private(self) -> OSError | None:
        """Mark privacy in /run and on the disk; return why the disk does not have it, if so."""
        # The copy first: a disk that hangs must not delay it.
        if self._run_copy is not None:
            _failure(self._run_copy)
        return _failure(self._marker)

    async def _in_thread(self, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, job)


def _failure(marker: Marker) -> OSError | None:
    try:
        marker.write(shared=False)
    except OSError as error:
        return error
    return None
