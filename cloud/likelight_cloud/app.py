"""The cloud at run time: the store, the kitchens in memory, the clock and the random source."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from aiohttp import web

from likelight.assets.catalogue import BUNDLED, Notes
from likelight.problem import ProblemType
from likelight.runtime.clock import Now
from likelight.runtime.store_errors import StoreError
from likelight.web.http.problems import ProblemError
from likelight_cloud.kitchens.cursor import Cursors
from likelight_cloud.kitchens.kitchen import Kitchen
from likelight_cloud.kitchens.like_commits import LikeCommits
from likelight_cloud.store.base import KitchenRecord, Store
from likelight_cloud.trust.limits import LikeBucket, NoteTimes, PerViewer
from likelight_cloud.trust.viewer import ViewerTokens


async def _nothing() -> None:
    return


class Cloud:
    """What the handlers share; a component whose `run` serves until it is cancelled.

    `ready` is set while the store is open and requests are answered.
    """

    cursors: Cursors
    viewers: ViewerTokens

    def __init__(
        self, store: Store, *, now: Now, rng: random.Random, notes: Notes = BUNDLED
    ) -> None:
        self.store = store
        self.notes = notes
        self.now = now
        self.rng = rng
        self.ready = asyncio.Event()
        self.event_streams = 0
        """Pages that follow a summary by server-sent events."""
        self.likes = LikeCommits(store)
        self.like_buckets = PerViewer(LikeBucket)
        self.note_times = PerViewer(NoteTimes)
        self._kitchens: dict[str, Kitchen] = {}
        store.listen(self._adopt)

    async def run(self, before_ready: Callable[[], Awaitable[None]] = _nothing) -> None:
        """Open the store, serve, close. May be called again after it ended.

        `before_ready` works on the open store before the first request is answered.
        """
        await self.store.open()
        try:
            await before_ready()
            secret = await self.store.secret()
            self.cursors, self.viewers = Cursors(secret), ViewerTokens(secret)
            self.ready.set()
            await self.likes.run()
        finally:
            self.ready.clear()
            for kitchen in self._kitchens.values():
                kitchen.announce()
            await self.store.close()

    async def kitchen(self, kid: str) -> Kitchen:
        """Return the kitchen `kid`; raise a 404 when there is none."""
        kitchen = self._kitchens.get(kid)
        if kitchen is None:
            record = await self.store.kitchen(kid)
            if record is None:
                raise ProblemError(
                    404, f"There is no kitchen called {kid} here.", type=ProblemType.KITCHEN
                )
            # Another request may have brought the kitchen in meanwhile.
            kitchen = self._kitchens.setdefault(kid, Kitchen(record, now=self.now))
        return kitchen

    def loaded_kitchens(self) -> tuple[Kitchen, ...]:
        """Return the kitchens that somebody has asked for since the start."""
        return tuple(self._kitchens.values())

    async def knows(self, kid: str) -> bool:
        """Return whether the kitchen `kid` exists; True also while the store can't be read."""
        try:
            if self.ready.is_set():
                await self.kitchen(kid)
        except ProblemError:
            return False
        except StoreError:
            return True
        return True

    def serves(self, request: web.Request) -> bool:
        """Return whether an answer to `request` can still be given and received."""
        transport = request.transport
        return self.ready.is_set() and transport is not None and not transport.is_closing()

    def _adopt(self, record: KitchenRecord) -> None:
        kitchen = self._kitchens.get(record.kid)
        if kitchen is not None:
            kitchen.adopt(record)


CLOUD: web.AppKey[Cloud] = web.AppKey("cloud", Cloud)
"""Where the handlers find their cloud in the app that they are mounted in."""
