"""Whether at least 20 different viewers stand behind a sum: counted in memory, never stored.

What is kept of a viewer is a keyed hash of the token, until 20 have come or the sum's time is over;
the key is in memory only, so after a restart the count begins anew, and a sum may stay hidden.
"""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

MANY: Final = 20

MAX_SUMS: Final = 100_000
"""Sums that are counted at a time, about 200 MB where each has 19 viewers; of more, the one that is
longest without a viewer is forgotten, and may stay hidden."""

_HASH_BYTES = 8


@dataclass(slots=True)
class _Count:
    time: Hashable
    viewers: set[bytes] = field(default_factory=set)
    many: bool = False


class ViewerCounts:
    """Counts the viewers of each sum until there are 20."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._sums: OrderedDict[Hashable, _Count] = OrderedDict()

    def add(self, what: Hashable, time: Hashable, viewer: str) -> bool:
        """Count `viewer` for the sum of `what` in `time`, such as a day; return True when it is the
        twentieth. A new `time` begins at zero."""
        count = self._sums.get(what)
        if count is None or count.time != time:
            count = self._sums[what] = _Count(time)
        self._sums.move_to_end(what)
        if len(self._sums) > MAX_SUMS:
            self._sums.popitem(last=False)
        if count.many:
            return False
        count.viewers.add(self._hash(viewer))
        count.many = len(count.viewers) >= MANY
        if count.many:
            count.viewers.clear()
        return count.many

    def forget(self, viewer: str) -> None:
        """Forget that `viewer` came; what it sent stays counted in the sums."""
        hashed = self._hash(viewer)
        for count in self._sums.values():
            count.viewers.discard(hashed)

    def _hash(self, viewer: str) -> bytes:
        return hmac.digest(self._key, viewer.encode(), hashlib.sha256)[:_HASH_BYTES]
