"""Which rendition a viewer gets, by what the page acknowledges of its line.

All times are seconds of one clock, which is passed in: nothing here reads a clock or waits.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from likelight.feed.rendition import Rendition

LATE_S, OVER_S = 0.25, 1.0
"""Where pictures have come more than 0.25 s late for 1 s, the line carries less than it gets: a
keyframe's burst passes sooner. Time with nothing under way does not count: pictures were left out,
and the next keyframe has yet to come."""
HARD_S = 1.0
"""A picture that is as late as this needs no second look."""
_MOST_SKIPS, _SKIPS_WITHIN_S = 2, 5.0
_UNHEARD_S = 5.0
"""After a change nothing is judged until something of the new rendition has arrived, or for so
long: the queue is still that of the old one."""

ROOM = 1.3
"""A probe must show so much more than a rendition needs before a viewer gets it."""
_FITS = 1.15
"""The same on the way down, of what has really arrived."""
_CALM_S = 0.1
"""No padding is sent into a queue longer than this."""
HOLD_S, MOST_HOLD_S = 5.0, 60.0
"""Between two looks upwards; longer after each that says no, and after a rise that did not last."""
_AFTER_NO, _AFTER_FALL = 1.5, 2.0
_LASTED_S = 10.0
FIRST_LOOK_S = 1.0
_PROBE_LOST_S = 5.0


@dataclass(frozen=True, slots=True)
class Line:
    """What the acknowledgements tell of a line at one moment."""

    late_s: float | None
    """How late pictures are, beyond what the line itself needs; None with nothing under way."""
    bits_per_s: float
    """What arrived lately; the line may carry more."""
    heard: bool
    """Whether something of the present rendition has arrived."""


class Choice:
    """The rendition of one viewer, who begins with `rendition` at `now`.

    `needs` gives the bit rate of a rendition.
    """

    def __init__(
        self, now: float, rendition: Rendition, needs: Callable[[Rendition], float]
    ) -> None:
        self.rendition = rendition
        self._needs = needs
        self._changed_at, self._settles_at = now, now + OVER_S
        self._judged_at = now
        self._late_for_s = 0.0
        self._skips: deque[float] = deque()
        self._hold_s = HOLD_S
        self._look_at = now + FIRST_LOOK_S
        self._risen_at = -inf
        self._probed_at = -inf

    def skipped(self, now: float) -> None:
        """Note that pictures were left out because the line was full."""
        self._skips.append(now)

    def judge(self, now: float, line: Line) -> bool:
        """Step down where the line needs it; return whether padding is to be sent now."""
        self._note(now, line)
        if self._too_much(now, line):
            self._fall(now, line.bits_per_s)
            return False
        due = (
            self.rendition is not Rendition.MAIN
            and now >= self._look_at
            and line.heard
            and (line.late_s or 0.0) < _CALM_S
            and now - self._probed_at > _PROBE_LOST_S
        )
        if due:
            self._probed_at = now
        return due

    def began(self, now: float, bits_per_s: float) -> None:
        """Take what the line carried of the first keyframe; it is looked at again soon."""
        if bits_per_s < self._needs(self.rendition) and self.rendition is not Rendition.SLIDE:
            self._fall(now, bits_per_s)
            self._look_at = now + FIRST_LOOK_S

    def probed(self, now: float, bits_per_s: float) -> None:
        """Take what the padding showed, and step up as far as it carries."""
        self._probed_at = -inf
        self._look_at = now + self._hold_s
        better = [each for each in Rendition if each < self.rendition]
        carried = [each for each in better if self._needs(each) * ROOM <= bits_per_s]
        if carried:
            self._risen_at = now
            self._change(now, carried[0])
        else:
            self._hold_s = min(MOST_HOLD_S, self._hold_s * _AFTER_NO)

    def _note(self, now: float, line: Line) -> None:
        since, self._judged_at = self._judged_at, now
        while self._skips and self._skips[0] < now - _SKIPS_WITHIN_S:
            self._skips.popleft()
        if not line.heard and now - self._changed_at < _UNHEARD_S:
            self._settles_at = now + OVER_S
        if line.late_s is not None:
            late = line.late_s > LATE_S and line.heard
            self._late_for_s = self._late_for_s + now - since if late else 0.0

    def _too_much(self, now: float, line: Line) -> bool:
        if self.rendition is Rendition.SLIDE:
            return False
        if line.heard and line.late_s is not None and line.late_s > HARD_S:
            return True
        if now < self._settles_at:
            return False
        return self._late_for_s > OVER_S or len(self._skips) >= _MOST_SKIPS

    def _fall(self, now: float, bits_per_s: float) -> None:
        soon = now - self._risen_at < _LASTED_S
        self._hold_s = min(MOST_HOLD_S, self._hold_s * _AFTER_FALL) if soon else HOLD_S
        self._look_at = now + self._hold_s
        lesser = [each for each in Rendition if each > self.rendition]
        carried = [each for each in lesser if self._needs(each) * _FITS <= bits_per_s]
        self._change(now, carried[0] if carried else Rendition.SLIDE)

    def _change(self, now: float, rendition: Rendition) -> None:
        self.rendition = rendition
        self._changed_at = now
        self._settles_at = now + OVER_S
        self._late_for_s = 0.0
        self._skips.clear()
