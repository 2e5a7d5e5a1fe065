"""What is remembered of webhook sources, and what one of their events changes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, NamedTuple, Protocol

from likelight.contract import Count, Name, SummaryMoment, Wire

SOURCE_NAME = "[a-z0-9][a-z0-9-]{0,31}"
"""The pattern of a source's name, in addresses too."""

MOST_SOURCES = 64
"""Of a reply to a device `by_source` has 100 entries at most, the page's and the guests' too."""

MOST_PER_EVENT = 10_000
MOST_PER_HOUR = 100_000
"""Likes of one source, for all kitchens together; an hour begins when the clock's does."""

HOUR_S: Final = 3600

REMEMBERED = timedelta(days=2)
"""How long after it was sent the id of an event is remembered: longer than the tolerance of any
profile, and than senders try again (Svix, who wrote Standard Webhooks: 28 h)."""


@dataclass(frozen=True, slots=True)
class IngestSource:
    """A source of events: who may send them, and how they are signed."""

    name: str
    profile: str | None
    """Its `Profile` as JSON; None: a bearer token, unsigned."""
    secrets: tuple[bytes, ...]
    """The newest first, two in a rotation. The keys themselves, from which a signature is computed;
    of a bearer token a hash."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LikesSent:
    """`n` new likes; or where `running`, the provider's total until now."""

    n: int
    running: bool


@dataclass(frozen=True, slots=True)
class NoteSent:
    """A note, which is kept under this id."""

    id: str
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class MomentSent:
    """A moment, which takes the place of the one before."""

    moment: SummaryMoment


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """One event of a source for a kitchen. `id` and `digest` are hashes: of its id, and of all that
    it says. Without an id nobody can know that it was here before."""

    source: str
    id: bytes | None
    digest: bytes
    sent_at: datetime
    kid: str
    sent: LikesSent | NoteSent | MomentSent


class EventAnswer(Wire):
    """What became of an event: the likes that count, 1 for a note or a moment, and the
    note's id."""

    accepted: Count
    note: Name | None = None
    detail: str | None = None
    """In words, where less counts than the sender may expect."""


class EventRefusal(Enum):
    """Why nothing of an event was kept."""

    GONE = "gone"
    """The source was removed meanwhile."""
    REUSED = "reused"
    """Another event had its id."""
    LIMIT = "limit"
    """The source has sent as many likes in this hour as it may."""


class IngestStore(Protocol):
    """The sources in a `Store`, under whose rules each method is; all raise `StoreError`."""

    async def add(self, source: IngestSource) -> bool:
        """Keep a new source. Return False, and change nothing, when its name is there."""

    async def all(self) -> tuple[IngestSource, ...]:
        """Return all sources, by their names."""

    async def find(self, name: str) -> IngestSource | None:
        """Return a source, or None when there is none."""

    async def put_secrets(self, name: str, secrets: tuple[bytes, ...], at: datetime) -> None:
        """Keep these secrets, one or two, of a source that exists, in place of those before."""

    async def remove(self, name: str, at: datetime) -> bool:
        """Delete a source and all that is remembered of its events; the likes and notes stay."""

    async def answer(self, event: SourceEvent) -> EventAnswer | EventRefusal | None:
        """Return the answer that the same event has got before, or None."""

    async def take(self, event: SourceEvent, at: datetime) -> EventAnswer | EventRefusal:
        """Keep what an event brings and its answer, in one commit; or say why not.

        The same event again changes nothing, and gets the same answer, until it is forgotten. So
        do two processes at once. Raises `NoKitchenError`.
        """


class Counted(NamedTuple):
    """What counts of `LikesSent`, and which of the provider's totals is counted up to now."""

    accepted: int
    base: int | None
    detail: str | None = None


def count(sent: LikesSent, base: int | None, left: int) -> Counted | None:
    """Return what counts of `sent`, while `left` may be counted in this hour; None for too much.

    `base` is the provider's total that was counted before, None before its first one.
    """
    if not sent.running:
        return Counted(sent.n, base) if sent.n <= left else None
    if base is None:
        return Counted(0, sent.n, "The first total is where counting begins: none of it counts.")
    if sent.n < base:
        return Counted(0, base, f"The total was {base} before. A lower one is ignored.")
    accepted = min(sent.n - base, MOST_PER_EVENT, left)
    if accepted == 0 and sent.n > base:
        return None
    rest = sent.n - base - accepted
    detail = f"The other {rest} count with the next totals." if rest else None
    return Counted(accepted, base + accepted, detail)


def wire_name(source: str) -> str:
    """Return how the contract names a source, such as `webhook:till`."""
    return f"webhook:{source}"


def secret_columns(secrets: tuple[bytes, ...]) -> tuple[bytes, bytes | None]:
    """Return one or two secrets as the two columns that hold them."""
    return secrets[0], secrets[1] if len(secrets) > 1 else None


def hour_of(at: datetime) -> int:
    """Return the number of the hour of `at`."""
    return int(at.timestamp()) // HOUR_S
