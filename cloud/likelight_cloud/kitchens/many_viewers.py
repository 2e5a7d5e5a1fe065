"""Remembers which sums at least 20 different viewers stand behind."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, tzinfo
from functools import partial
from typing import Final

from likelight.runtime.store_errors import StoreError
from likelight_cloud.kitchens.viewer_counts import ViewerCounts
from likelight_cloud.store.aggregates import AggregateStore, week_of

log = logging.getLogger(__name__)

TRY_AGAIN_S: Final = 5.0
MAX_WAITING: Final = 10_000


class ManyViewers:
    """A component: counts viewers, and `run` keeps a flag of each sum that has reached 20.

    The flag is a commit of its own, soon after that of the like: one that is lost hides a sum.
    """

    def __init__(self, store: AggregateStore) -> None:
        self._store = store
        self._counts = ViewerCounts()
        self._reached: deque[Callable[[], Awaitable[None]]] = deque(maxlen=MAX_WAITING)
        self._arrived = asyncio.Event()

    def like_came(self, kid: str, zone: tzinfo, viewer: str, at: datetime) -> None:
        """Count the viewer of a like that is durable, and was counted at `at`."""
        local = at.astimezone(zone)
        day = self._counts.add((kid, "day"), local.date(), viewer)
        hour = self._counts.add((kid, "hour"), (local.date(), local.hour), viewer)
        if day or hour:
            self._keep(partial(self._store.flag_likes, kid, at, day=day, hour=hour))

    def note_came(self, kid: str, zone: tzinfo, viewer: str, code: str, at: datetime) -> None:
        """Count the viewer of a note that is durable, and was counted at `at`."""
        week = week_of(at.astimezone(zone).date())
        if self._counts.add((kid, "note", code), week, viewer):
            self._keep(partial(self._store.flag_note, kid, at, code))

    def forget(self, viewer: str) -> None:
        """Forget that `viewer` came, at the viewer's own request."""
        self._counts.forget(viewer)

    async def run(self) -> None:
        """Keep flags until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._reached:
                try:
                    await self._reached[0]()
                except StoreError as error:
                    log.info("A sum is hidden until the database takes its flag: %s", error)
                    await asyncio.sleep(TRY_AGAIN_S)
                else:
                    self._reached.popleft()

    def _keep(self, flag: Callable[[], Awaitable[None]]) -> None:
        self._reached.append(flag)
        self._arrived.set()
