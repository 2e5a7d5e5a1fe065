"""Catalogue documents: the notes that operators have published, in both stores.

A document is called by the SHA-256 of its bytes. Which kitchens were ever asked to have it is kept:
a device gets no other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from likelight.contract import Desired
from likelight_cloud.store.audit import COMMAND_LINE
from likelight_cloud.store.rows import Row, time_of


class CatalogueUnknownError(ValueError):
    """A document that was not published, or was removed."""

    def __init__(self, sha256: str) -> None:
        super().__init__(
            f"no catalogue {sha256} is published here. `likelight-cloud catalogue list` names "
            "those there are."
        )


class CatalogueInUseError(ValueError):
    """A document that can't be removed; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class PublishedCatalogue:
    """A document, without its content. `size` is in bytes."""

    sha256: str
    name: str
    created_at: datetime
    size: int


class CatalogueStore(Protocol):
    """The part of a `Store` that is about catalogue documents. Raises `StoreError`."""

    async def publish(
        self, sha256: str, name: str, body: bytes, at: datetime, *, who: str = COMMAND_LINE
    ) -> bool:
        """Keep the document `body`, whose checksum is `sha256`. Return False, and change nothing,
        when it is there."""

    async def published(self) -> tuple[PublishedCatalogue, ...]:
        """Return all documents, the newest first."""

    async def body(self, sha256: str) -> bytes | None:
        """Return a document; None where there is none."""

    async def body_for(self, kid: str, sha256: str) -> bytes | None:
        """Return a document that the kitchen is or was asked to have; None for any other."""

    async def withdraw(self, sha256: str, at: datetime, *, who: str = COMMAND_LINE) -> None:
        """Delete a document. Raises `CatalogueUnknownError`; and `CatalogueInUseError` while a
        kitchen is asked for it or runs it, and while a change to it can still be undone."""


def catalogue_of(row: Row) -> PublishedCatalogue:
    """Return what a row of `catalogue` says of its document, beside the `size` of that."""
    return PublishedCatalogue(row["sha256"], row["name"], time_of(row["created_at"]), row["size"])


def newly_asked(
    held: Mapping[str, Desired], wanted: Mapping[str, Desired]
) -> Iterator[tuple[str, str]]:
    """Yield the kitchens that are asked for another document than before, each with that."""
    for kid, desired in wanted.items():
        if desired.catalogue is not None and desired.catalogue != held[kid].catalogue:
            yield kid, desired.catalogue


def check_unused(sha256: str, users: Sequence[str], *, undoable: bool) -> None:
    """Raise `CatalogueInUseError` where the kitchens `users` have or shall have the document, or a
    change that mentions it can be undone."""
    if users:
        named = ", ".join(users[:5]) + (f" and {len(users) - 5} more" if len(users) > 5 else "")
        raise CatalogueInUseError(
            f"the catalogue {sha256} is asked for or shown in {named}. Ask these kitchens for "
            "other notes first, and wait until their devices show them."
        )
    if undoable:
        raise CatalogueInUseError(
            f"a change on the fleet's page that has to do with the catalogue {sha256} can still be "
            "made or undone. Try again in 10 minutes."
        )
