"""What a kitchen takes of all viewers together, and how many new viewers while more is asked.

A viewer's own limits do not stop a program that comes as a new viewer with each request. So while
more is asked of a kitchen than its ceiling, tokens for new viewers are minted at a limited rate for
each address prefix; viewers who have a token go on. Below the ceiling nothing is limited by
address: a hundred guests of one restaurant have the same. Times are the event loop's, in seconds.
"""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from likelight.web.http.proxies import Address, prefix
from likelight_cloud.trust.limits import Bucket

MINTS_PER_MIN = 10
MAX_PREFIXES = 50_000
"""Prefixes remembered at once, about 15 MB; the one seen longest ago is forgotten first."""
MAX_NEWCOMERS = 20_000
"""First requests whose token is remembered, about 10 MB, in case they come again without it."""


@dataclass(frozen=True, slots=True)
class KitchenLimits:
    """What each kitchen takes; at once five times the likes of a second, three times the notes of
    a minute."""

    likes_per_s: int = 1000
    notes_per_min: int = 20


class Ceiling(Bucket):
    """A bucket that also knows whether more is asked than it gives."""

    def __init__(self, per_s: float, burst: float, at: float) -> None:
        super().__init__(per_s, burst, at)
        self._spare = burst
        self._asked_at = at

    def take(self, n: int, at: float) -> tuple[int, float]:
        """Take up to `n` whole tokens, as a `Bucket`."""
        self.ask(n, at)
        return super().take(n, at)

    def ask(self, n: int, at: float) -> None:
        """Note that `n` were asked for, whether or not they are given."""
        self._spare = max(-self._burst, self._spare_at(at) - n)
        self._asked_at = at

    def exceeded(self, at: float) -> bool:
        """Return whether more was asked for than there is, until that has calmed down."""
        return self._spare_at(at) < 0

    def _spare_at(self, at: float) -> float:
        return min(self._burst, self._spare + (at - self._asked_at) * self._per_s)


class Ceilings:
    """The ceilings of one kitchen."""

    def __init__(self, limits: KitchenLimits, at: float) -> None:
        self.likes = Ceiling(limits.likes_per_s, 5 * limits.likes_per_s, at)
        self.notes = Ceiling(limits.notes_per_min / 60, 3 * limits.notes_per_min, at)


class MintLimitError(Exception):
    """No new viewer of this prefix just now; one may come in `wait_s` seconds."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"no new viewer for {wait_s:g} s")
        self.wait_s = wait_s


class PrefixBuckets:
    """A bucket of `per_min` tokens, refilled in a minute, for each address prefix.

    Of an address no more is kept than a keyed hash of its prefix, in memory, and the key with it.
    """

    def __init__(self, per_min: int) -> None:
        self._per_min = per_min
        self._key = secrets.token_bytes(16)
        self._buckets: OrderedDict[bytes, Bucket] = OrderedDict()

    def hidden(self, address: Address | None) -> bytes:
        """Return the keyed hash of the prefix of `address`, None for a unix socket's."""
        place = b"" if address is None else prefix(address)
        return hashlib.blake2b(place, key=self._key, digest_size=8).digest()

    def take(self, hidden: bytes, at: float) -> float:
        """Take a token of this prefix; return 0.0, or in how many seconds there will be one."""
        bucket = self._buckets.get(hidden)
        if bucket is None:
            bucket = self._buckets[hidden] = Bucket(self._per_min / 60, self._per_min, at)
            if len(self._buckets) > MAX_PREFIXES:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(hidden)
        return bucket.take(1, at)[1]

    def give_back(self, hidden: bytes) -> None:
        """Put a token of this prefix back that was taken and does not count."""
        if (bucket := self._buckets.get(hidden)) is not None:
            bucket.give_back(1)


class Newcomers:
    """Gives those who come without a token one, made by `mint`.

    The same request gets the same token again: its reply, and the cookie in it, may have been lost.
    """

    def __init__(self) -> None:
        self._prefixes = PrefixBuckets(MINTS_PER_MIN)
        self._tokens: OrderedDict[tuple[bytes, str], str] = OrderedDict()
        self._asked_by: dict[str, tuple[bytes, str]] = {}
        """The key of each in `_tokens`."""

    def token(
        self,
        address: Address | None,
        request: str,
        mint: Callable[[], str],
        *,
        limited: bool,
        at: float,
    ) -> str:
        """Return the token of who sent `request` from `address`. Raises `MintLimitError`."""
        hidden = self.hidden_prefix(address)
        known = self._tokens.get((hidden, request))
        if known is not None:
            return known
        if limited:
            wait_s = self._prefixes.take(hidden, at)
            if wait_s:
                raise MintLimitError(wait_s)
        token = self._tokens[hidden, request] = mint()
        self._asked_by[token] = (hidden, request)
        if len(self._tokens) > MAX_NEWCOMERS:
            _, oldest = self._tokens.popitem(last=False)
            self._asked_by.pop(oldest, None)
        return token

    def hidden_prefix(self, address: Address | None) -> bytes:
        """Return the keyed hash of the prefix of `address`, None for a unix socket's."""
        return self._prefixes.hidden(address)

    def forget(self, token: str) -> None:
        """Forget who got `token`, and for which request."""
        asked = self._asked_by.pop(token, None)
        if asked is not None:
            self._tokens.pop(asked, None)
