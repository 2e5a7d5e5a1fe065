"""Copies of a whole database: made while a cloud serves, put back while none does."""

from pathlib import Path
from typing import Protocol


class Copies(Protocol):
    """The copies of one database. Every method may raise `StoreError`."""

    async def make(self, file: Path) -> int:
        """Write a consistent copy into the new `file`, 0600; return its size in bytes.

        A half-written copy never has the name `file`.
        """

    async def check(self, file: Path) -> None:
        """Raise `StoreError` unless `file` is a copy that `restore` can put back."""

    async def restore(self, file: Path) -> Path | None:
        """Put the copy `file` in the database's place, where each kitchen begins a new time line.

        Return where the database from before is kept, or None where it is not. Refused while a
        cloud serves; after a failure the database from before is in place.
        """
