"""Back-off: after each further failure the next try waits longer, up to a limit.

The pauses are random, so that a thousand kitchens that lost the same cloud do not return at once.
"""

import random

_MOST_DOUBLINGS = 30
"""More doublings make no pause longer, and would overflow a float."""


class Backoff:
    """Pauses that double from `base` seconds to `cap` seconds.

    Each is drawn by `rng` from the last share `jitter` of its length: with a jitter of 1 from 0 to
    the whole length, with 0.5 from half of it. Once one was drawn at `cap`, those after it are
    `cap` seconds each: all devices then come back evenly within that time. Drawn anew each time,
    twice the mean came in the first second. Without `rng` each has its whole length: for local
    hardware, which no other device uses.
    """

    def __init__(
        self,
        rng: random.Random | None,
        *,
        base: float = 1.0,
        cap: float = 60.0,
        jitter: float = 1.0,
    ) -> None:
        self._rng = rng
        self._base = base
        self._cap = cap
        self._jitter = jitter
        self._failures = 0
        self._at_cap = False

    @property
    def fresh(self) -> bool:
        """True when nothing has failed since the start or the last `reset`."""
        return self._failures == 0

    def next(self) -> float:
        """Return the pause after one more failure, in seconds."""
        longest = min(self._cap, self._base * 2.0 ** min(self._failures, _MOST_DOUBLINGS))
        self._failures += 1
        if self._rng is None or self._at_cap:
            return longest
        self._at_cap = longest == self._cap
        return self._rng.uniform((1 - self._jitter) * longest, longest)

    def reset(self) -> None:
        """Begin at `base` again after a success."""
        self._failures = 0
        self._at_cap = False
