"""Likes as the device knows them: two totals, the count of one day, and what the lamp must show.

Pure data. The cloud's total never falls within an epoch, so that every difference is exact, even
after lost replies.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum, auto

from likelight.contract import MAX_COUNT


class Arrival(Enum):
    """When a reply of the cloud came."""

    ORDINARY = auto()
    RETURNED = auto()
    """The first reply after a start or an outage: all new likes are one gesture."""
    RESET = auto()
    """The cloud began a new time line: adopt its numbers, and light what came since it said so."""


@dataclass(frozen=True, slots=True)
class NewLikes:
    """What the lamp must show: `delta` likes, which carry the total up to `total`."""

    delta: int
    total: int
    welcome_back: bool = False


@dataclass(frozen=True, slots=True)
class LikeTotals:
    """`total` is the cloud's last; `lit_total` is the highest that the lamp has physically shown.

    `day_likes` counts what reached the kitchen on `day`, its local date.
    """

    epoch: str | None = None
    total: int = 0
    lit_total: int = 0
    last_lit_at: datetime | None = None
    day: date | None = None
    day_likes: int = 0

    def today(self, day: date) -> int:
        """Return the likes that reached the kitchen on the local date `day`."""
        return self.day_likes if day == self.day else 0

    def receive(
        self, total: int, delta: int, epoch: str, arrival: Arrival, day: date
    ) -> tuple["LikeTotals", NewLikes | None]:
        """Take in the cloud's `total`; return the new totals, and what the lamp must show.

        `delta` is the reply's own; it counts only over a reset, where our last total says nothing.
        """
        reset = self.epoch is not None and self._is_reset(total, epoch, arrival)
        fresh = min(delta, total) if reset else total - self.total
        if self.epoch is None:
            fresh = 0  # the first reply ever: no old likes
        # Viewers read "the lamp lit" when lit_total >= total: a higher lit_total of the old epoch
        # would promise light that never was. A new epoch without a word about the old one is a
        # cloud with a new database: none of its likes has lit.
        lit_total = self.lit_total
        if reset:
            lit_total = min(lit_total, total - fresh) if arrival is Arrival.RESET else 0
        day_likes = min(self.today(day) + fresh, MAX_COUNT)
        heard = LikeTotals(epoch, total, lit_total, self.last_lit_at, day, day_likes)
        if arrival is Arrival.RETURNED and not reset:
            unlit = total - self.lit_total
            return heard, NewLikes(unlit, total, welcome_back=True) if unlit > 0 else None
        return heard, NewLikes(fresh, total) if fresh > 0 else None

    def lit(self, total: int, at: datetime) -> "LikeTotals":
        """The lamp showed `total` at `at`."""
        return replace(self, lit_total=max(self.lit_total, min(total, self.total)), last_lit_at=at)

    def _is_reset(self, total: int, epoch: str, arrival: Arrival) -> bool:
        return arrival is Arrival.RESET or epoch != self.epoch or total < self.total


NOTHING_HEARD = LikeTotals()
