"""Who watches, as a number and never as a person: views heard of within the last 40 seconds."""

from collections import OrderedDict

from likelight.contract import WATCHING_TTL_S

MAX_VIEWS = 100_000
"""Views remembered per kitchen, some 10 MB; beyond it the longest unheard one is forgotten."""

_STEPS = (1, 3, 5)


class Views:
    """The views of one kitchen. Times are the event loop's, in seconds."""

    def __init__(self) -> None:
        self._heard: OrderedDict[str, float] = OrderedDict()

    def hear(self, view: str, at: float) -> None:
        """Count `view` until 40 s after `at`."""
        self._heard[view] = at
        self._heard.move_to_end(view)
        if len(self._heard) > MAX_VIEWS:
            self._heard.popitem(last=False)

    def count(self, at: float) -> int:
        """Return how many watch at `at`."""
        while self._heard and next(iter(self._heard.values())) + WATCHING_TTL_S <= at:
            self._heard.popitem(last=False)
        return len(self._heard)

    def next_end(self) -> float | None:
        """Return when the longest unheard view stops counting, or None when nobody watches."""
        return next(iter(self._heard.values())) + WATCHING_TTL_S if self._heard else None


def band(count: int) -> str | None:
    """Return the band that `count` viewers fall in: "3-9", "10-29", "30-49", "50-99", "100-299"…

    Fewer than three are None: a crew must not guess who it is that watches.
    """
    if count < _STEPS[1]:
        return None
    scale = 10 ** (len(str(count)) - 1)
    edges = [step * scale for step in _STEPS] + [10 * scale]
    low = max(edge for edge in edges if edge <= count)
    high = edges[edges.index(low) + 1]
    return "3-9" if count < 10 else f"{low}-{high - 1}"
