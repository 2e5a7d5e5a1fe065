"""Where a kitchen's likes come from: the page that shows the picture, or the one for guests in the
house."""

from collections import OrderedDict

MAX_TOLD = 16
"""Totals that were told, for a device that asks again from one of them."""


class Sources:
    """The likes of guests in the house since the start of the cloud, and how many were told.

    In memory: after a restart the likes from before it count as the page's.
    """

    __slots__ = ("_here", "_none_told", "_told")

    def __init__(self) -> None:
        self._here = 0
        self._told: OrderedDict[int, int] = OrderedDict()
        """How many of a total that was told were from here."""
        self._none_told = -1
        """The newest total told before anybody liked from here: most kitchens keep only that."""

    def add(self, n: int) -> None:
        """Count `n` likes of guests in the house, which are durable."""
        self._here += n

    def split(self, before: int, total: int) -> dict[str, int]:
        """Return the likes between the totals `before` and `total` by source, none of them 0.

        Of likes that are just being committed the source may follow in the next reply.
        """
        if not self._here:
            self._none_told = total
            return {"page": total - before} if total > before else {}
        # Of a cursor from before the start, all likes that came since then are new.
        unknown = max(0, self._here - (total - before))
        told = self._told.get(before, 0 if before <= self._none_told else unknown)
        here = min(total - before, self._here - told)
        self._told[total] = told + here
        self._told.move_to_end(total)
        if len(self._told) > MAX_TOLD:
            self._told.popitem(last=False)
        by_source = {"page": total - before - here, "here": here}
        return {source: n for source, n in by_source.items() if n}
