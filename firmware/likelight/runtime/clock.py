"""Wall time, passed in wherever it is needed.

Monotonic time is always the running loop's own `time()`, so a test on a virtual clock only has to
bring a loop of its own; wall time comes in as a `Now`.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Now = Callable[[], datetime]
"""Returns the present wall time, timezone-aware, in UTC."""


def utc_now() -> datetime:
    """Return the system's wall time in UTC."""
    return datetime.now(UTC)


def now_us() -> int:
    """Return the system's wall time in microseconds since the epoch."""
    return time.time_ns() // 1000
