"""Full-jitter back-off: a thousand kitchens that lost the same cloud must not return as one."""

import random


class Backoff:
    """Pauses of random(0, min(cap, base * 2^n)) seconds."""

    def __init__(self, rng: random.Random, *, base: float = 1.0, cap: float = 60.0) -> None:
        self._rng = rng
        self._base = base
        self._cap = cap
        self._failures = 0

    @property
    def fresh(self) -> bool:
        """True when nothing has failed yet."""
        return self._failures == 0

    def next(self) -> float:
        """Return the pause after one more failure, in seconds."""
        ceiling = min(self._cap, self._base * 2 ** min(self._failures, 30))
        self._failures += 1
        return self._rng.uniform(0, ceiling)

    def reset(self) -> None:
        """It works again."""
        self._failures = 0
