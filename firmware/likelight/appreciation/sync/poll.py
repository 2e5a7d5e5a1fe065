"""The poller: when to ask the cloud, and what each of its answers means for the next time."""

import asyncio
import logging
import random
from collections.abc import Callable

from likelight.appreciation.sync.client import (
    BadCursor,
    Busy,
    CloudClient,
    CloudError,
    FailureKind,
    Refused,
    Reset,
    Superseded,
    Unreachable,
)
from likelight.appreciation.sync.connection import CloudConnection
from likelight.appreciation.sync.inbox import Inbox
from likelight.appreciation.sync.like_totals import Arrival
from likelight.contract import OFFLINE_AFTER_S
from likelight.runtime.backoff import Backoff
from likelight.runtime.store_errors import StoreError

log = logging.getLogger(__name__)

FIRST_BACKOFF_BASE_S = 0.1
"""Until the first answer: the embedded cloud starts together with the device, on loopback."""
OUTAGE_S = 60.0
"""After this long without a reply, what was left over is one gesture; a long poll takes 30 s."""
SUPERSEDED_S = (60.0, 75.0)
REFUSED_S = (300.0, 900.0)
HASTE_S = 0.1
"""An answer this quick that says nothing new is not answered at once: a cloud may be broken too."""
CALM_S = (0.5, 1.0)


class Poller:
    """Asks the cloud for ever and puts what it says into the inbox.

    `on_connection` is called at each change of `connection`; `failure` is the kind of the last
    failure. When the store fails the poller asks again: the cursor is the acknowledgement, so the
    cloud sends once more what could not be stored.
    """

    def __init__(
        self,
        cloud: CloudClient,
        inbox: Inbox,
        *,
        rng: random.Random,
        on_connection: Callable[[CloudConnection], None],
    ) -> None:
        self.connection = CloudConnection.STARTING
        self.failure = FailureKind.NETWORK
        self._cloud = cloud
        self._inbox = inbox
        self._rng = rng
        self._on_connection = on_connection
        self._backoff = Backoff(rng, base=FIRST_BACKOFF_BASE_S)
        self._wait = 0
        self._replied_at: float | None = None
        self._log_is_new = False
        self._silent_since = 0.0
        self._silence = asyncio.Event()
        self._word = asyncio.Event()
        self._store_fails = False

    async def run(self) -> None:
        """Ask for ever. The first question doesn't wait, and neither does any after a failure."""
        self._wait = 0
        self._replied_at = None
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ask_for_ever())
            group.create_task(self._mind_the_silence())

    async def _ask_for_ever(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            asked_at = clock()
            try:
                pause = await self._ask(asked_at)
            except CloudError as error:
                self._wait = 0
                pause = self._pause_after(error, asked_at)
            except StoreError as error:
                if not self._store_fails:
                    log.exception("What came can't be stored: %s", error)
                self._store_fails = True
                pause = self._backoff.next()
            await asyncio.sleep(pause)

    async def _ask(self, asked_at: float) -> float:
        """Ask once and return the pause before the next question, in seconds."""
        waited, viewers = self._wait, self._inbox.viewers
        events = await self._cloud.events(self._inbox.cursor, self._inbox.version, waited)
        self._hear()
        self._to(CloudConnection.CONNECTED)
        await self._inbox.receive(events, self._arrival())
        self._store_fails = False
        self._backoff = Backoff(self._rng)
        self._wait = 0 if events.more else events.next.wait
        pause = events.next.not_before_ms / 1000
        idle = not (events.notes or events.likes.delta or events.desired)
        took = asyncio.get_running_loop().time() - asked_at
        if idle and events.viewers == viewers and (waited or events.more) and took < HASTE_S:
            pause = max(pause, self._rng.uniform(*CALM_S))
        return pause

    def _arrival(self) -> Arrival:
        now = asyncio.get_running_loop().time()
        before, self._replied_at = self._replied_at, now
        if self._log_is_new:
            self._log_is_new = False
            return Arrival.RESET
        if before is None or now - before > OUTAGE_S:
            return Arrival.RETURNED
        return Arrival.ORDINARY

    def _pause_after(self, error: CloudError, asked_at: float) -> float:
        """Act on a failure as the contract's table says; return the pause, in seconds."""
        match error:
            case Refused():
                self._hear()
                self._to(CloudConnection.REFUSED)
                return self._rng.uniform(*REFUSED_S)
            case Superseded():
                self._hear()
                self._to(CloudConnection.SUPERSEDED)
                return self._rng.uniform(*SUPERSEDED_S)
            case Busy(retry_after=seconds):
                self._hear()
                return seconds + self._rng.uniform(0, seconds)
            case Reset(cursor=cursor):
                self._hear()
                log.warning("The cloud began a new log; the lamp stays calm")
                self._log_is_new = True
                self._inbox.adopt(cursor)
                return self._once_more()
            case BadCursor() if self._inbox.cursor is not None:
                self._hear()
                log.warning("The cloud can't read our cursor; asking without one")
                self._inbox.adopt(None)
                return self._once_more()
            case _:
                self._miss(error, asked_at)
                return self._backoff.next()

    def _once_more(self) -> float:
        """At once; but a cloud that answers like this again and again is asked ever less."""
        first = self._backoff.fresh
        pause = self._backoff.next()
        return 0.0 if first else pause

    async def _mind_the_silence(self) -> None:
        """Say offline when nothing was heard for 90 s, however the questions are timed."""
        while True:
            await self._silence.wait()
            try:
                async with asyncio.timeout_at(self._silent_since + OFFLINE_AFTER_S):
                    await self._word.wait()
            except TimeoutError:
                # A refused device stays refused: its camera must stay off without a network too.
                if self.connection is not CloudConnection.REFUSED:
                    self._to(CloudConnection.OFFLINE)
                await self._word.wait()

    def _hear(self) -> None:
        if self._silence.is_set():
            silent = asyncio.get_running_loop().time() - self._silent_since
            log.info("The cloud answers again after %.0f s", silent)
            self._silence.clear()
        self._word.set()

    def _miss(self, error: CloudError, asked_at: float) -> None:
        if not self._silence.is_set():
            log.warning("No word from the cloud, trying again: %s", error)
            self._silent_since = asked_at
            self._silence.set()
        self._word.clear()
        if isinstance(error, Unreachable):
            self.failure = error.failure

    def _to(self, connection: CloudConnection) -> None:
        if connection is not self.connection:
            self.connection = connection
            log.log(*_TOLD[connection])
            self._on_connection(connection)


_TOLD = {
    CloudConnection.CONNECTED: (logging.INFO, "Connected to the cloud"),
    CloudConnection.OFFLINE: (logging.WARNING, "Offline; the lamp and the buttons still work"),
    CloudConnection.REFUSED: (
        logging.ERROR,
        "The cloud refuses this device: the camera is off. Call IT",
    ),
    CloudConnection.SUPERSEDED: (
        logging.ERROR,
        "Another device polls for this kitchen: is a card cloned?",
    ),
}
