"""How each part of the SQLite store reaches its file."""

import sqlite3
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
"""Runs on the file's own thread."""


class Read(Protocol):
    """Reads from the file."""

    async def __call__(self, work: Work[T], /) -> T: ...


class Write(Protocol):
    """Commits what `work` does, and gives the listener the new records of the kitchens `kids`."""

    async def __call__(self, work: Work[T], /, *kids: str) -> T: ...
