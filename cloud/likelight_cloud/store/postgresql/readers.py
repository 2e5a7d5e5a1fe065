"""Reads from PostgreSQL, on a few connections of their own."""

import asyncio
from typing import TypeVar

import asyncpg

from likelight.runtime.store_errors import StoreError
from likelight_cloud.store.base import CONFIRM_WITHIN_S
from likelight_cloud.store.postgresql.access import Work
from likelight_cloud.store.postgresql.address import Address
from likelight_cloud.store.postgresql.connect import LOST, Primary, connect, explained

CONNECTIONS = 4
"""More would not answer sooner: one process of Python keeps no more of them busy."""

T = TypeVar("T")


class Readers:
    """Runs queries; each `work` is one connection. No pool: what asks may be cancelled at any
    time, and a query is never cancelled with it."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._asked: asyncio.Queue[tuple[Work[object], asyncio.Future[object]]] = asyncio.Queue()
        self._generation = 0

    def reconnect(self) -> None:
        """Have every connection made anew before its next query: the primary may be another."""
        self._generation += 1

    async def read(self, query: Work[T]) -> T:
        """Return what `query` does. Raises `StoreError`."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._asked.put_nowait((query, answer))  # type: ignore[arg-type]  # the pair is of one T
        return await answer

    async def work(self) -> None:
        """Answer queries until cancelled."""
        primary: Primary | None = None
        generation = 0
        answer: asyncio.Future[object] | None = None
        try:
            while True:
                query, answer = await self._asked.get()
                if primary is not None and generation != self._generation:
                    primary.connection.terminate()
                    primary = None
                for may_repeat in (True, False):
                    try:
                        # Reads may be cancelled at the server, which this time-out does.
                        async with asyncio.timeout(CONFIRM_WITHIN_S):
                            if primary is None or primary.connection.is_closed():
                                generation = self._generation
                                primary = await connect(self._address)
                            result = await query(primary.connection)
                    except Exception as error:  # noqa: BLE001  the asker gets it
                        if isinstance(error, LOST) and primary is not None:
                            primary.connection.terminate()
                            primary = None
                            if may_repeat and not isinstance(error, TimeoutError):
                                continue
                        _fail(answer, self._told(error))
                    else:
                        if not answer.done():
                            answer.set_result(result)
                    break
        finally:
            if primary is not None:
                primary.connection.terminate()
            if answer is not None:
                _fail(answer, self._closed())

    def end(self) -> None:
        """Refuse what nobody has begun to read."""
        while not self._asked.empty():
            _fail(self._asked.get_nowait()[1], self._closed())

    def _closed(self) -> StoreError:
        return StoreError(f"{self._address.name} is not open")

    def _told(self, error: Exception) -> Exception:
        database = isinstance(error, (asyncpg.PostgresError, *LOST))
        return explained(error, self._address) if database else error


def _fail(answer: asyncio.Future[object], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
