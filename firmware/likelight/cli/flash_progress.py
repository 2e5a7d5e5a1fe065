"""How far a long piece of work is: one line that changes on a terminal, a few plain ones in a
pipe."""

from collections.abc import Callable
from typing import TextIO

_ON_TERMINAL_S = 0.5
_IN_PIPE_S = 30.0


class Progress:
    """Tells of work on bytes on `out`; `seconds` is a clock that only goes forward."""

    def __init__(self, out: TextIO, seconds: Callable[[], float]) -> None:
        self._out = out
        self._seconds = seconds
        self._changes = out.isatty()
        self._what = ""
        self._since = 0.0
        self._told = 0.0
        self._ended = False

    def __call__(self, what: str, done: int, total: int) -> None:
        """Tell that `done` of `total` bytes are `what`, if the last word was long enough ago."""
        now = self._seconds()
        if what != self._what:
            self._what, self._since, self._told, self._ended = what, now, now, False
        ended = done >= total
        pause = _ON_TERMINAL_S if self._changes else _IN_PIPE_S
        if self._ended or (not ended and now - self._told < pause):
            return
        self._told, self._ended = now, ended
        line = f"{what}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB{self._pace(now, done, total)}"
        if self._changes:
            # The blanks cover what a longer line has left.
            print(f"\r{line:<78}", end="\n" if ended else "", file=self._out, flush=True)
        else:
            print(line, file=self._out, flush=True)

    def _pace(self, now: float, done: int, total: int) -> str:
        passed = now - self._since
        if passed <= 0:
            return ""
        rate = done / passed
        minutes, seconds = divmod(round((total - done) / rate), 60)
        left = f", {minutes} min {seconds:02} s left" if done < total else ""
        return f", {rate / 1e6:.1f} MB/s{left}"
