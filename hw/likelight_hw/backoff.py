"""How long to wait before something that failed is tried again: a lamp, a child process."""

from collections.abc import Sequence


class RetryBackoff:
    """Returns the next of `pauses_s` for each failure, and the last one from then on.

    What worked for `healthy_s` before it failed begins with the first pause again. There is no
    randomness: no other device waits for the same thing.
    """

    def __init__(self, pauses_s: Sequence[float], *, healthy_s: float) -> None:
        self._pauses_s = tuple(pauses_s)
        self._healthy_s = healthy_s
        self._failures = 0

    def pause_s(self, *, worked_s: float = 0.0) -> float:
        """Return the pause, in seconds, after a failure of what had worked for `worked_s`."""
        if worked_s >= self._healthy_s:
            self._failures = 0
        pause = self._pauses_s[min(self._failures, len(self._pauses_s) - 1)]
        self._failures += 1
        return pause
