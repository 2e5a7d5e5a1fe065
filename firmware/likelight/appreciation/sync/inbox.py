"""The inbox: what came from the cloud, kept in the one order that loses nothing.

Likes are totals: they light the lamp first and reach the disk within 30 s, which spares the card.
Notes reach the disk together with their cursor, and only then a screen. That a note was shown, and
THANKS, are written and told at once, and reach the disk within a second.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Protocol

from likelight.appreciation.lamp.effects import milestone
from likelight.appreciation.sync.device_file import HISTORY, MOST_WAITING, StoredNote, SyncState
from likelight.appreciation.sync.like_totals import Arrival, LikeTotals
from likelight.appreciation.sync.store import DeviceStore
from likelight.contract import Desired, Events, Likes, Note, Thanks, Viewers
from likelight.runtime.clock import Now
from likelight.runtime.store_errors import StoreError

log = logging.getLogger(__name__)

COMMIT_AFTER_S = 28.0
"""Likes are committed this long after the first: within the contract's 30 s, disk included."""


class LikesLamp(Protocol):
    """What the inbox asks of the lamp; neither call waits."""

    def likes(self, delta: int, total: int) -> None:
        """Show `delta` new likes, which carry the cloud's total to `total`."""

    def welcome_back(self, delta: int, total: int) -> None:
        """Show the likes that came before a start or during an outage, as one gesture."""


class Inbox:
    """What the device knows of its likes and notes, mirrored in the store.

    `on_events` is called when a screen may have to show something else, `on_receipt` when the next
    status has something new to report. `on_viewers` and `on_desired` are called at each change.
    """

    def __init__(
        self,
        store: DeviceStore,
        lamp: LikesLamp,
        *,
        now: Now,
        on_desired: Callable[[Desired], None],
        on_viewers: Callable[[Viewers], None],
        on_events: Callable[[], None],
        on_receipt: Callable[[], None],
        timezone: tzinfo | None = None,
    ) -> None:
        self.cursor: str | None = None
        self.desired: Desired | None = None
        self.totals = LikeTotals()
        self.viewers = Viewers()
        self.thanks: Thanks | None = None
        self.waiting: list[StoredNote] = []
        self.history: deque[StoredNote] = deque(maxlen=HISTORY)
        self._store = store
        self._lamp = lamp
        self._now = now
        self._timezone = timezone
        self._on_desired = on_desired
        self._on_viewers = on_viewers
        self._on_events = on_events
        self._on_receipt = on_receipt
        self._unsaved = asyncio.Event()
        self._save_now = asyncio.Event()

    @property
    def version(self) -> int:
        """The version of the desired state that is applied."""
        return self.desired.version if self.desired else 0

    @property
    def likes_today(self) -> int:
        """How many likes reached the kitchen on this local day."""
        return self.totals.today(self._now().astimezone(self._timezone).date())

    async def load(self) -> None:
        """Read what the store remembers, and apply the last state that the cloud desired."""
        state = await self._store.sync_state()
        self.cursor, self.desired, self.totals = state.cursor, state.desired, state.totals
        self.thanks = await self._store.thanks()
        self.waiting = list(await self._store.waiting())
        self.history = deque(await self._store.history(), maxlen=HISTORY)
        self._unsaved.clear()
        if self.waiting:
            log.info("Stored notes that no screen has shown yet: %d", len(self.waiting))
        if self.desired is not None:
            self._on_desired(self.desired)

    async def run(self) -> None:
        """Commit likes within 30 s, for ever, and a last time when cancelled."""
        failing = False
        try:
            while True:
                await self._unsaved.wait()
                with suppress(TimeoutError):
                    async with asyncio.timeout(COMMIT_AFTER_S):
                        await self._save_now.wait()
                async with self._store.turn():
                    if not self._unsaved.is_set():
                        continue  # notes came meanwhile, and all was stored with them
                    try:
                        await self._save(self.cursor)
                        failing = False
                    except StoreError as error:
                        if not failing:
                            log.exception("Likes light the lamp but can't be stored: %s", error)
                        failing = True
        finally:
            if self._unsaved.is_set():
                try:
                    await self._save(self.cursor)
                except StoreError as error:
                    log.exception("The last likes could not be stored: %s", error)

    async def receive(self, events: Events, arrival: Arrival) -> None:
        """Take in a reply of the cloud. Raises `StoreError` when its notes can't be stored.

        The cursor then stays where it was, and the cloud will send the notes again.
        """
        # The versions of what the cloud desires are those of one time line.
        new_versions = arrival is Arrival.RESET or self.totals.epoch not in (None, events.epoch)
        new_time_line = self._light(events.likes, events.epoch, arrival)
        if new_versions and self.desired is not None:
            self.desired = self.desired.model_copy(update={"version": 0})
        if self._is_new(events) or new_time_line:
            new = await self._keep_notes(events, first=new_time_line or self.cursor is None)
            for code, count in Counter(note.code for note in new).items():
                many = f", {count} times" if count > 1 else ""
                log.info("A note came: %s%s", code, many)
            if len(self.waiting) + len(events.notes) > MOST_WAITING:
                self.waiting = list(await self._store.waiting())  # some may have made room
            else:
                self.waiting += new
        if new_time_line:
            self._on_receipt()
        self.cursor = events.cursor
        if events.dropped_notes:
            log.info("Notes that expired before they reached this device: %d", events.dropped_notes)
        if events.viewers != self.viewers:
            self.viewers = events.viewers
            self._on_viewers(events.viewers)
        if events.desired is not None:
            self.apply_desired(events.desired)
        self._on_events()

    def forget_viewers(self) -> None:
        """Nobody has heard of viewers for too long: count on none."""
        if self.viewers != Viewers():
            self.viewers = Viewers()
            self._on_viewers(self.viewers)
            self._on_events()

    def continue_from(self, cursor: str | None) -> None:
        """Continue from `cursor`, or from nothing; it is stored with the next reply."""
        self.cursor = cursor

    def apply_desired(self, desired: Desired) -> None:
        """Apply the state that the cloud desires, if it is a newer one, and remember it.

        An older one that comes late is ignored. Of two with the same version "off" holds.
        """
        held = self.desired
        if held is not None and (desired == held or _overrules(held, desired)):
            return
        self.desired = desired
        self._on_desired(desired)
        self._save_soon()
        self._on_receipt()

    def lit(self, total: int, at: datetime) -> None:
        """The lamp has physically shown the cloud's `total`."""
        if milestone(self.totals.lit_total, total):
            self._save_soon()  # a power cut must not let the same milestone come twice
        self.totals = self.totals.lit(total, at)
        self._unsaved.set()
        self._on_receipt()

    async def shown(self, notes: Iterable[StoredNote]) -> None:
        """The screen showed `notes`: their receipts are due from now on."""
        at = self._now()
        shown = [replace(note, shown_at=at) for note in notes]
        ids = {note.id: None for note in shown}  # in their order
        await self._store.mark_shown(ids, at)
        self._save_soon()
        self.waiting = [note for note in self.waiting if note.id not in ids]
        self.history.extend(shown)
        self._on_receipt()

    async def thank(self) -> int:
        """The crew says thanks for every note shown since the last thanks; return how many."""
        self.thanks, thanked = await self._store.thank(self._now())
        self._save_soon()
        return thanked

    def _light(self, likes: Likes, epoch: str, arrival: Arrival) -> bool:
        """Light the lamp for the likes; return whether the time line is a new one."""
        before = self.totals
        day = self._now().astimezone(self._timezone).date()
        self.totals, new_likes = before.receive(likes.total, likes.delta, epoch, arrival, day)
        if new_likes is not None and new_likes.welcome_back:
            self._lamp.welcome_back(new_likes.delta, new_likes.total)
        elif new_likes is not None:
            self._lamp.likes(new_likes.delta, new_likes.total)
        if self.totals != before:
            self._unsaved.set()
        return epoch != before.epoch or self.totals.total < before.total

    def _is_new(self, events: Events) -> bool:
        """Return whether the notes have to be stored: a cache may repeat a reply for ever."""
        if events.cursor != self.cursor:
            return bool(events.notes)
        known = {note.id for note in (*self.waiting, *self.history)}
        return any(note.id not in known for note in events.notes)

    async def _keep_notes(self, events: Events, *, first: bool) -> tuple[StoredNote, ...]:
        if self._store.cloud_beside and not first:
            # After a power cut that cloud sends them again, to the cursor before: none is lost.
            # The first cursor is not such a one: without it only what waits comes.
            state = SyncState(events.cursor, self.desired, self.totals)
            new = await self._store.keep(state, events.notes, events.server_time, durable=False)
            self._save_soon()
            return new
        async with self._store.turn():
            return await self._save(events.cursor, events.notes, events.server_time)

    def _save_soon(self) -> None:
        self._unsaved.set()
        self._save_now.set()

    async def _save(
        self, cursor: str | None, notes: tuple[Note, ...] = (), now: datetime | None = None
    ) -> tuple[StoredNote, ...]:
        self._unsaved.clear()
        self._save_now.clear()
        try:
            return await self._store.keep(SyncState(cursor, self.desired, self.totals), notes, now)
        except BaseException:
            self._unsaved.set()
            raise


def _overrules(held: Desired, late: Desired) -> bool:
    """Return whether `held` counts, and not `late`. Version 0 is one of an earlier time line."""
    if held.version == 0 or late.version > held.version:
        return False
    return late.version < held.version or held.mode == "off" or late.mode == "on"
