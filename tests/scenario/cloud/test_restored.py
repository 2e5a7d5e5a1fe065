"""A cloud that came back from a backup, with a device and a viewer: what each is told, exactly."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight_cloud.store.sqlite.store import SqliteStore
from support.cloud import KID, NOON, TOKEN, Site, serving
from support.device import CODES, Device
from support.virtual import run_virtual, virtual_now


class Store17:
    """A device that lives on while its cloud goes back to a backup."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "cloud.db"
        self.backup = folder / "backup.db"
        self.socket = folder / "cloud.sock"
        self.memory = folder / "device.db"
        self.now = virtual_now(NOON)
        self.device: Device | None = None

    @asynccontextmanager
    async def cloud(self) -> AsyncIterator[Site]:
        async with serving(self.database, now=self.now, unix=self.socket) as site:
            yield site

    @asynccontextmanager
    async def living(self, seed: int = 0) -> AsyncIterator[Device]:
        def session() -> aiohttp.ClientSession:
            return aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self.socket)))

        async with (
            HttpCloud("http://cloud", KID, TOKEN, new_session=session) as cloud,
            Device(self.memory, cloud, self.now, seed=seed).living() as device,
        ):
            yield device

    def back_up(self) -> None:
        """Make a backup while the cloud runs."""
        self.backup.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.database)) as old:
            old.execute("VACUUM INTO ?", (str(self.backup),))

    async def restore(self, *, command: bool) -> None:
        """Put the backup back; the cloud must have ended."""
        for kin in ("-wal", "-shm"):
            Path(f"{self.database}{kin}").unlink(missing_ok=True)
        self.database.write_bytes(self.backup.read_bytes())
        if command:
            store = SqliteStore(self.database)
            await store.open()
            assert await store.begin_time_lines() == 1
            await store.close()


async def send(site: Site, count: int) -> list[str]:
    """Send notes, each from another viewer; return their ids."""
    ids = []
    for code in CODES[:count]:
        site.forget_viewer()
        reply = await site.note(code)
        assert reply.status == 201
        ids.append(str(reply.body["id"]))
    return ids


async def states(site: Site, notes: list[str]) -> list[str]:
    """Return what the notes' senders are told; "unknown" for a note that the cloud has lost."""
    told = []
    for note in notes:
        reply = await site.call("GET", f"/v1/notes/{note}")
        told.append("unknown" if reply.status == 404 else reply.body["state"])
    return told


Play = Callable[[Callable[[Store17], Coroutine[Any, Any, None]]], None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    async def begin(scenario: Callable[[Store17], Coroutine[Any, Any, None]]) -> None:
        store = Store17(tmp_path)
        # A device that asks before its kitchen is there is refused, and waits for minutes.
        async with store.cloud():
            pass
        await scenario(store)

    return lambda scenario: run_virtual(begin(scenario))


@pytest.mark.parametrize("command", [True, False], ids=["restored", "no command"])
@pytest.mark.parametrize("notes", [True, False], ids=["notes", "likes only"])
@pytest.mark.parametrize("before_poll", [True, False], ids=["written first", "polled first"])
def test_after_a_restore_likes_are_exact_and_each_note_is_delivered_or_its_sender_told(
    play: Play, command: bool, before_poll: bool, notes: bool
) -> None:
    async def scenario(store: Store17) -> None:
        async with store.living() as device:
            async with store.cloud() as site:
                await asyncio.sleep(2)
                await site.like(20)
                kept = await send(site, 2 * notes)
                await asyncio.sleep(40)
                store.back_up()
                site.forget_viewer()
                await site.like(10)
                lost = await send(site, 3 * notes)
                await asyncio.sleep(60)
                assert await states(site, [*kept, *lost]) == ["shown"] * 5 * notes
                assert device.gestures == [(20, 20), (10, 30)]
            await store.restore(command=command)
            async with store.cloud() as site:
                if not before_poll:
                    await asyncio.sleep(120)
                new = await send(site, 4 * notes)
                site.forget_viewer()
                liked = await site.like(17)
                assert liked.body["total"] == 37
                told = (await site.summary())["lamp"]["lit_total"]
                assert told <= 20
                await asyncio.sleep(150)
                assert device.gestures == [(20, 20), (10, 30), (17, 37)]
                summary = await site.summary()
                assert summary["likes"]["total"] == summary["lamp"]["lit_total"] == 37
                assert await states(site, kept) == ["shown"] * 2 * notes
                assert await states(site, lost) == ["unknown"] * 3 * notes
                assert await states(site, new) == ["shown"] * 4 * notes
                assert summary["notes"] == {"total": 6 * notes, "shown": 6 * notes}

    play(scenario)


def test_a_receipt_that_the_backup_does_not_have_is_given_again(play: Play) -> None:
    async def scenario(store: Store17) -> None:
        async with store.living() as device:
            async with store.cloud() as site:
                await asyncio.sleep(2)
                notes = await send(site, 2)
                store.back_up()
                await asyncio.sleep(60)
                assert await states(site, notes) == ["shown"] * 2
            await store.restore(command=True)
            async with store.cloud() as site:
                assert await states(site, notes) == ["queued"] * 2
                await asyncio.sleep(120)
                assert await states(site, notes) == ["shown"] * 2
                assert [note.id for note in device.window.notes_shown] == notes

    play(scenario)


def test_a_device_that_slept_through_backup_and_restore_lights_what_it_owes(play: Play) -> None:
    async def scenario(store: Store17) -> None:
        async with store.living():
            async with store.cloud() as site:
                await asyncio.sleep(2)
                await site.like(5)
                await asyncio.sleep(60)
        async with store.cloud() as site:
            await site.like(9)
            store.back_up()
        await store.restore(command=True)
        async with store.living(seed=1) as device, store.cloud() as site:
            await asyncio.sleep(120)
            assert device.gestures == [(9, 14)]
            assert (await site.summary())["lamp"]["lit_total"] == 14

    play(scenario)


def test_a_cloud_with_a_new_database_claims_no_light_before_the_lamp_glows(play: Play) -> None:
    async def scenario(store: Store17) -> None:
        async with store.living() as device:
            async with store.cloud() as site:
                await asyncio.sleep(2)
                await site.like(20)
                await asyncio.sleep(60)
                assert device.gestures == [(20, 20)]
            for kin in ("", "-wal", "-shm"):
                Path(f"{store.database}{kin}").unlink(missing_ok=True)
            async with store.cloud() as site:
                await site.like(3)
                for _ in range(90):
                    await asyncio.sleep(1)
                    assert (await site.summary())["lamp"]["lit_total"] == 0
                assert (await site.summary())["state"] != "offline", "the device has reported"
                await site.like(1)
                await asyncio.sleep(10)
                assert device.gestures == [(20, 20), (1, 4)]
                assert (await site.summary())["lamp"]["lit_total"] == 4

    play(scenario)
