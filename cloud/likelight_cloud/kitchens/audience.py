"""Who watches, as a number and never as a person: the pages that reported in the last 40 s."""

from collections import OrderedDict

from likelight.contract import WATCHING_TTL_S

MAX_VIEWS = 100_000
"""Views remembered per kitchen, about 10 MB; with one more, that with the oldest report is
forgotten."""

_STEPS = (1, 3, 5)


class Audience:
    """The open pages (views) of one kitchen. Times are the event loop's, in seconds."""

    __slots__ = ("_reported_at",)

    def __init__(self) -> None:
        self._reported_at: OrderedDict[str, float] = OrderedDict()

    def report(self, view: str, at: float) -> None:
        """Count `view` until 40 s after `at`."""
        self._reported_at[view] = at
        self._reported_at.move_to_end(view)
        if len(self._reported_at) > MAX_VIEWS:
            self._reported_at.popitem(last=False)

    def end(self, view: str) -> None:
        """Count `view` no more."""
        self._reported_at.pop(view, None)

    def count(self, at: float) -> int:
        """Return how many watch at `at`."""
        while self._reported_at and next(iter(self._reported_at.values())) + WATCHING_TTL_S <= at:
            self._reported_at.popitem(last=False)
        return len(self._reported_at)

    def next_end(self) -> float | None:
        """Return when the next view stops counting, or None when nobody watches."""
        return (
            next(iter(self._reported_at.values())) + WATCHING_TTL_S if self._reported_at else None
        )


def band(count: int) -> str | None:
    """Return the band that `count` viewers fall in: "3-9", "10-29", "30-49", "50-99", "100-299"…

    Fewer than three are None: a crew must not be able to guess who watches.
    """
    if count < _STEPS[1]:
        return None
    scale = 10 ** (len(str(count)) - 1)
    edges = [step * scale for step in _STEPS] + [10 * scale]
    low = max(edge for edge in edges if edge <= count)
    high = edges[edges.index(low) + 1]
    return "3-9" if count < 10 else f"{low}-{high - 1}"
