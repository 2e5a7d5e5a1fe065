"""Likes for which the lamp has not lit yet: they wait until it has."""

from dataclasses import dataclass

from likelight.appreciation.lamp.effects import milestone


@dataclass(frozen=True, slots=True)
class PendingLikes:
    """How many likes wait, and the cloud's total with all of them."""

    count: int
    total: int

    @property
    def milestone(self) -> int | None:
        """The milestone that they pass, or None."""
        return milestone(self.total - self.count, self.total)

    def plus(self, delta: int, total: int) -> "PendingLikes":
        """Return these and `delta` more, which carry the cloud's total to `total`."""
        return PendingLikes(self.count + delta, max(self.total, total))
