"""How each part of the PostgreSQL store reaches its database."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import asyncpg

T = TypeVar("T")
Work = Callable[[asyncpg.Connection], Awaitable[T]]
"""Runs on one of the store's connections."""


class Read(Protocol):
    """Reads from the database."""

    async def __call__(self, work: Work[T], /) -> T: ...


class Write(Protocol):
    """Commits what `work` does, and gives the listener the new records of the kitchens `kids`."""

    async def __call__(self, work: Work[T], /, *kids: str) -> T: ...
