"""Which JPEGs a viewer gets, by how many of them its connection takes.

An image of a browser acknowledges nothing: what lies behind a proxy that takes everything is not
seen. All times are seconds of one clock, which is passed in.
"""

from collections import deque
from math import inf

from likelight.feed.rendition import Rendition

OVER_S = 2.0
MOST_LEFT_OUT = 1 / 3
"""A viewer that leaves out more of its pictures than this, over 2 s, gets smaller ones."""
CALM_LEFT_OUT = 0.1
HOLD_S, MOST_HOLD_S = 10.0, 160.0
"""The time before larger ones are tried, as only a try shows whether they pass; twice as long after
each try that failed."""
_LASTED_S = 10.0


class JpegChoice:
    """The rendition of one viewer, who begins with MAIN at `now`."""

    def __init__(self, now: float) -> None:
        self.rendition = Rendition.MAIN
        self._offers: deque[tuple[float, bool]] = deque()
        self._hold_s = HOLD_S
        self._began_at = now
        self._risen_at = -inf

    def offered(self, now: float, *, taken: bool) -> None:
        """Note whether there was room for a picture of the present rendition, and judge."""
        offers = self._offers
        offers.append((now, taken))
        while offers[0][0] < now - OVER_S:
            offers.popleft()
        if now - self._began_at < OVER_S:
            return
        left_out = sum(not each for _, each in offers) / len(offers)
        if left_out > MOST_LEFT_OUT and self.rendition is not Rendition.SLIDE:
            failed = now - self._risen_at < _LASTED_S
            self._hold_s = min(MOST_HOLD_S, self._hold_s * 2) if failed else HOLD_S
            self._change(now, Rendition(self.rendition + 1))
        elif (
            self.rendition is not Rendition.MAIN
            and left_out <= CALM_LEFT_OUT
            and now - self._began_at >= self._hold_s
        ):
            self._risen_at = now
            self._change(now, Rendition(self.rendition - 1))

    def _change(self, now: float, rendition: Rendition) -> None:
        self.rendition = rendition
        self._began_at = now
        self._offers.clear()
