"""A kitchen that a command removes while a request asks for it: nothing of it stays in memory."""

import asyncio
import random
from pathlib import Path

import pytest

from likelight.web.http.problems import ProblemError
from likelight_cloud.app import LOOK_S, Cloud
from likelight_cloud.store.base import Use
from likelight_cloud.store.records import KitchenRecord
from likelight_cloud.store.sqlite.store import SqliteStore
from support.cloud import KID, NOON
from support.virtual import run_virtual, virtual_now


class HeldStore(SqliteStore):
    """A real store whose answer about a kitchen is on its way until `arrives`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.was_read = asyncio.Event()
        self.arrives = asyncio.Event()

    async def kitchen(self, kid: str) -> KitchenRecord | None:
        record = await super().kitchen(kid)
        self.was_read.set()
        await self.arrives.wait()
        return record


def test_a_kitchen_removed_between_its_reading_and_its_use_is_none(tmp_path: Path) -> None:
    """It stayed in memory until the next command: SQLite tells only that something changed."""

    async def scenario() -> None:
        store, elsewhere = HeldStore(tmp_path / "cloud.db"), SqliteStore(tmp_path / "cloud.db")
        cloud = Cloud(store, now=virtual_now(NOON), rng=random.Random(1))

        async def removed_meanwhile() -> None:
            await store.was_read.wait()
            await elsewhere.remove_kitchen(KID)
            await asyncio.sleep(2 * LOOK_S)
            store.arrives.set()

        async def refused() -> int | None:
            with pytest.raises(ProblemError) as error:
                await cloud.look(KID)
            return error.value.problem.status

        async with asyncio.TaskGroup() as group:
            running = group.create_task(cloud.run())
            await cloud.ready.wait()
            await elsewhere.open(Use.COMMAND)
            try:
                await elsewhere.add_kitchen(KID, "The demo kitchen", NOON)
                status, _ = await asyncio.gather(refused(), removed_meanwhile())
            finally:
                await elsewhere.close()
                running.cancel()
        assert status == 404
        assert not cloud.loaded_kitchens()

    run_virtual(scenario())
