"""Looks for signals four times a minute, beside a cloud that serves."""

import asyncio
import logging
from collections import Counter
from datetime import datetime

from likelight.runtime.clock import loop_time
from likelight.runtime.store_errors import StoreError
from likelight_cloud.app import Cloud
from likelight_cloud.kitchens.kitchen import Kitchen
from likelight_cloud.signals.rules import PICTURES_AFTER, changes
from likelight_cloud.store.signals import SignalKind

log = logging.getLogger(__name__)

LOOK_S = 15.0


class SignalWatch:
    """A component: `run` looks until cancelled. Of several processes on one database one looks at
    the fleet; each says of the kitchens that it serves whether their pictures come."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._store = cloud.store.signals
        self._missing: dict[str, bool] = {}
        """Of the kitchens served here: whether the database has it that their pictures are
        missing. Not there: it was not told since the start."""
        self.open: Counter[SignalKind] = Counter()
        """How many signals are open. A kitchen that goes off air on purpose keeps its own in this
        figure: if it fell, it would tell the time of each press of PRIVACY."""

    async def run(self) -> None:
        """Look until cancelled. The cloud must be ready."""
        serving_since = self._cloud.now()
        failing = False
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self._look(serving_since)
                failing = False
            except StoreError as error:
                if not failing:
                    log.warning("The signals can't be looked for: %s", error)
                failing = True

    async def _look(self, serving_since: datetime) -> None:
        for kitchen in self._cloud.loaded_kitchens():
            await self._tell_pictures(kitchen)
        now = self._cloud.now()
        if await self._store.begin_look(self._cloud.process, now):
            fleet, held = await self._store.fleet(), await self._store.open_signals()
            changed = changes(fleet, held, now, serving_since=serving_since)
            if changed.begun or changed.ended:
                await self._store.change_signals(changed.begun, changed.ended, now)
            for signal in changed.begun:
                log.warning("Signal: %s %s: %s", signal.kid or "fleet", signal.kind, signal.words)
            for kind, kid in changed.ended:
                log.info("Signal ended: %s %s", kid or "fleet", kind)
        self.open = Counter(one.signal.kind for one in await self._store.open_signals())

    async def _tell_pictures(self, kitchen: Kitchen) -> None:
        record, arrival = kitchen.record, kitchen.arrival
        if record.process not in (None, self._cloud.process):
            # Its pictures come to another process.
            self._missing.pop(record.kid, None)
            return
        missing = arrival.interrupted
        if arrival.arriving and self._missing.get(record.kid, True):
            await self._store.note_pictures(record.kid, None)
            self._missing[record.kid] = False
        elif (
            missing is not None
            and loop_time() - missing.at >= PICTURES_AFTER.total_seconds()
            and not self._missing.get(record.kid, False)
        ):
            await self._store.note_pictures(record.kid, missing.wall)
            self._missing[record.kid] = True
