"""Consent and opening hours on the virtual clock: the calls of the gate, and a disk that hangs."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from likelight.contract.schedule import Hours
from likelight.gate.permissions import Permissions
from support.virtual import run_virtual, virtual_now

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class RecordingGate:
    """Remembers its calls."""

    def __init__(self) -> None:
        self.consented = False
        self.hours: tuple[bool, datetime | None] = (False, None)
        self.told = 0

    def on_consent(self, consented: bool) -> None:
        self.consented = consented

    def on_hours(self, is_open: bool, opens_at: datetime | None) -> None:
        self.told += self.hours != (is_open, opens_at)
        self.hours = is_open, opens_at


class SettableClock:
    """Follows the virtual clock from `start` on, until somebody sets it."""

    def __init__(self, start: datetime) -> None:
        self._now = virtual_now(start)
        self._moved = timedelta()

    def __call__(self) -> datetime:
        now: datetime = self._now() + self._moved
        return now

    def set_ahead(self, by: timedelta) -> None:
        """Set the clock ahead, as a time server does."""
        self._moved += by


Body = Callable[[Permissions, RecordingGate, SettableClock], Coroutine[None, None, None]]


def with_permissions(
    body: Body,
    *,
    state_dir: Path | None = None,
    hours: Hours | None = None,
    clock_is_set: Callable[[], bool] = lambda: True,
    start: datetime = START,
) -> None:
    async def scenario() -> None:
        now, gate = SettableClock(start), RecordingGate()
        permissions = Permissions(
            gate,
            kitchen="demo",
            hours=hours,
            state_dir=state_dir,
            zone=BERLIN,
            clock_is_set=clock_is_set,
            on_change=lambda: None,
            now=now,
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(permissions.run())
            await body(permissions, gate, now)
            running.cancel()

    run_virtual(scenario())


class HangingDisk:
    """A layer between a loop and its threads: while it `hangs`, no job of theirs returns.

    The virtual clock, which stands still while a thread works, goes on.
    """

    def __init__(self) -> None:
        self.hangs = False
        self.asked_at: list[float] = []
        self._loop = asyncio.get_running_loop()
        self._run = self._loop.run_in_executor
        self._jobs: list[tuple[asyncio.Future[Any], Callable[[], Any]]] = []
        self._loop.run_in_executor = self._take  # type: ignore[method-assign,assignment]

    def _take(self, executor: None, job: Callable[[], Any]) -> asyncio.Future[Any]:
        if not self.hangs:
            return self._run(executor, job)
        self.asked_at.append(self._loop.time())
        self._jobs.append((self._loop.create_future(), job))
        return self._jobs[-1][0]

    async def answer(self) -> None:
        """Do what waited. While the disk `hangs`, what is asked after this waits again."""
        jobs, self._jobs = self._jobs, []
        for future, job in jobs:
            future.set_result(await self._run(None, job))

    async def go_on(self) -> None:
        """Do what waited, and hang no more."""
        self.hangs = False
        await self.answer()
