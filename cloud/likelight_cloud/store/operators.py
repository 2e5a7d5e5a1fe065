"""The people who look after the kitchens of a cloud, in both stores: named, each with a token."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
"""A short name, or an e-mail address as a proxy has it. Capitals count as small letters."""


class Role(StrEnum):
    """What an operator may do."""

    READER = "reader"
    """See how the kitchens are."""
    OPERATOR = "operator"
    """Ask devices for something, too."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One of them, as it is stored."""

    name: str
    role: Role
    token_hash: bytes
    added_at: datetime


class Operators(Protocol):
    """Those of a cloud. Everything raises `StoreError` when the database fails. Who is added or
    removed is in the audit log."""

    async def add(self, operator: Operator) -> bool:
        """Add one. Return False, and change nothing, when there is one of this name."""

    async def every(self) -> tuple[Operator, ...]:
        """Return all, by their names."""

    async def named(self, name: str) -> Operator | None:
        """Return the one of this name, which may be any text."""

    async def with_token(self, token_hash: bytes) -> Operator | None:
        """Return the one whose token has this hash."""

    async def remove(self, name: str, at: datetime) -> bool:
        """Delete one. Return False when there is none of this name."""


def operator_name(text: str) -> str:
    """Return `text` as the name of an operator. Raises `ValueError`."""
    name = text.strip().lower()
    if not NAME.fullmatch(name):
        raise ValueError(
            f"{text!r} can't be an operator's name; write up to 64 of a-z, 0-9 and . _ @ + -, such "
            "as kim or kim@example.com"
        )
    return name
