"""The opening hours that hold now: the kitchen's own, limited by those that the cloud wants.

Looks at the wall clock again and again instead of sleeping until a moment: clocks are set.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import reduce

from pydantic import ValidationError

from likelight.contract import Week, WeekHours
from likelight.contract.schedule import Hours, in_rows, overlap, weekly
from likelight.gate.zone import zone_name
from likelight.runtime.clock import Now

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 10.0
MOST_CHANGES = 64
"""How many openings and closings of two schedules are searched for one that both allow."""


class OpeningHours:
    """Calls `on_hours` with whether the kitchen is open, and when a closed one opens next.

    `own` are the kitchen's own hours in `zone`; None when they are not limited.
    """

    def __init__(
        self,
        on_hours: Callable[[bool, datetime | None], None],
        *,
        own: Hours | None,
        zone: tzinfo,
        now: Now,
    ) -> None:
        self._on_hours = on_hours
        self._own = own
        self._cloud: Hours | None = None
        self._zone = zone
        self._now = now
        self._cloud_changed = asyncio.Event()
        self._look()

    def limit_to(self, schedule: Week | None) -> None:
        """Keep to the cloud's schedule as well; an empty one sets no limit.

        It can only close. One that can't be understood closes the kitchen at all times.
        """
        self._cloud = self._understood(schedule)
        self._look()
        self._cloud_changed.set()

    def told(self) -> WeekHours | None:
        """Return the hours for viewers; None where the zone has no name, or a day has too many."""
        name, limits = zone_name(self._zone), self._limits()
        if name is None:
            return None
        try:
            return WeekHours(zone=name, week=in_rows(reduce(overlap, limits)) if limits else {})
        except ValidationError:
            return None

    async def run(self) -> None:
        """Look at the clock for ever."""
        while True:
            self._cloud_changed.clear()
            self._look()
            try:
                async with asyncio.timeout(self._until_next_look()):
                    await self._cloud_changed.wait()
            except TimeoutError:
                pass

    def _understood(self, schedule: Week | None) -> Hours | None:
        try:
            if schedule is None:
                raise ValueError('it should be days with hours, such as {"friday": "11:00-23:00"}')
            return weekly(schedule, self._zone) if schedule else None
        except ValueError as error:
            log.warning("The cloud's schedule can't be understood, so we are closed: %s", error)
            return weekly({}, self._zone)

    def _look(self) -> None:
        now = self._now()
        if self._is_open(now):
            self._on_hours(True, None)
        else:
            self._on_hours(False, self._next_opening(now))

    def _limits(self) -> list[Hours]:
        return [hours for hours in (self._own, self._cloud) if hours is not None]

    def _is_open(self, now: datetime) -> bool:
        return all(hours.is_open(now) for hours in self._limits())

    def _next_opening(self, now: datetime) -> datetime | None:
        for _ in range(MOST_CHANGES):
            change = self._next_change(now)
            if change is None or self._is_open(change):
                return change
            now = change
        return None

    def _next_change(self, now: datetime) -> datetime | None:
        changes = (hours.next_change(now) for hours in self._limits())
        return min((change for change in changes if change is not None), default=None)

    def _until_next_look(self) -> float:
        now = self._now()
        change = self._next_change(now)
        if change is None:
            return LOOK_AGAIN_S
        return min(LOOK_AGAIN_S, (change - now).total_seconds())
