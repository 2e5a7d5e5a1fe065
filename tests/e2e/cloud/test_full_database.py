"""A database without room, under load: viewers are told in words, nothing that they were told is
kept gets lost, and writes are back by themselves once there is room. 20 times in the long run."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import LONG
from support.disk import disk_of
from support.loaded_cloud import loaded_cloud
from support.postgresql import Server
from support.small_disk import fill
from support.waiting import WITHIN_S

ROUNDS = 1 if LONG == 1 else 20
BACK_WITHIN_S = 5.0
DISK_MB = 16


def sqlite(request: pytest.FixtureRequest) -> Iterator[tuple[str, Path]]:
    with disk_of(DISK_MB, request.getfixturevalue("tmp_path") / "disk") as disk:
        yield str(disk / "cloud.sqlite3"), disk


def postgresql(request: pytest.FixtureRequest) -> Iterator[tuple[str, Path]]:
    """Its tables alone: without room for its log the server itself ends, which is another fault."""
    server: Server = request.getfixturevalue("postgresql")
    with server.small_database(DISK_MB) as small:
        yield small


@pytest.mark.parametrize("small", [sqlite, postgresql])
async def test_a_full_database_refuses_in_words_and_takes_writes_again_once_there_is_room(
    request: pytest.FixtureRequest,
    small: Callable[[pytest.FixtureRequest], Iterator[tuple[str, Path]]],
) -> None:
    with contextmanager(small)(request) as (url, disk):
        async with loaded_cloud(url) as cloud:
            for _ in range(ROUNDS):
                cloud.load.refusals.clear()
                await asyncio.to_thread(fill, disk)
                async with asyncio.timeout(WITHIN_S):
                    while not cloud.load.refusals:
                        await asyncio.sleep(0.05)
                assert set(cloud.load.refusals) == {
                    "The cloud cannot reach its database just now. Send the request again in a "
                    "moment."
                }
                await asyncio.to_thread((disk / "filler").unlink)
                assert await cloud.load.acknowledgement() < BACK_WITHIN_S
