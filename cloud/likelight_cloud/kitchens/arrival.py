"""Whether the pictures of a live kitchen arrive at the cloud."""

import asyncio
from collections.abc import Callable

from likelight.runtime.clock import Now, Since, loop_time

FIRST_WITHIN_S = 2.0
"""The first picture that is due comes within this time, or the kitchen's line is interrupted: the
device has to hear that somebody watches, and to connect."""

NEXT_WITHIN_S = 0.9
"""The same of each further one. An event stream may have to wait a second more, and so may a cache:
viewers are told within 2 s. The relay waits as long."""


class Arrival:
    """Follows the pictures of one kitchen; calls `on_change` when one of its attributes changes.

    `is_due` returns whether pictures are due: the device says live, and somebody watches.
    """

    __slots__ = (
        "_is_due",
        "_late_at",
        "_now",
        "_on_change",
        "_timer",
        "_waiting",
        "arriving",
        "interrupted",
    )

    def __init__(
        self, *, now: Now, is_due: Callable[[], bool], on_change: Callable[[], None]
    ) -> None:
        self.arriving = False
        """A picture came within the last 0.9 s."""
        self.interrupted: Since | None = None
        """Since when pictures are due and do not come; None while they come, or none is due."""
        self._now = now
        self._is_due = is_due
        self._on_change = on_change
        self._waiting: Since | None = None
        self._late_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Look whether pictures are due; call it whenever that may have changed."""
        if not self._is_due():
            self._waiting = self.interrupted = None
        elif self._waiting is None:
            self._waiting = Since(self._now)
            self._expect_within(FIRST_WITHIN_S)

    def picture_came(self) -> None:
        """A picture of the camera has come."""
        if self._waiting is not None:
            self._waiting = Since(self._now)
        self._expect_within(NEXT_WITHIN_S)
        if not self.arriving or self.interrupted is not None:
            self.arriving, self.interrupted = True, None
            self._on_change()

    def _expect_within(self, seconds: float) -> None:
        self._late_at = loop_time() + seconds
        if self._timer is not None and self._timer.when() > self._late_at:
            self._timer.cancel()
            self._timer = None
        self._look_when_late()

    def _look_when_late(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(self._late_at, self._look_for_late)

    def _look_for_late(self) -> None:
        self._timer = None
        self.look()
        if loop_time() < self._late_at:
            self._look_when_late()
        elif self.arriving or self.interrupted is not self._waiting:
            self.arriving, self.interrupted = False, self._waiting
            self._on_change()
