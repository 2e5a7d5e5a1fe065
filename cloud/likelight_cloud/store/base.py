"""The interface behind which a database keeps what the cloud remembers (`records.py`).

A write has three outcomes. It returns: it is durable. It raises `OutcomeUnknownError`: nobody knows
yet. It raises any other `StoreError`: nothing was kept.

A store calls its listener with each kitchen that it has changed, also when the request that asked
for the change was cancelled meanwhile, or was told that the outcome is unknown: so a cancelled
request does no harm.
"""

import secrets
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from likelight.contract import Desired, Status, Week
from likelight.fleet.stores.details import UNLISTED, Details
from likelight.runtime.store_errors import StoreError
from likelight_cloud.store.aggregates import AggregateStore
from likelight_cloud.store.audit import COMMAND_LINE, AuditRow
from likelight_cloud.store.catalogues import CatalogueStore
from likelight_cloud.store.enrolment import CodeRefusal, Enrolled
from likelight_cloud.store.fleet import Fleet
from likelight_cloud.store.holdings import Holdings
from likelight_cloud.store.ingest import IngestStore
from likelight_cloud.store.operators import Operators
from likelight_cloud.store.pairing import NewPairing, Pairing, WrongCode
from likelight_cloud.store.records import Backlog, KitchenRecord, NoteRecord
from likelight_cloud.store.signals import SignalStore

KEY_TTL_S = 24 * 3600.0
"""How long an `Idempotency-Key` is remembered."""

NOTES_KEPT = timedelta(days=30)
"""How long after it was sent a note is kept, for its sender to ask about."""

TABLES_OF_A_KITCHEN = (
    *("note", "token", "boot", "likes_day", "likes_hour", "notes_week", "lamp_day"),
    *("enrolment", "pairing", "source_kitchen", "catalogue_asked", "kitchen"),
)
"""What is deleted with a kitchen, in this order."""

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
    `NoKitchenError` for a write to a kitchen that does not exist.

    A method with a `who` also writes a row into the audit log, in the same transaction, under that
    name.
    """

    @property
    def operators(self) -> Operators:
        """The people who look after the kitchens."""

    @property
    def aggregates(self) -> AggregateStore:
        """The sums that reports are made of."""

    @property
    def signals(self) -> SignalStore:
        """What it keeps of signals and webhooks."""

    @property
    def catalogues(self) -> CatalogueStore:
        """The notes that operators have published."""

    @property
    def holdings(self) -> Holdings:
        """All that it holds, table by table."""

    @property
    def fleet(self) -> Fleet:
        """The whole fleet at once."""

    @property
    def ingest(self) -> IngestStore:
        """The sources of webhooks."""

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
        *,
        who: str = COMMAND_LINE,
    ) -> bool:
        """Create a kitchen, and ask its device for the hours of `week`, where it has any. Return
        False, and change nothing, when it exists."""

    async def kitchens(self) -> tuple[KitchenRecord, ...]:
        """Return all kitchens, by their ids."""

    async def rename_kitchen(self, kid: str, name: str, *, who: str = COMMAND_LINE) -> None:
        """Give a kitchen another name."""

    async def put_details(self, kid: str, details: Details, *, who: str = COMMAND_LINE) -> None:
        """Keep other details of a kitchen."""

    async def remove_kitchen(self, kid: str, *, who: str = COMMAND_LINE) -> None:
        """Delete a kitchen with all that is kept of it."""

    async def change_desired(
        self, kid: str, change: Callable[[Desired], Desired], *, who: str = COMMAND_LINE
    ) -> None:
        """Keep what `change` makes of the kitchen's wishes, under their next version. Raises
        `CatalogueUnknownError` for notes that are not published."""

    async def add_token(
        self, kid: str, token_hash: bytes, at: datetime, *, who: str = COMMAND_LINE
    ) -> None:
        """Make a device token valid beside the oldest, which the device has until now; the device
        is asked for none any more.

        Any other, which no device has used twice, ends: so two are valid in a rotation. One that is
        valid already changes nothing.
        """

    async def ask_rotation(self, kid: str, at: datetime, *, who: str = COMMAND_LINE) -> bool:
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

    async def revoke_tokens(self, kid: str, token_hash: bytes, *, who: str = COMMAND_LINE) -> None:
        """Leave the new `token_hash` alone valid, and forget what was said of the kitchen under
        the others: nobody knows who said it."""

    async def token_hashes(self, kid: str) -> tuple[bytes, ...]:
        """Return the hashes of the valid device tokens, the oldest first."""

    async def put_code(
        self, kid: str, code_hash: bytes, expires_at: datetime, *, who: str = COMMAND_LINE
    ) -> None:
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
        self,
        operator: bytes,
        user_hash: bytes,
        kid: str | None,
        at: datetime,
        *,
        who: str = COMMAND_LINE,
    ) -> Pairing | WrongCode:
        """Confirm the pairing as the kitchen `kid`, whose token its own becomes as in `add_token`;
        or refuse it, without a `kid`. Return it as it is now.

        One that was decided before stays as it was. Five wrong codes lock the account that
        typed them, `operator` being a hash of its name, for 15 minutes.
        """

    async def forget_pairings(self, at: datetime) -> None:
        """Delete what has ended at `at`; the other calls that write do it, too."""

    async def changed_elsewhere(self, known: Mapping[str, int]) -> Collection[str]:
        """Return which of the kitchens `known`, by their revision, other processes may have changed
        since the last call, their tokens included."""

    async def kitchen(self, kid: str) -> KitchenRecord | None:
        """Return the kitchen, or None when there is no such kitchen."""

    def turn(self) -> AbstractAsyncContextManager[object]:
        """Wait until `add_likes` may be called, where other files of the disk have their turns."""

    async def add_likes(self, counts: Mapping[str, int], at: datetime) -> Mapping[str, int]:
        """Add likes to several kitchens in one commit, to the total, and to the day and the hour of
        the week that it is there at `at`. Return the new totals, without those of kitchens that do
        not exist.

        It returns once the outcome is known, however long that takes: to be asked twice would count
        them twice. `OutcomeUnknownError` comes only from a store that closes meanwhile.
        """

    async def add_note(
        self,
        kid: str,
        *,
        id: str,
        code: str,
        key: str,
        at: datetime,
        expires_at: datetime,
        source: str = "page",
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

    async def begin_time_lines(self, *, who: str = COMMAND_LINE) -> int:
        """Draw a new epoch for each kitchen; return how many there are."""

    async def audit_from(self, n: int, limit: int) -> tuple[AuditRow, ...]:
        """Return up to `limit` rows of the audit log from the row `n` on, in order."""

    async def audit_logged(self) -> int:
        """Return the number of the newest row of the audit log whose line was written; 0 without
        one."""

    async def put_audit_logged(self, n: int) -> None:
        """Remember that the lines of the rows of the audit log up to `n` were written."""

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
