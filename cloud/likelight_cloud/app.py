"""The cloud at run time: the store, the kitchens in memory, the clock and the random source."""

import asyncio
import logging
import random
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final

from aiohttp import web

from likelight.assets.catalogue import BUNDLED, Notes
from likelight.contract import Summary
from likelight.contract.problem import ProblemType
from likelight.runtime.clock import Now
from likelight.runtime.store_errors import StoreError
from likelight.web.http.problems import ProblemError
from likelight_cloud.kitchens.cursor import Cursors
from likelight_cloud.kitchens.kitchen import Kitchen
from likelight_cloud.kitchens.like_commits import LikeCommits
from likelight_cloud.kitchens.many_viewers import ManyViewers
from likelight_cloud.kitchens.offered_notes import OfferedNotes
from likelight_cloud.kitchens.retention import forget_in_time
from likelight_cloud.kitchens.returning import Returning
from likelight_cloud.store.base import Store, Use
from likelight_cloud.store.records import KitchenRecord
from likelight_cloud.trust.ceilings import Ceilings, KitchenLimits, Newcomers
from likelight_cloud.trust.device import token_of
from likelight_cloud.trust.limits import LikeBucket, NoteTimes, PerViewer
from likelight_cloud.trust.operator_session import OperatorSessions
from likelight_cloud.trust.viewer import ViewerTokens

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often the database is asked for another process's changes: a revoked token ends held
connections within 2 s."""

BUSY: Final[Mapping[int, str]] = {
    503: "`busy`: the cloud is starting, or its database does not answer. What the request changes "
    "may still be kept: send the same one again after `Retry-After`.",
}
"""The problem of every address that needs the database."""

IN_KITCHEN: Final[Mapping[int, str]] = {404: "`kitchen`: there is no such kitchen.", **BUSY}
"""Those of every address of a kitchen."""


async def _nothing() -> None:
    return


def no_kitchen(kid: str) -> ProblemError:
    """Return the answer to a request about a kitchen that does not exist."""
    return ProblemError(404, f"There is no kitchen called {kid} here.", type=ProblemType.KITCHEN)


class Answering:
    """The context of each request of the contract while it is being answered: one for all, because
    10,000 may be held."""

    def __init__(self) -> None:
        self._requests = 0
        self._none_left = asyncio.Event()

    def __enter__(self) -> None:
        self._requests += 1

    def __exit__(self, *_: object) -> None:
        self._requests -= 1
        if not self._requests:
            self._none_left.set()

    async def ended(self) -> None:
        """Return once no request waits for its answer."""
        while self._requests:
            self._none_left.clear()
            await self._none_left.wait()


class Cloud:
    """What the handlers share; a component whose `run` serves until it is cancelled.

    `ready` is set while the store is open and requests are answered.
    """

    cursors: Cursors
    viewers: ViewerTokens
    sessions: OperatorSessions
    returning: Returning

    def __init__(
        self,
        store: Store,
        *,
        now: Now,
        rng: random.Random,
        notes: Notes = BUNDLED,
        limits: KitchenLimits = KitchenLimits(),  # noqa: B008  frozen
    ) -> None:
        self.store = store
        self.offered = OfferedNotes(notes, store.catalogues)
        self.now = now
        self.rng = rng
        self.ready = asyncio.Event()
        self.relays_pictures = False
        """Devices upload their pictures here. A cloud inside a device does not need it."""
        self.committed_at: float | None = None
        """The loop's time at which the store last told of a commit; None before the first."""
        self.ending = False
        """Held requests are answered now, so that their clients ask the next process."""
        self.answering = Answering()
        self.refused_events: Counter[tuple[str, int]] = Counter()
        """Events that came to `/v1/ingest` and were refused, by source (`other` for a name that is
        none's) and status."""
        self.event_streams = 0
        """Pages that follow a summary by server-sent events."""
        self.many_viewers = ManyViewers(store.aggregates)
        self.likes = LikeCommits(store, now, self._like_came)
        self.newcomers = Newcomers()
        self.like_buckets = PerViewer(LikeBucket)
        self.note_times = PerViewer(NoteTimes)
        self.process = secrets.token_urlsafe(6)
        """This process, among those that share the database."""
        self._limits = limits
        self._ceilings: dict[str, Ceilings] = {}
        self._kitchens: dict[str, Kitchen] = {}
        self._looks = 0
        """How often the database was asked for changes of others."""
        store.listen(self._adopt)

    async def run(self, before_ready: Callable[[], Awaitable[None]] = _nothing) -> None:
        """Open the store, serve, close. May be called again after it ended.

        `before_ready` works on the open store before the first request is answered.
        """
        self.ending = False
        await self.store.open(Use.SERVING)
        try:
            await before_ready()
            secret = await self.store.secret()
            self.returning = Returning(len(await self.store.kitchens()))
            self.cursors, self.viewers = Cursors(secret), ViewerTokens(secret)
            self.sessions = OperatorSessions(secret, self.store.operators)
            self.ready.set()
            async with asyncio.TaskGroup() as group:
                group.create_task(self.likes.run())
                group.create_task(self._follow_commands())
                group.create_task(forget_in_time(self.store, self.now))
                group.create_task(self.many_viewers.run())
        finally:
            self.ready.clear()
            self._announce()
            await self.store.close()

    def end(self) -> None:
        """Hold nothing any more; what is asked is answered as before, until `run` is cancelled."""
        self.ending = True
        self._announce()

    def _announce(self) -> None:
        for kitchen in self._kitchens.values():
            kitchen.announce()

    async def admit(self, request: web.Request, kitchen: Kitchen, *, counts: bool = True) -> bytes:
        """Return the hash of the device token in `request`; raise a 401 for none that is valid.

        The hashes are read each time, so that a revoked token ends at once. A rotation is done once
        the newer token has come with two requests that count; one of a diagnosis does not, because
        the daemon may still have the old one.
        """
        kid = kitchen.record.kid
        valid = await self.store.token_hashes(kid)
        kitchen.admit_only(valid)
        token = token_of(request, kid, valid)
        rotates = len(valid) > 1 and token == valid[-1] and counts
        if rotates and kitchen.used_before(token):
            await self.store.end_other_tokens(kid, token, self.now())
            kitchen.admit_only((token,))
        return token

    async def is_device(self, request: web.Request) -> bool:
        """Return whether `request` brings a valid token of the kitchen that it is about."""
        kid = request.match_info.get("kid")
        if kid is None or not self.ready.is_set():
            return False
        try:
            token_of(request, kid, await self.store.token_hashes(kid))
        except (ProblemError, StoreError):
            return False
        return True

    async def kitchen(self, kid: str) -> Kitchen:
        """Return the kitchen `kid`; raise a 404 when there is none."""
        kitchen = self._kitchens.get(kid)
        if kitchen is None:
            record = await self._read(kid)
            if record is None:
                raise no_kitchen(kid)
            # Another request may have brought the kitchen in meanwhile.
            kitchen = self._kitchens.setdefault(
                kid, Kitchen(record, now=self.now, relays_pictures=self.relays_pictures)
            )
        return kitchen

    async def _read(self, kid: str) -> KitchenRecord | None:
        # A look that began meanwhile did not know of this kitchen: if it was removed after it was
        # read, nobody would ever tell.
        while True:
            looks = self._looks
            record = await self.store.kitchen(kid)
            if record is None or looks == self._looks:
                return record

    async def notes_of(self, summary: Summary | None) -> Notes:
        """Return what viewers may send to the kitchen of `summary`: the notes that its device says
        it shows; likelight's while the store can't be read."""
        try:
            return await self.offered.of(None if summary is None else summary.catalogue)
        except StoreError:
            return BUNDLED

    def ceilings(self, kid: str) -> Ceilings:
        """Return what the existing kitchen `kid` takes of all viewers together."""
        ceilings = self._ceilings.get(kid)
        if ceilings is None:
            at = asyncio.get_running_loop().time()
            ceilings = self._ceilings[kid] = Ceilings(self._limits, at)
        return ceilings

    def loaded_kitchens(self) -> tuple[Kitchen, ...]:
        """Return the kitchens that somebody has asked for since the start."""
        return tuple(self._kitchens.values())

    async def look(self, kid: str) -> Summary | None:
        """Return what a viewer may know of the kitchen `kid`, None while the store can't be read.

        Raises a 404 when there is no such kitchen.
        """
        if not self.ready.is_set():
            return None
        try:
            return (await self.kitchen(kid)).summary()
        except StoreError:
            return None

    def serves(self, request: web.Request) -> bool:
        """Return whether an answer to `request` may wait: it can still be given, and received."""
        transport = request.transport
        if self.ending or not self.ready.is_set():
            return False
        return transport is not None and not transport.is_closing()

    async def _follow_commands(self) -> None:
        """Take in what commands, or other clouds on this database, have changed."""
        changed: set[str] = set()
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(StoreError):  # the request that needs the store says so
                self._looks += 1
                known = {kid: kitchen.record.revision for kid, kitchen in self._kitchens.items()}
                changed.update(await self.store.changed_elsewhere(known))
                for kid in sorted(changed):
                    await self._look_at(self._kitchens[kid])
                    changed.remove(kid)

    async def _look_at(self, kitchen: Kitchen) -> None:
        kid = kitchen.record.kid
        record = await self.store.kitchen(kid)
        # Removed; or removed and added again, a new one under its old id.
        if record is None or record.created_at != kitchen.record.created_at:
            del self._kitchens[kid]
            kitchen.remove()
            return
        moved = kitchen.record.process == self.process != record.process
        kitchen.adopt(record)
        if moved:
            # The device polls another process: there its pictures come, and viewers belong there.
            log.info("Another process serves the kitchen %s now", kid)
            del self._kitchens[kid]
            kitchen.leave()
            return
        kitchen.admit_only(await self.store.token_hashes(kid))

    async def look_again(self, kitchen: Kitchen) -> None:
        """Take in what other processes have committed of `kitchen`, now and not within a second.

        Raises a 404 when it was removed.
        """
        kid = kitchen.record.kid
        record = await self.store.kitchen(kid)
        if record is None:
            raise no_kitchen(kid)
        kitchen.adopt(record)

    def _like_came(self, kid: str, viewer: str, at: datetime) -> None:
        kitchen = self._kitchens.get(kid)
        if kitchen is not None:
            self.many_viewers.like_came(kid, kitchen.record.zone, viewer, at)

    def _adopt(self, record: KitchenRecord) -> None:
        self.committed_at = asyncio.get_running_loop().time()
        kitchen = self._kitchens.get(record.kid)
        if kitchen is not None:
            kitchen.adopt(record)


CLOUD: web.AppKey[Cloud] = web.AppKey("cloud", Cloud)
"""Where the handlers find their cloud in the app that they are mounted in."""
