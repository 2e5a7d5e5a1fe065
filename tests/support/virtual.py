"""Hours of kitchen life in milliseconds: an event loop whose clock jumps to the next timer.

The clock stands still while a job runs in an executor (SQLite, say), so that virtual time never
overtakes real work.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that never waits for a timer."""

    def __init__(self) -> None:
        self._virtual_now = 1000.0
        self._jobs = 0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self._virtual_now

    def jump(self, seconds: float) -> None:
        self._virtual_now += seconds

    @property
    def working(self) -> bool:
        """True while a job runs in an executor."""
        return self._jobs > 0

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        future = super().run_in_executor(executor, func, *args)
        self._jobs += 1
        future.add_done_callback(self._job_done)
        return future

    def _job_done(self, _: Any) -> None:
        self._jobs -= 1


class _JumpingSelector(selectors.DefaultSelector):  # type: ignore[valid-type,misc]
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
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
