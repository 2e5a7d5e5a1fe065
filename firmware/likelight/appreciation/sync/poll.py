"""The poller: when to ask the cloud, and what each answer means for the next request."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress

from likelight.appreciation.sync.client import (
    BadCursor,
    CloudBusy,
    CloudClient,
    CloudError,
    DeviceRefused,
    FailureKind,
    NewTimeLine,
    Superseded,
    Unreachable,
)
from likelight.appreciation.sync.connection import CloudConnection
from likelight.appreciation.sync.inbox import Inbox
from likelight.appreciation.sync.like_totals import Arrival
from likelight.contract import OFFLINE_AFTER_S, WATCHING_TTL_S
from likelight.runtime.backoff import Backoff
from likelight.runtime.store_errors import StoreError

log = logging.getLogger(__name__)

FIRST_BACKOFF_BASE_S = 0.1
"""Until the first answer: an embedded cloud starts together with the device, on loopback."""
OUTAGE_S = 60.0
"""Likes that come after this long without a reply are one gesture; a long poll takes 30 s."""
SUPERSEDED_S = (60.0, 75.0)
REFUSED_S = (300.0, 900.0)
FLOOR_S = 0.2
"""The shortest pause between two questions, whatever the cloud says."""
NOTES_PACE_S = 1.0
"""The pause after an answer with notes: each is a commit, and a card wears with every one."""
TOO_QUICK_S = 0.1
"""After an answer this quick and without news we wait a while: the cloud may be broken."""
SLOW_DOWN_S = (0.5, 1.0)


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
        boot_id: str,
        rng: random.Random,
        on_connection: Callable[[CloudConnection], None],
    ) -> None:
        self.connection = CloudConnection.STARTING
        self.offline = False
        """No 200 came for 90 s, whatever the reason; a cloud that refuses this device stays the
        `connection`."""
        self.answered = asyncio.Event()
        """Set once the cloud has answered a poll: from then on it takes this start's statuses."""
        self.failure = FailureKind.NETWORK
        self._cloud = cloud
        self._inbox = inbox
        self._boot_id = boot_id
        self._rng = rng
        self._on_connection = on_connection
        self._backoff = Backoff(rng, base=FIRST_BACKOFF_BASE_S)
        self._wait = 0
        self._replied_at: float | None = None
        self._time_line_is_new = False
        self._repeats = 0
        self._heard_at = 0.0
        self._heard = asyncio.Event()
        self._in_vain_since: float | None = None
        self._again = asyncio.Event()
        self._store_fails = False

    async def run(self) -> None:
        """Ask for ever. The first question, and each after a failure, wants its answer at once."""
        self._wait = 0
        self._replied_at = None
        self._heard_at = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._poll())
            group.create_task(self._watch_for_silence())

    def ask_again(self) -> None:
        """Ask soon, if this device is refused: it has another token."""
        self._again.set()

    async def _poll(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            asked_at = clock()
            self._again.clear()
            try:
                pause = await self._ask(asked_at)
            except CloudError as error:
                self._wait = 0
                pause = self._pause_after(error, asked_at)
            except StoreError as error:
                if not self._store_fails:
                    log.exception("The cloud's reply can't be stored: %s", error)
                self._store_fails = True
                pause = self._backoff.next()
            await asyncio.sleep(FLOOR_S)
            await self._pause(pause - FLOOR_S)

    async def _pause(self, seconds: float) -> None:
        if self.connection is not CloudConnection.REFUSED:
            await asyncio.sleep(seconds)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._again.wait()

    async def _ask(self, asked_at: float) -> float:
        """Ask once and return the pause before the next question, in seconds."""
        inbox, waited = self._inbox, self._wait
        cursor, viewers, desired = inbox.cursor, inbox.viewers, inbox.desired
        events = await self._cloud.events(cursor, inbox.version, waited, self._boot_id)
        self._hear()
        self.answered.set()
        self._set_connection(CloudConnection.CONNECTED)
        await inbox.receive(events, self._arrival())
        self._store_fails = False
        self._backoff = Backoff(self._rng)
        self._wait = 0 if events.more else events.next.wait
        pause = events.next.not_before_ms / 1000
        if events.notes:
            pause = max(pause, NOTES_PACE_S)
        quick = asyncio.get_running_loop().time() - asked_at < TOO_QUICK_S
        # A cache on the way may hand out one old reply for ever; the first repetition is ordinary.
        self._repeats = self._repeats + 1 if quick and events.cursor == cursor else 0
        idle = inbox.desired is desired and events.viewers == viewers
        if events.cursor != cursor and (events.notes or events.likes.delta):
            idle = False
        if quick and idle and (waited or events.more or self._repeats > 1):
            pause = max(pause, self._rng.uniform(*SLOW_DOWN_S))
        return pause

    def _arrival(self) -> Arrival:
        now = asyncio.get_running_loop().time()
        before, self._replied_at = self._replied_at, now
        if self._time_line_is_new:
            self._time_line_is_new = False
            return Arrival.RESET
        if before is None or now - before > OUTAGE_S:
            return Arrival.RETURNED
        return Arrival.ORDINARY

    def _pause_after(self, error: CloudError, asked_at: float) -> float:
        """Act on a failure as the contract's table says; return the pause, in seconds."""
        match error:
            case DeviceRefused():
                self._end_outage()
                self._set_connection(CloudConnection.REFUSED)
                return self._rng.uniform(*REFUSED_S)
            case Superseded():
                self._end_outage()
                self._set_connection(CloudConnection.SUPERSEDED)
                return self._rng.uniform(*SUPERSEDED_S)
            case CloudBusy(retry_after=seconds):
                self._ask_in_vain(error, asked_at, FailureKind.CLOUD)
                return seconds + self._rng.uniform(0, seconds)
            case NewTimeLine(cursor=cursor):
                self.failure = FailureKind.CLOUD
                log.warning("The cloud began a new time line; likes from before it are not shown")
                self._time_line_is_new = True
                self._inbox.continue_from(cursor)
                return self._once_more()
            case BadCursor() if self._inbox.cursor is not None:
                self.failure = FailureKind.CLOUD
                log.warning("The cloud can't read this device's cursor; asking without one")
                self._inbox.continue_from(None)
                return self._once_more()
            case Unreachable(failure=failure):
                self._ask_in_vain(error, asked_at, failure)
                return self._backoff.next()
            case _:
                self._ask_in_vain(error, asked_at, FailureKind.CLOUD)
                return self._backoff.next()

    def _once_more(self) -> float:
        """Return no pause the first time, and a longer one each further time in a row."""
        first = self._backoff.fresh
        pause = self._backoff.next()
        return 0.0 if first else pause

    async def _watch_for_silence(self) -> None:
        """End the demand 40 s after the last 200, and be offline after 90 s, whatever the reason,
        independent of when we ask."""
        while True:
            self._heard.clear()
            if await self._silent_for(WATCHING_TTL_S):
                self._inbox.forget_viewers()
                if await self._silent_for(OFFLINE_AFTER_S):
                    self.offline = True
                    if self.connection not in _REFUSALS:
                        self._set_connection(CloudConnection.OFFLINE)
                    await self._heard.wait()

    async def _silent_for(self, seconds: float) -> bool:
        """Wait until the last 200 is so long ago; return False when a new one came first."""
        try:
            async with asyncio.timeout_at(self._heard_at + seconds):
                await self._heard.wait()
        except TimeoutError:
            return True
        return False

    def _hear(self) -> None:
        """Take note of a 200: the silence is over."""
        self._end_outage()
        self.offline = False
        self._heard_at = asyncio.get_running_loop().time()
        self._heard.set()

    def _end_outage(self) -> None:
        if self._in_vain_since is not None:
            outage = asyncio.get_running_loop().time() - self._in_vain_since
            log.info("The cloud answers again after %.0f s", outage)
            self._in_vain_since = None

    def _ask_in_vain(self, error: CloudError, asked_at: float, failure: FailureKind) -> None:
        if self._in_vain_since is None:
            log.warning("No good answer from the cloud, trying again: %s", error)
            self._in_vain_since = asked_at
        self.failure = failure
        # A refused device stays refused: its camera must stay off without a network.
        if self.offline and self.connection is not CloudConnection.REFUSED:
            self._set_connection(CloudConnection.OFFLINE)

    def _set_connection(self, connection: CloudConnection) -> None:
        if connection is not self.connection:
            self.connection = connection
            log.log(*_LOG_LINES[connection])
            self._on_connection(connection)


_REFUSALS = (CloudConnection.REFUSED, CloudConnection.SUPERSEDED)
"""The cloud's own words. They say more to the crew, and to IT, than that the device is offline."""
_LOG_LINES = {
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
