"""What the cloud remembers, and the interface behind which a database keeps it.

A write has three outcomes. It returns: it is durable. It raises `OutcomeUnknownError`: nobody knows
yet. It raises any other `StoreError`: nothing was kept.

A store calls its listener with each kitchen that it has changed, also when the request that asked
for the change was cancelled meanwhile, or was told that the outcome is unknown: so a cancelled
request does no harm.
"""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import Enum
from typing import Protocol

from likelight.contract import Desired, NoteState, State, Status, Thanks, Week, WeekHours
from likelight.runtime.store_errors import StoreError
from likelight_cloud.store.details import UNLISTED, Details
from likelight_cloud.store.enrolment import CodeRefusal, Enrolled
from likelight_cloud.store.pairing import NewPairing, Pairing, WrongCode
from likelight_cloud.store.rotation import Rotation

KEY_TTL_S = 24 * 3600.0
"""How long an `Idempotency-Key` is remembered."""

NOTES_KEPT = timedelta(days=30)
"""How long after it was sent a note is kept, for its sender to ask about."""


DAYS_KEPT = 8
"""Days, this one included, whose likes are remembered."""

BOOTS_KEPT = 8
"""Boots of a device of which the newest status number is remembered."""

CONFIRM_WITHIN_S = 5.0
"""How long a viewer or a device waits for a write to be confirmed: as long as SQLite waits for
another process that writes."""


class OutcomeUnknownError(StoreError):
    """A write was not confirmed in time. The store goes on with it, so it may be kept even later.

    Nothing that was acknowledged depends on it: ask for the same again, with the same key.
    """


class NoKitchenError(KeyError):
    """A write to a kitchen that does not exist, or was removed meanwhile."""


class KeyReusedError(Exception):
    """An `Idempotency-Key` came again with another body."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the device last said of itself, times clamped to the moment of receipt."""

    state: State
    since: datetime
    """By the cloud's clock: when it first heard of this state."""
    simulated: bool
    lit_total: int
    last_lit_at: datetime | None
    received_at: datetime
    opens_at: datetime | None = None
    """When the kitchen's opening hours begin again; None within them, or when it is not known."""
    hours: WeekHours | None = None
    notes_wait: bool = False
    """Its panel shows no note until it opens, or until its quiet hours end."""


@dataclass(frozen=True, slots=True)
class KitchenRecord:
    """One kitchen as it was last committed.

    `revision` grows with every commit, so that of two records the newer is known. `head` is the
    sequence number of the newest note, `acked` that of the newest one that the device holds.
    `likes_by_day` has the days of the last 8 on which there were likes, in `zone`.
    """

    kid: str
    name: str
    epoch: str
    created_at: datetime
    revision: int
    head: int
    acked: int
    likes_total: int
    notes_shown: int
    thanks: Thanks | None
    desired: Desired
    report: Report | None
    likes_by_day: Mapping[date, int] = field(default_factory=dict)
    zone: tzinfo = UTC
    """The kitchen's: its device's, before that the list's, else UTC."""
    process: str | None = None
    """Which of several that share the database the device polled last. A file of SQLite is one
    process's alone."""
    details: Details = UNLISTED
    rotation: Rotation | None = None
    """How far its device is on the way to a new token; None where there never was another one, and
    after all were revoked."""

    @property
    def hours(self) -> WeekHours | None:
        """The week's opening hours: those of its device, or until that has reported those that are
        asked for, in the list's zone; None where neither is known."""
        if self.report is not None:
            return self.report.hours
        if not self.desired.schedule or self.details.timezone is None:
            return None
        return WeekHours.model_validate(
            {"zone": self.details.timezone, "week": self.desired.schedule}
        )


@dataclass(frozen=True, slots=True)
class NoteRecord:
    """One note and what the device has said about it."""

    kid: str
    seq: int
    id: str
    code: str
    created_at: datetime
    expires_at: datetime
    delivered_at: datetime | None = None
    shown_at: datetime | None = None
    thanked_at: datetime | None = None

    def state(self, at: datetime, *, waits: bool = False) -> NoteState:
        """Return how far the note has come at `at`; a receipt outlives the note's expiry.

        `waits` says whether the kitchen lets notes wait.
        """
        if self.thanked_at is not None:
            return NoteState.THANKED
        if self.shown_at is not None:
            return NoteState.SHOWN
        if at >= self.expires_at:
            return NoteState.EXPIRED
        if waits:
            return NoteState.HELD
        return NoteState.QUEUED if self.delivered_at is None else NoteState.DELIVERED

    def told_at(self, at: datetime) -> "NoteRecord":
        """Return the note without a time later than `at`: the cloud's clock was once ahead.

        It lives as long as another one, from `at` on. What is stored stays: this clock may be the
        wrong one.
        """

        def past(moment: datetime | None) -> datetime | None:
            return moment and min(moment, at)

        created_at = min(self.created_at, at)
        return replace(
            self,
            created_at=created_at,
            expires_at=created_at + (self.expires_at - self.created_at),
            delivered_at=past(self.delivered_at),
            shown_at=past(self.shown_at),
            thanked_at=past(self.thanked_at),
        )


@dataclass(frozen=True, slots=True)
class Backlog:
    """Notes past a sequence number: `seq` is where the next look starts, `last_id` the id of that
    note, as `Store.note_id` has it; `dropped` have expired."""

    notes: tuple[NoteRecord, ...]
    seq: int
    last_id: str | None
    dropped: int
    more: bool


class Use(Enum):
    """What a database is opened for."""

    COMMAND = "command"
    """A command, also beside a cloud that serves."""
    SERVING = "serving"
    """A cloud. One alone on a file of SQLite; several on PostgreSQL."""
    ALONE = "alone"
    """A command, beside which no cloud may serve."""


Listener = Callable[[KitchenRecord], None]


def new_epoch() -> str:
    """Return the random name of a new time line."""
    return secrets.token_urlsafe(3)


def next_desired(held: Desired, change: Callable[[Desired], Desired]) -> Desired:
    """Return what `change` makes of the wishes `held`, under their next version."""
    return change(held).model_copy(update={"version": held.version + 1})


class Store(Protocol):
    """A durable store. Everything but `listen` raises `StoreError` when the database fails, and
    `NoKitchenError` for a write to a kitchen that does not exist."""

    def listen(self, listener: Listener) -> None:
        """Have `listener` called on the event loop with each record that a commit changed."""

    async def open(self, use: Use = Use.COMMAND) -> None:
        """Open the database and create what is missing in it.

        Raises `StoreError` also when `use` does not go with what others do with it just now.
        """

    async def close(self) -> None:
        """Close the database; it may be opened again."""

    async def secret(self) -> bytes:
        """Return the 32 random bytes made with the database, from which its keys derive."""

    async def probe(self, at: datetime) -> None:
        """Commit one row, always the same one: so a database that can't be written says why."""

    async def add_kitchen(
        self,
        kid: str,
        name: str,
        at: datetime,
        details: Details = UNLISTED,
        week: Week | None = None,
    ) -> bool:
        """Create a kitchen, and ask its device for the hours of `week`, where it has any. Return
        False, and change nothing, when it exists."""

    async def kitchens(self) -> tuple[KitchenRecord, ...]:
        """Return all kitchens, by their ids."""

    async def rename_kitchen(self, kid: str, name: str) -> None:
        """Give a kitchen another name."""

    async def put_details(self, kid: str, details: Details) -> None:
        """Keep other details of a kitchen."""

    async def remove_kitchen(self, kid: str) -> None:
        """Delete a kitchen with all that is kept of it."""

    async def change_desired(self, kid: str, change: Callable[[Desired], Desired]) -> None:
        """Keep what `change` makes of the kitchen's wishes, under their next version."""

    async def add_token(self, kid: str, token_hash: bytes, at: datetime) -> None:
        """Make a device token valid beside the oldest, which the device has until now; the device
        is asked for none any more.

        Any other, which no device has used twice, ends: so two are valid in a rotation. One that is
        valid already changes nothing.
        """

    async def ask_rotation(self, kid: str, at: datetime) -> bool:
        """Ask the device to draw a new token (`desired.rotate`). Return False, and change nothing,
        when it is asked already."""

    async def take_token(self, kid: str, under: bytes, token_hash: bytes, at: datetime) -> bool:
        """Make `token_hash`, which a device with the valid token `under` has drawn, valid beside
        that one alone; the device is asked no more. Return False, and change nothing, when it was
        not asked, or `under` is not valid.

        One that is valid already changes nothing, and gets True again.
        """

    async def end_other_tokens(self, kid: str, token_hash: bytes, at: datetime) -> None:
        """Leave `token_hash` alone valid: a rotation is done."""

    async def revoke_tokens(self, kid: str, token_hash: bytes) -> None:
        """Leave the new `token_hash` alone valid, and forget what was said of the kitchen under
        the others: nobody knows who said it."""

    async def token_hashes(self, kid: str) -> tuple[bytes, ...]:
        """Return the hashes of the valid device tokens, the oldest first."""

    async def put_code(self, kid: str, code_hash: bytes, expires_at: datetime) -> None:
        """Make `code_hash` the only enrolment code of the kitchen; the one before is void."""

    async def has_open_code(self, kid: str, at: datetime) -> bool:
        """Return whether a device may still come with the kitchen's code at `at`."""

    async def redeem(
        self, code_hash: bytes, token_hash: bytes, at: datetime
    ) -> Enrolled | CodeRefusal:
        """Make `token_hash` valid for the kitchen of the code, as `add_token` does, and the code
        used; or return why not.

        The same pair again changes nothing and gets the same answer.
        """

    async def begin_pairing(self, new: NewPairing, at: datetime) -> bool:
        """Open a pairing for 15 minutes; return False, and open none, where too many are open.

        One whose token is valid already is confirmed: its device has lost what it was told.
        """

    async def pairing(self, device_hash: bytes) -> Pairing | None:
        """Return the pairing of a device, also one that has ended, until it is forgotten."""

    async def pending_pairings(self, at: datetime) -> tuple[Pairing, ...]:
        """Return those that an operator may confirm at `at`, the oldest first."""

    async def decide_pairing(
        self, operator: bytes, user_hash: bytes, kid: str | None, at: datetime
    ) -> Pairing | WrongCode:
        """Confirm the pairing as the kitchen `kid`, whose token its own becomes as in `add_token`;
        or refuse it, without a `kid`. Return it as it is now.

        One that was decided before stays as it was. Of a wrong code five lock the operator, of whom
        a hash is kept, for 15 minutes.
        """

    async def forget_pairings(self, at: datetime) -> None:
        """Delete what has ended at `at`; the other calls that write do it, too."""

    async def changed_elsewhere(self, known: Mapping[str, int]) -> Collection[str]:
        """Return which of the kitchens `known`, by their revision, other processes may have changed
        since the last call, their tokens included."""

    async def kitchen(self, kid: str) -> KitchenRecord | None:
        """Return the kitchen, or None when there is no such kitchen."""

    async def add_likes(self, counts: Mapping[str, int], at: datetime) -> Mapping[str, int]:
        """Add likes to several kitchens in one commit, to the total and to the day that it is there
        at `at`; forget the days of more than 8 days ago. Return the new totals, without those of
        kitchens that do not exist.

        It returns once the outcome is known, however long that takes: to be asked twice would count
        them twice. `OutcomeUnknownError` comes only from a store that closes meanwhile.
        """

    async def add_note(
        self, kid: str, *, id: str, code: str, key: str, at: datetime, expires_at: datetime
    ) -> NoteRecord:
        """Append a note under the kitchen's next sequence number; delete those of 30 days ago.

        When `key` is known already, return its note unchanged, or raise `KeyReusedError` when
        that note has another code.
        """

    async def note_by_key(self, kid: str, key: str) -> NoteRecord | None:
        """Return the note that was sent with this `Idempotency-Key`."""

    async def note(self, id: str) -> NoteRecord | None:
        """Return a note by its id."""

    async def note_id(self, kid: str, seq: int) -> str | None:
        """Return the id of the note `seq`; None when the store does not have it, or no more."""

    async def notes_after(self, kid: str, seq: int, *, limit: int, at: datetime) -> Backlog:
        """Return up to `limit` notes past `seq` that have not expired at `at`, in order."""

    async def waiting(self, kid: str, at: datetime) -> tuple[str, ...]:
        """Return the ids of the notes that no panel has shown, and that have not expired at `at`,
        in order."""

    async def begin_time_line(self, kid: str, epoch: str) -> None:
        """Draw a new epoch in place of `epoch`; nothing changes when that is no longer the present.

        The last thanks is forgotten: the device says it again.
        """

    async def begin_time_lines(self) -> int:
        """Draw a new epoch for each kitchen; return how many there are."""

    async def take_over(self, kid: str, process: str) -> None:
        """Remember that the device polls `process` now, so that another one lets the kitchen go."""

    async def acknowledge(self, kid: str, seq: int, at: datetime) -> None:
        """Remember that the device holds every note up to `seq`."""

    async def put_status(self, kid: str, status: Status, at: datetime) -> None:
        """Keep a device's status and receipts, received at `at`; idempotent on (boot_id, n).

        A status older than one that is known changes only what its receipts add.
        """


def storable(text: str) -> bool:
    """Return whether a database can hold `text` at all: addresses of requests bring anything."""
    return text.isascii() and "\0" not in text
