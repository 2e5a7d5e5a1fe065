"""Watches consent and opening hours side by side, and tells the gate what they allow."""

import asyncio
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Protocol

from likelight.contract.schedule import Hours
from likelight.gate.consent_watch import ConsentWatch
from likelight.gate.opening_hours import OpeningHours
from likelight.runtime.clock import Now


class PermittedGate(Protocol):
    """The gate, as far as consent and hours open it."""

    def on_consent(self, consented: bool) -> None: ...

    def on_hours(self, is_open: bool, opens_at: datetime | None) -> None: ...


class Permissions:
    """The crew's consent and the opening hours, as one component.

    `state_dir` holds the consent of `kitchen`, an id; it is None when the camera is simulated and
    needs none. `clock_is_set` may block. `on_change` is called when the consent's health has
    changed.
    """

    def __init__(
        self,
        gate: PermittedGate,
        *,
        kitchen: str,
        hours: Hours | None,
        state_dir: Path | None,
        zone: tzinfo,
        clock_is_set: Callable[[], bool],
        on_change: Callable[[], None],
        now: Now,
    ) -> None:
        self.hours = OpeningHours(gate.on_hours, own=hours, zone=zone, now=now)
        self.consent = ConsentWatch(
            gate.on_consent,
            kitchen=kitchen,
            state_dir=state_dir,
            zone=zone,
            clock_is_set=clock_is_set,
            on_change=on_change,
            now=now,
        )

    async def run(self) -> None:
        """Watch both for ever. A disk that hangs delays the consent, never the hours."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.hours.run())
            group.create_task(self.consent.run())
