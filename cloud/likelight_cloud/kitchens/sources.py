"""Where a kitchen's likes come from: the page that shows the picture, the one for guests in the
house, or a webhook."""

from collections import OrderedDict
from collections.abc import Mapping

from likelight_cloud.store.ingest import wire_name

MAX_TOLD = 16
"""Totals that a device has got, in case it asks again from one of them."""


class Sources:
    """The likes since the start of the cloud that did not come from the page, and how many of them
    the device has got.

    What was told is in memory, and so are the likes of guests: after a restart those from before it
    count as the page's. `webhooks` are those that each webhook source had sent at the start.
    """

    __slots__ = ("_at_start", "_here", "_none_told", "_told")

    def __init__(self, webhooks: Mapping[str, int]) -> None:
        self._at_start = webhooks
        self._here = 0
        self._told: OrderedDict[int, Mapping[str, int]] = OrderedDict()
        """By a total that a device has got: how many of it were of each source."""
        self._none_told = -1
        """The newest total that a device got while all came from the page. Most kitchens keep only
        that."""

    def add(self, n: int) -> None:
        """Count `n` likes of guests in the house, which are durable."""
        self._here += n

    def split(self, before: int, total: int, webhooks: Mapping[str, int]) -> dict[str, int]:
        """Return the likes between the totals `before` and `total` by source, none of them 0.

        `webhooks` are those that each webhook source has sent. Of likes that are just being
        committed the source may follow in the next reply.
        """
        if not self._here and not webhooks:
            self._none_told = total
            return {"page": total - before} if total > before else {}
        counts = {"here": self._here}
        for name, n in webhooks.items():
            counts[wire_name(name)] = n - self._at_start.get(name, 0)
        told = self._told.get(before)
        if told is None and before <= self._none_told:
            told = {}
        if told is None:
            # Of a cursor from before the start, all likes that came since then are new.
            told = {source: max(0, n - (total - before)) for source, n in counts.items()}
        new: dict[str, int] = {}
        left = total - before
        for source, n in counts.items():
            new[source] = min(left, max(0, n - told.get(source, 0)))
            left -= new[source]
        self._told[total] = {source: told.get(source, 0) + n for source, n in new.items()}
        self._told.move_to_end(total)
        if len(self._told) > MAX_TOLD:
            self._told.popitem(last=False)
        return {source: n for source, n in {"page": left, **new}.items() if n}
