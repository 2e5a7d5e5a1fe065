"""Limits per viewer and kitchen: 5 likes a second in bursts of 20, a note per 20 s, 10 a day.

They stop one viewer from crowding out the others; the lamp's own pacing is the real defence. Beside
them a kitchen has ceilings for all viewers together. Times are the event loop's, in seconds. The
counts are in memory and end with the process.
"""

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Generic, TypeVar

LIKES_PER_S = 5.0
LIKES_BURST = 20.0
NOTE_EVERY_S = 20.0
NOTES_PER_DAY = 10
DAY_S = 24 * 3600.0

MAX_VIEWERS = 50_000
"""Viewers remembered at once, about 30 MB; the one seen longest ago is forgotten first."""

T = TypeVar("T")


class Bucket:
    """A token bucket of `burst`, full at first, refilled steadily with `per_s` a second."""

    def __init__(self, per_s: float, burst: float, at: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._level = burst
        self._at = at

    def take(self, n: int, at: float) -> tuple[int, float]:
        """Take up to `n` whole tokens; return how many, and in how many seconds the next comes.

        The second figure is 0.0 when all `n` were there.
        """
        self._level = min(self._burst, self._level + (at - self._at) * self._per_s)
        self._at = at
        taken = min(n, math.floor(self._level))
        self._level -= taken
        return taken, 0.0 if taken == n else (1 - self._level) / self._per_s

    def ready(self, at: float) -> int:
        """Return how many whole tokens could be taken now."""
        return math.floor(min(self._burst, self._level + (at - self._at) * self._per_s))

    def give_back(self, n: int) -> None:
        """Put `n` tokens back that were taken and not used."""
        self._level += n


class LikeBucket(Bucket):
    """The likes of one viewer."""

    def __init__(self, at: float) -> None:
        super().__init__(LIKES_PER_S, LIKES_BURST, at)


class NoteTimes:
    """When a viewer's last notes were taken."""

    def __init__(self, _: float) -> None:
        self._taken: deque[float] = deque(maxlen=NOTES_PER_DAY)

    def wait(self, at: float) -> float:
        """Return in how many seconds the next note may come; 0.0 when now."""
        if not self._taken:
            return 0.0
        free = self._taken[-1] + NOTE_EVERY_S
        if len(self._taken) == NOTES_PER_DAY:
            free = max(free, self._taken[0] + DAY_S)
        return max(0.0, free - at)

    def take(self, at: float) -> None:
        """Remember that a note was taken now."""
        self._taken.append(at)

    def give_back(self) -> None:
        """Forget the note that was taken last: it was not kept."""
        self._taken.pop()

    def of_a_day(self, at: float) -> int:
        """Return how many of the remembered notes are younger than a day."""
        return sum(at - taken < DAY_S for taken in self._taken)


class PerViewer(Generic[T]):
    """One `T` for each viewer and kitchen, made when first asked for."""

    def __init__(self, make: Callable[[float], T]) -> None:
        self._make = make
        self._kept: OrderedDict[tuple[str, str], T] = OrderedDict()

    def of(self, viewer: str, kid: str, at: float) -> T:
        """Return what is kept for this viewer in this kitchen."""
        kept = self._kept.get((viewer, kid))
        if kept is None:
            kept = self._kept[viewer, kid] = self._make(at)
            if len(self._kept) > MAX_VIEWERS:
                self._kept.popitem(last=False)
        self._kept.move_to_end((viewer, kid))
        return kept

    def known(self, viewer: str, kid: str) -> T | None:
        """Return what is kept for this viewer in this kitchen, and make nothing."""
        return self._kept.get((viewer, kid))

    def forget(self, viewer: str, kid: str) -> None:
        """Keep nothing for this viewer in this kitchen any more."""
        self._kept.pop((viewer, kid), None)
