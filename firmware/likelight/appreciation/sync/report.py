"""The reporter: posts the device's status to the cloud, at once after a change, else as a
heartbeat.

Every post is a whole snapshot, so a lost one costs nothing. Only the receipts of notes queue: each
is sent again until the cloud has acknowledged it.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from likelight.appreciation.sync.client import (
    CloudBusy,
    CloudClient,
    CloudError,
    DeviceRefused,
    Invalid,
)
from likelight.appreciation.sync.device_file import RECEIPTS_A_POST
from likelight.appreciation.sync.inbox import Inbox
from likelight.appreciation.sync.narrowing import Narrowing
from likelight.appreciation.sync.store import DeviceStore
from likelight.contract import (
    CameraReport,
    CatalogueReport,
    Health,
    LightReport,
    NoteReceipt,
    Status,
    WeekHours,
)
from likelight.runtime.backoff import Backoff
from likelight.runtime.clock import Now
from likelight.runtime.store_errors import StoreError

log = logging.getLogger(__name__)

PACE_S = 1.0
HEARTBEAT_S = 60.0
HEARTBEAT_JITTER = 0.2
REFUSED_S = (300.0, 900.0)


@dataclass(frozen=True, slots=True)
class StatusSources:
    """What a status says about the device, apart from likes and notes.

    `camera` returns the present state, `hours` the opening hours; `measure` returns the figures of
    `Health`, and is called at most every 30 s. `simulated` is True when any part of the hardware
    is.
    """

    camera: Callable[[], CameraReport]
    hours: Callable[[], WeekHours | None]
    measure: Callable[[], Awaitable[Health]]
    simulated: bool
    catalogue: Callable[[], CatalogueReport | None] = lambda: None
    """Which notes the device shows, where a cloud can ask for others."""


class Reporter:
    """Posts a `Status` on every change and as a heartbeat, for ever.

    The first change after a quiet second goes out at once, because a viewer waits for the receipt;
    further ones at most once a second.
    """

    def __init__(
        self,
        cloud: CloudClient,
        store: DeviceStore,
        inbox: Inbox,
        sources: StatusSources,
        *,
        notes_wait: Callable[[], bool],
        boot_id: str,
        now: Now,
        rng: random.Random,
    ) -> None:
        self._cloud = cloud
        self._store = store
        self._inbox = inbox
        self._sources = sources
        self._notes_wait = notes_wait
        self._now = now
        self._rng = rng
        self._boot_id = boot_id
        self._n = 0
        self._narrowing = Narrowing()
        self._backoff = Backoff(rng)
        self._changed = asyncio.Event()
        self._urgent = asyncio.Event()
        self._reconnected = asyncio.Event()
        self._failing = False
        self._clock_skew_ms: int | None = None
        self.reported = asyncio.Event()
        """Set once the cloud has taken a status of this process."""

    def post_soon(self) -> None:
        """The status has changed: post it within a second."""
        self._changed.set()

    def post_at_once(self) -> None:
        """The camera's state changed, or the crew said thanks: post it now."""
        self._changed.set()
        self._urgent.set()

    def reconnected(self) -> None:
        """The cloud answers the poller again: end any pause."""
        self._changed.set()
        self._urgent.set()
        self._reconnected.set()

    async def run(self) -> None:
        """Post for ever; the first status goes out at once."""
        clock = asyncio.get_running_loop().time
        health, measured_at = await self._sources.measure(), clock()
        while True:
            for event in (self._changed, self._urgent, self._reconnected):
                event.clear()
            began = clock()
            if began - measured_at >= HEARTBEAT_S / 2:
                health, measured_at = await self._sources.measure(), began
            try:
                await self._post(health)
            except (CloudError, StoreError) as error:
                await self._pause_after(error)
                continue
            self._succeed()
            jitter = self._rng.uniform(1 - HEARTBEAT_JITTER, 1 + HEARTBEAT_JITTER)
            await _until(self._changed, HEARTBEAT_S * jitter)
            await _until(self._urgent, began + PACE_S - clock())

    async def _post(self, health: Health) -> None:
        due = await self._store.receipts()
        self._n += 1
        status = self._narrowing.narrowed(self._snapshot(due, health))
        try:
            reply = await self._cloud.status(status)
        except Invalid:
            if (dropped := self._narrowing.refused(status)) is not None:
                await self._store.acknowledge((dropped,))
            raise
        self._narrowing.taken(status)
        if status.notes:
            await self._store.acknowledge(status.notes)
        if self._narrowing.searching or len(status.notes) == RECEIPTS_A_POST:
            self._changed.set()
        self._clock_skew_ms = round((self._now() - reply.server_time).total_seconds() * 1000)
        self._inbox.apply_desired(reply.desired)

    def _snapshot(self, receipts: tuple[NoteReceipt, ...], health: Health) -> Status:
        inbox = self._inbox
        return Status(
            boot_id=self._boot_id,
            n=self._n,
            sent_at=self._now(),
            cursor=inbox.cursor,
            applied_version=inbox.version,
            simulated=self._sources.simulated,
            notes_wait=self._notes_wait(),
            camera=self._sources.camera(),
            hours=self._sources.hours(),
            light=LightReport(
                epoch=inbox.totals.epoch,
                lit_total=inbox.totals.lit_total,
                last_lit_at=inbox.totals.last_lit_at,
            ),
            notes=receipts,
            thanks=inbox.thanks,
            catalogue=self._sources.catalogue(),
            health=health.model_copy(update={"clock_skew_ms": self._clock_skew_ms}),
        )

    async def _pause_after(self, error: CloudError | StoreError) -> None:
        if not self._failing:
            log.warning("The status does not reach the cloud, trying again: %s", error)
            self._failing = True
        match error:
            case CloudBusy(retry_after=seconds):
                await asyncio.sleep(seconds + self._rng.uniform(0, seconds))
            case DeviceRefused():
                await _until(self._reconnected, self._rng.uniform(*REFUSED_S))
            case _:
                await _until(self._urgent, self._backoff.next())

    def _succeed(self) -> None:
        self.reported.set()
        self._backoff.reset()
        if self._failing:
            log.info("The cloud takes the status again")
            self._failing = False


async def _until(event: asyncio.Event, seconds: float) -> None:
    """Wait for `event`, but no longer than `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
