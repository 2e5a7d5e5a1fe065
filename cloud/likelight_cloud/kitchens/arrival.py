"""Whether the pictures of a live kitchen arrive at the cloud."""

import asyncio
from collections.abc import Callable

from likelight.runtime.clock import Now, Since, loop_time

LATE_S = 2.0
"""A picture that is due and has not come for this long: the kitchen's line is interrupted."""


class Arrival:
    """Follows the pictures of one kitchen; calls `on_change` when one of its attributes changes.

    `is_due` returns whether pictures are due: the device says live, and somebody watches.
    """

    def __init__(
        self, *, now: Now, is_due: Callable[[], bool], on_change: Callable[[], None]
    ) -> None:
        self.arriving = False
        """A picture came within the last 2 s."""
        self.interrupted: Since | None = None
        """Since when pictures are due and do not come; None while they come, or none is due."""
        self._now = now
        self._is_due = is_due
        self._on_change = on_change
        self._waiting: Since | None = None
        self._came_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Look whether pictures are due; call it whenever that may have changed."""
        if not self._is_due():
            self._waiting = self.interrupted = None
        elif self._waiting is None:
            self._waiting = Since(self._now)
            self._look_again_in(LATE_S)

    def picture_came(self) -> None:
        """A picture of the camera has come."""
        self._came_at = loop_time()
        if self._waiting is not None:
            self._waiting = Since(self._now)
        self._look_again_in(LATE_S)
        if not self.arriving or self.interrupted is not None:
            self.arriving, self.interrupted = True, None
            self._on_change()

    def _look_again_in(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._look_for_late)

    def _look_for_late(self) -> None:
        self._timer = None
        self.look()
        waiting_since = self._waiting.at if self._waiting is not None else float("-inf")
        left = max(self._came_at, waiting_since) + LATE_S - loop_time()
        if left > 0:
            self._look_again_in(left)
        elif self.arriving or self.interrupted is not self._waiting:
            self.arriving, self.interrupted = False, self._waiting
            self._on_change()
