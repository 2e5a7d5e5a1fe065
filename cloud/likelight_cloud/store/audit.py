"""The audit log, in both stores: who changed what, and when. It only grows.

Each row has the hash of the row before it, so one that is changed or missing is seen. The hash of
the newest row stands for all of them: where it is known from elsewhere, as from the journal, the
whole log can be checked against it.

Nothing in it is personal but the name that an operator has chosen. No press of a button, no note
and no viewer is ever in it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from likelight.contract import Desired
from likelight_cloud.store.rows import Row, ms, time_of
from likelight_cloud.store.signals import Webhook

COMMAND_LINE: Final = "command line"
"""Who types `likelight-cloud`. Not the system's user: accounts are often called after people."""
DEVICE: Final = "its device"
"""The kitchen's own, under its token or its code. No operator is called so: a name has no space."""
CLOUD: Final = "the cloud itself"

LONGEST_WORD = 200
_NONE: Final = bytes(32)
"""What stands in the first row for the hash of the row before it."""


class Action(StrEnum):
    """What was done."""

    KITCHEN_ADDED = "kitchen added"
    KITCHEN_RENAMED = "kitchen renamed"
    KITCHEN_DESCRIBED = "kitchen described"
    """What the list says beyond name and hours was changed."""
    KITCHEN_REMOVED = "kitchen removed"
    TOKEN_MADE = "token made"  # noqa: S105 - an act, no secret
    TOKEN_ROTATION_ASKED = "token rotation asked"  # noqa: S105 - an act, no secret
    TOKEN_ROTATED = "token rotated"  # noqa: S105 - an act, no secret
    """The device has brought a new one."""
    TOKEN_ROTATION_DONE = "token rotation done"  # noqa: S105 - an act, no secret
    """The tokens before the new one have ended."""
    TOKENS_REVOKED = "tokens revoked"
    CODE_MADE = "enrolment code made"
    CODE_USED = "enrolment code used"
    PAIRING_CONFIRMED = "pairing confirmed"
    PAIRING_REFUSED = "pairing refused"
    DESIRED_SET = "desired set"
    OPERATOR_ADDED = "operator added"
    OPERATOR_REMOVED = "operator removed"
    TIME_LINE_BEGUN = "time line begun"
    """A device knew more than the database, which must have come back from a backup."""
    SOURCE_ADDED = "source added"
    SOURCE_SECRETS = "source secrets changed"
    SOURCE_REMOVED = "source removed"
    RESTORED = "restored"
    """The database came back from a backup: rows that were written since that are gone."""
    WEBHOOK_ADDED = "webhook added"
    WEBHOOK_SWITCHED_ON = "webhook switched on"
    WEBHOOK_SWITCHED_OFF = "webhook switched off"
    """It took nothing for a day, or said that it is gone."""
    WEBHOOK_REMOVED = "webhook removed"
    CATALOGUE_PUBLISHED = "catalogue published"
    CATALOGUE_REMOVED = "catalogue removed"


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did. `about` is the id of the kitchen, operator, source or webhook; `detail` is
    a few words. Each is one line of at most 200 printable characters."""

    action: Action
    about: str = ""
    who: str = COMMAND_LINE
    detail: str = ""

    def __post_init__(self) -> None:
        for word in (self.about, self.who, self.detail):
            # A line break would write a line of its own into the journal.
            if len(word) > LONGEST_WORD or not word.isprintable():
                raise ValueError(f"{word!r} is not one line of at most {LONGEST_WORD} characters")


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row. `action` may be one of a newer version. `previous` is the hash of the row before."""

    n: int
    at: datetime
    who: str
    action: str
    about: str
    detail: str
    previous: bytes
    hash: bytes

    @property
    def is_whole(self) -> bool:
        """Whether nothing in it was changed since it was written, its hash included."""
        return self.hash == self._digest()

    def follows(self, before: "AuditRow | None") -> bool:
        """Return whether it was written right after the row `before`; after none, as the first."""
        if before is None:
            return self.n == 1 and self.previous == _NONE
        return self.n == before.n + 1 and self.previous == before.hash

    def _digest(self) -> bytes:
        told = [self.n, ms(self.at), self.who, self.action, self.about, self.detail]
        return sha256(json.dumps([*told, self.previous.hex()]).encode()).digest()


def next_row(newest: Row | None, act: Act, at: datetime) -> Mapping[str, int | str | bytes]:
    """Return the columns of the row for `act`, which follows the row `newest`; of that only `n` and
    `hash` are read."""
    row = AuditRow(
        n=1 if newest is None else newest["n"] + 1,
        at=at,
        who=act.who,
        action=act.action.value,
        about=act.about,
        detail=act.detail,
        previous=_NONE if newest is None else bytes(newest["hash"]),
        hash=b"",
    )
    return {
        "n": row.n,
        "at": ms(at),
        "who": row.who,
        "action": row.action,
        "about": row.about,
        "detail": row.detail,
        "previous": row.previous,
        "hash": row._digest(),
    }


def next_rows(
    newest: Row | None, acts: Iterable[Act], at: datetime
) -> Iterator[Mapping[str, int | str | bytes]]:
    """Yield the columns of one row after the other, as `next_row`."""
    for act in acts:
        row = next_row(newest, act, at)
        yield row
        newest = row


def audit_row_of(row: Row) -> AuditRow:
    """Return the record that a row of `audit` holds."""
    return AuditRow(
        n=row["n"],
        at=time_of(row["at"]),
        who=row["who"],
        action=row["action"],
        about=row["about"],
        detail=row["detail"],
        previous=bytes(row["previous"]),
        hash=bytes(row["hash"]),
    )


def webhook_added(webhook: Webhook) -> Act:
    """Return the audit log's row of a new webhook: its host alone, since the rest of an address may
    be a password."""
    host = urlsplit(webhook.url).hostname or ""
    return Act(Action.WEBHOOK_ADDED, webhook.id, detail=host[:LONGEST_WORD])


def decision(kid: str | None, who: str) -> Act:
    """Return that `who` has made a device the kitchen `kid`'s, or without one refused it."""
    if kid is None:
        return Act(Action.PAIRING_REFUSED, who=who)
    return Act(Action.PAIRING_CONFIRMED, kid, who)


def wishes_told(before: Desired, after: Desired) -> str:
    """Return which wishes have changed, to what where a word says it."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    changed = {name: value for name, value in new.items() if value != old[name]}
    return ", ".join(
        name if isinstance(value, dict) else f"{name}={value}" for name, value in changed.items()
    )
