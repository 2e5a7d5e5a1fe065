"""Which start of a kitchen's device polls, and whether two devices say that they are the kitchen.

Each start draws a `boot_id` of its own, so a device never comes back as one of before. Two that
hold the same token do: the newer poll ends the older, whose device waits a minute and polls again.
"""

from typing import Final

KNOWN: Final = 4
"""Starts before the newest; more devices than these would alternate unseen."""

TWO_WITHIN_S: Final = 300.0
"""Two returns within this time are two devices. One alone may be a request that was late."""


class Starts:
    """The newest starts of a device, by their polls; times are the event loop's, in seconds."""

    __slots__ = ("_before", "_returns", "newest")

    def __init__(self) -> None:
        self.newest: str | None = None
        """The one that polled last: of it alone a status counts."""
        self._before: tuple[str, ...] = ()
        self._returns: tuple[float, ...] = ()

    def polled(self, boot_id: str, at: float) -> bool:
        """Note which one polls; return whether it is another one than the newest was."""
        if boot_id == self.newest:
            return False
        if boot_id in self._before:
            self._returns = (*self._returns[-1:], at)
        if self.newest is not None:
            self._before = (*self._before[1 - KNOWN :], self.newest)
        self.newest = boot_id
        return True

    def are_of_two(self, at: float) -> bool:
        """Return whether two devices have alternated until about five minutes before `at`."""
        return len(self._returns) == 2 and at - self._returns[0] < TWO_WITHIN_S
