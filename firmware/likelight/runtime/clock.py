"""Wall time, passed in wherever it is needed.

Monotonic time is always the running loop's own `time()`, so a test on a virtual clock only has to
bring a loop of its own; wall time comes in as a `Now`.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Now = Callable[[], datetime]
"""Returns the present wall time, timezone-aware, in UTC."""


CLOCK_WAS_SET = timedelta(seconds=1)
"""When wall time and the loop's time differ by this much more than before, somebody has set the
clock: a slow correction runs in both."""


class Since:
    """A moment that has passed `ago` seconds ago, told as wall time.

    A wall clock that is set afterwards takes it along: what began 5 minutes ago did so by any
    clock. Make and read it on the event loop.
    """

    __slots__ = ("_now", "_told", "at")

    def __init__(self, now: Now, ago: float = 0.0) -> None:
        self.at = loop_time() - ago
        """When it was, by the loop's clock."""
        self._now = now
        self._told = now() - timedelta(seconds=ago)

    @property
    def wall(self) -> datetime:
        """When it was, by the wall clock as it is now."""
        age = timedelta(seconds=loop_time() - self.at)
        moment = self._now() - age
        if abs(moment - self._told) >= CLOCK_WAS_SET:
            self._told = moment
        return self._told


def loop_time() -> float:
    """Return the running loop's time, in seconds."""
    return asyncio.get_running_loop().time()


def utc_now() -> datetime:
    """Return the system's wall time in UTC."""
    return datetime.now(UTC)


def now_us() -> int:
    """Return the system's wall time in microseconds since the epoch."""
    return time.time_ns() // 1000
