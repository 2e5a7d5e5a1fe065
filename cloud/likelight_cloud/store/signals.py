"""What a database keeps of signals, and of the webhooks that get messages of them.

A signal is open from when it began until it ended; both changes are kept in one transaction with
their messages, so that none is lost and none is made twice.
"""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Protocol

from likelight.contract import State
from likelight.contract.values import rfc3339

OUTAGE_MS = 180_000
"""A device that was silent for so long was away: it reports every 72 s at the latest."""

LAMP_AFTER = timedelta(minutes=10)
"""A lamp that lights no like for so long, while its device reports, does not work."""

HELD_FOR = timedelta(seconds=60)
"""The process that looks for signals is the only one until so long after its last look."""

CLAIMED_FOR = timedelta(seconds=60)
"""No other process sends a message for so long after one has begun to."""

PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
)
"""Between the 8 tries of one message: 27.6 h in all, and random 24 min."""

KEPT_FOR = timedelta(hours=30)
"""So long after it was made a message is given up, whatever became of its tries."""

OFF_AFTER = timedelta(days=1)
"""A webhook that has taken nothing for so long is switched off."""


OFF_AIR = frozenset({State.PRIVATE, State.CLOSED, State.OFF})
"""The states in which a kitchen is off air on purpose: none of them is ever a signal."""


class SignalKind(StrEnum):
    """What a signal is about."""

    LAMP = "lamp"
    PICTURES = "pictures"
    OFFLINE = "offline"
    SPIKE = "spike"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal; `kid` is None where it is about the whole fleet."""

    kind: SignalKind
    kid: str | None
    began_at: datetime
    words: str
    """One sentence for an operator, as it was when the signal began."""

    @property
    def key(self) -> "SignalKey":
        """What two open signals never have in common."""
        return self.kind, self.kid


SignalKey = tuple[SignalKind, str | None]


@dataclass(frozen=True, slots=True)
class OpenSignal:
    """A signal that has begun and not ended."""

    signal: Signal
    hidden: bool
    """Its kitchen is off air on purpose: it is not shown until the kitchen is on air again."""


@dataclass(frozen=True, slots=True)
class FleetRecord:
    """What the signals are made of: one kitchen in few fields, because all are read each time."""

    kid: str
    created_at: datetime
    state: State | None
    """What its device last said; None where none has reported."""
    received_at: datetime | None
    last_note_at: datetime | None
    """When the newest note was sent; None without one in the last 30 days."""
    unlit_since: datetime | None
    """Since when its device reports likes that the lamp has not lit, and lights none of them."""
    pictures_missing_since: datetime | None
    likes_by_day: Mapping[date, int] = field(default_factory=dict)
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that gets a message when a signal begins, and when it ends."""

    id: str
    url: str
    added_at: datetime
    failing_since: datetime | None = None
    off_because: str | None = None
    """In words; None while it is on."""
    waiting: int = 0
    """Messages that it has not taken yet."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one webhook; `tries` counts the present one."""

    message: str
    """Its id, the same at each try and for each webhook."""
    webhook: str
    url: str
    body: str
    tries: int


class SignalStore(Protocol):
    """The part of a `Store` that is about signals and webhooks. Raises `StoreError`."""

    async def fleet(self) -> tuple[FleetRecord, ...]:
        """Return all kitchens."""

    async def note_pictures(self, kid: str, missing_since: datetime | None) -> None:
        """Remember since when pictures that are due do not come; None once one has come."""

    async def begin_look(self, process: str, at: datetime) -> bool:
        """Return whether `process` looks for signals now: the first that asks does, and goes on
        until it has not asked for 60 s."""

    async def looked_at(self) -> datetime | None:
        """Return when a process last looked for signals; None before the first time."""

    async def open_signals(self) -> tuple[OpenSignal, ...]:
        """Return those that have begun and not ended, the oldest first."""

    async def change_signals(
        self, begun: Collection[Signal], ended: Collection[SignalKey], at: datetime
    ) -> None:
        """Keep which signals begin and end, and a message of each change for each webhook that is
        on. What has begun or ended already changes nothing."""

    async def add_webhook(self, url: str, at: datetime) -> Webhook | None:
        """Add a webhook under a new id; return None, and change nothing, where it is there."""

    async def webhooks(self) -> tuple[Webhook, ...]:
        """Return all webhooks, the oldest first."""

    async def remove_webhook(self, id: str, at: datetime) -> bool:
        """Delete a webhook with its messages; return whether it was there."""

    async def switch_webhook_on(self, id: str, at: datetime) -> bool:
        """Switch a webhook on, for what begins or ends from now on; return whether it is there."""

    async def has_due(self, at: datetime) -> bool:
        """Return whether a message waits whose time has come."""

    async def claim_deliveries(self, at: datetime, limit: int) -> tuple[Delivery, ...]:
        """Return messages whose time has come, for the caller alone to send within 60 s; delete
        those of more than 30 h ago."""

    async def delivered(self, delivery: Delivery) -> None:
        """Delete a message that its webhook has taken."""

    async def failed(
        self, delivery: Delivery, why: str, at: datetime, next_at: datetime, *, gone: bool
    ) -> bool:
        """Keep a message for a further try at `next_at`, or delete it after the eighth. A webhook
        that has taken nothing for a day, or is `gone`, is switched off, and its messages deleted;
        return whether that has happened now."""


def new_id(kind: str) -> str:
    """Return a random id, such as msg_2f6c..., of letters and digits."""
    return f"{kind}_{secrets.token_hex(12)}"


def message_of(signal: Signal, ended_at: datetime | None) -> str:
    """Return the body of the message that `signal` has begun, or has ended at `ended_at`."""
    return json.dumps(
        {
            "type": "signal.began" if ended_at is None else "signal.ended",
            "timestamp": rfc3339(ended_at or signal.began_at),
            "data": facts_of(signal),
        },
        ensure_ascii=False,
    )


def facts_of(signal: Signal) -> dict[str, str | None]:
    """Return a signal as webhooks and `signals --json` have it."""
    return {
        "kind": signal.kind.value,
        "kitchen": signal.kid,
        "began_at": rfc3339(signal.began_at),
        "words": signal.words,
    }


def may_look(held: bytes | None, process: str, at_ms: int) -> bytes | None:
    """Return the new value of the row that says who looks for signals; None where `process` may
    not, because another one `held` it within `HELD_FOR`. `at_ms` is in ms since 1970."""
    if held is not None:
        holder, _, held_ms = held.decode().partition(" ")
        # One that is far ahead was held under a wrong clock.
        if holder != process and abs(at_ms - int(held_ms)) < HELD_FOR / timedelta(milliseconds=1):
            return None
    return f"{process} {at_ms}".encode()


def switched_off(webhook_failing_since: datetime, why: str, at: datetime, *, gone: bool) -> str:
    """Return in words why a webhook is switched off now; an empty string where it stays on."""
    if gone:
        return "it answered 410 (gone)"
    if at - webhook_failing_since < OFF_AFTER:
        return ""
    return f"it has taken no message for a day; the last time {why}"
