"""Hours of kitchen life in milliseconds: an event loop whose clock jumps to the next timer.

The clock stands still while a job runs in an executor (SQLite, say), so that virtual time never
overtakes real work.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that never waits for a timer."""

    def __init__(self) -> None:
        self._virtual_now = 1000.0
        self._jobs = 0
        super().__init__(_JumpingSelector(self))
        # No timer may fire early, not even by asyncio's nanosecond of tolerance: code that finds
        # its deadline not yet reached and waits again would spin for ever on a clock that stands.
        self._clock_resolution = 0.0

    def time(self) -> float:
        return self._virtual_now

    def jump(self, seconds: float) -> None:
        # A nanosecond more, so that the timer lies in the past, as asyncio wants it to.
        self._virtual_now += seconds + 1e-9

    @property
    def working(self) -> bool:
        """True while a job runs in an executor."""
        return self._jobs > 0

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        future = super().run_in_executor(executor, func, *args)
        self._jobs += 1
        future.add_done_callback(self._job_done)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Wait for the threads as long as it takes: 300 s of this clock are over at once."""
        await super().shutdown_default_executor()

    def _job_done(self, _: Any) -> None:
        self._jobs -= 1


class _JumpingSelector(selectors.DefaultSelector):  # type: ignore[valid-type,misc]
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            return super().select(None)
        if timeout <= 0:
            self._loop.jump(0)
            return super().select(0)
        if self._loop.working:
            return super().select(None)
        ready = super().select(0)
        if not ready:
            self._loop.jump(timeout)
        return ready


def run_virtual(scenario: Coroutine[Any, Any, None]) -> None:
    """Run `scenario` to its end on a fresh `VirtualLoop`."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(scenario)


def virtual_now(start: datetime = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)) -> Any:
    """Return a `Now` that follows the running loop's virtual clock from `start`."""
    began: list[float] = []

    def now() -> datetime:
        at = asyncio.get_running_loop().time()
        if not began:
            began.append(at)
        return start + timedelta(seconds=at - began[0])

    return now
