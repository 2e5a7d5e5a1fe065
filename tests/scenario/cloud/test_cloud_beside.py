"""A device with the cloud inside: two files on one card, and what a flood makes of them."""

import asyncio
import random
import sqlite3
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
from aiohttp import web

from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.runtime.clock import Now
from likelight.runtime.commit_pace import CommitPace
from likelight.runtime.sqlite_file import SqliteFile
from likelight.web.http.server import new_application
from likelight_cloud.embedded import EmbeddedCloud
from support.cloud import KID, NOON, TOKEN
from support.device import CODES, Device
from support.virtual import run_virtual, virtual_now

T = TypeVar("T")


class Card:
    """What the disk has of both files, and when it got that."""

    def __init__(self) -> None:
        self.durable: list[tuple[float, str]] = []
        """When each durable transaction was done, in loop time, and in which file."""
        self.files: dict[str, bytes] = {}
        """What a power cut would leave now, by the files' names."""


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    """Return what becomes durable in all SQLite files; it costs no sync here."""
    card, submit = Card(), SqliteFile.submit

    def watched(
        file: SqliteFile, change: Callable[[sqlite3.Connection], T], *, durable: bool = True
    ) -> asyncio.Future[T]:
        def done(_: asyncio.Future[T]) -> None:
            card.durable.append((asyncio.get_running_loop().time(), file.path.name))

        def copied(copy: asyncio.Future[bytes]) -> None:
            card.files[file.path.name] = copy.result()

        written = submit(file, change, durable=durable)
        if durable:
            written.add_done_callback(done)
            # In the same step, so that no other write comes in between.
            file._submit(lambda: file._connected().serialize()).add_done_callback(copied)
        return written

    monkeypatch.setattr(SqliteFile, "submit", watched)
    monkeypatch.setattr(SqliteFile, "_synchronous", {True: "OFF", False: "OFF"})
    return card


class Kitchen:
    """The device, and viewers at its cloud."""

    def __init__(self, device: Device, session: aiohttp.ClientSession) -> None:
        self.device = device
        self.likes = 0
        """That were acknowledged."""
        self.notes: list[str] = []
        """The ids of those that were acknowledged."""
        self._session = session

    async def like(self, n: int = 1) -> float:
        """Like as a viewer of its own; return after how many seconds that was acknowledged."""
        began = asyncio.get_running_loop().time()
        body = {"n": n, "batch": str(uuid.uuid4())}
        async with self._session.post(f"{KITCHEN}/likes", json=body) as reply:
            assert reply.status == 202
        self.likes += n
        return asyncio.get_running_loop().time() - began

    async def note(self, code: str = CODES[0]) -> float:
        """Send a note, likewise."""
        began = asyncio.get_running_loop().time()
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        url = f"{KITCHEN}/notes"
        async with self._session.post(url, json={"code": code}, headers=headers) as reply:
            assert reply.status == 201
            self.notes.append((await reply.json())["id"])
        return asyncio.get_running_loop().time() - began

    async def summary(self) -> Any:
        async with self._session.get(KITCHEN) as reply:
            return await reply.json()

    async def state(self, note: str) -> str:
        async with self._session.get(f"http://cloud/v1/notes/{note}") as reply:
            return str((await reply.json())["state"])


KITCHEN = f"http://cloud/v1/kitchens/{KID}"


@asynccontextmanager
async def kitchen_with_a_cloud(folder: Path, now: Now, *, start: int = 0) -> AsyncIterator[Kitchen]:
    """Run a device with the cloud inside, and let it come to rest."""
    pace, socket = CommitPace(), str(folder / "cloud.sock")
    inside = EmbeddedCloud(folder / "cloud.sqlite", now=now, rng=random.Random(1), pace=pace)
    inside.enrol(KID, "The demo kitchen", TOKEN)
    app = new_application()
    inside.mount(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()

    def session() -> aiohttp.ClientSession:
        jar, timeout = aiohttp.DummyCookieJar(), aiohttp.ClientTimeout(total=120)
        connector = aiohttp.UnixConnector(socket, limit=0)
        return aiohttp.ClientSession(connector=connector, cookie_jar=jar, timeout=timeout)

    try:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(inside.run())
            await inside.ready.wait()
            await web.UnixSite(runner, socket).start()
            async with (
                HttpCloud("http://cloud", KID, TOKEN, new_session=session) as cloud,
                Device(
                    folder / "device.sqlite", cloud, now, seed=start, pace=pace
                ).living() as device,
                session() as viewers,
            ):
                await asyncio.sleep(100)
                yield Kitchen(device, viewers)
            running.cancel()
    finally:
        await runner.cleanup()


async def flood(kitchen: Kitchen) -> list[float]:
    """Have 20 viewers like for 20 s as fast as they may, and write a note each; return after how
    many seconds they got their answers."""
    told: list[float] = []

    async def viewer(number: int) -> None:
        await asyncio.sleep(number / 19)
        for n in range(20):
            told.append(await kitchen.like(5))
            if n == number:
                told.append(await kitchen.note(CODES[number]))
            await asyncio.sleep(0.3)

    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(viewer(number))
    return told


def test_in_a_flood_both_files_have_one_durable_transaction_a_second_and_a_power_cut_takes_nothing(
    tmp_path: Path, card: Card
) -> None:
    """Likes, notes, and the statuses with their receipts. What was acknowledged is on the disk, and
    the lamp's time line goes on: what a cut takes back was told to nobody, or is told again."""
    cuts: list[tuple[dict[str, bytes], int, list[str]]] = []

    async def cut_now_and_then(kitchen: Kitchen) -> None:
        for _ in range(3):
            await asyncio.sleep(6.23)
            cuts.append((dict(card.files), kitchen.likes, list(kitchen.notes)))

    async def epoch(kitchen: Kitchen) -> str | None:
        return (await kitchen.device.store.sync_state()).totals.epoch

    async def scenario() -> None:
        now = virtual_now(NOON)
        async with kitchen_with_a_cloud(tmp_path, now) as kitchen, asyncio.TaskGroup() as group:
            before = await epoch(kitchen)
            began = asyncio.get_running_loop().time()
            group.create_task(cut_now_and_then(kitchen))
            told = await flood(kitchen)
            await asyncio.sleep(90)
            made = [(at, name) for at, name in card.durable if at > began]
            assert all(after - before > 0.999 for (before, _), (after, _) in pairwise(made))
            assert {name for _, name in made} == {"device.sqlite", "cloud.sqlite"}
            assert len(made) > 30, "there was enough to store"
            assert max(told) < 2.1, "each file has every second turn"
            summary = await kitchen.summary()
            assert summary["likes"]["total"] == summary["lamp"]["lit_total"] == 20 * 20 * 5
            assert summary["notes"] == {"total": 20, "shown": 20}
        for number, (files, likes, notes) in enumerate(cuts):
            folder = tmp_path / str(number)
            folder.mkdir()
            for name, content in files.items():
                (folder / name).write_bytes(content)
            async with kitchen_with_a_cloud(folder, now, start=1 + number) as kitchen:
                summary = await kitchen.summary()
                assert summary["likes"]["total"] == summary["lamp"]["lit_total"] >= likes > 0
                assert {await kitchen.state(note) for note in notes} == {"shown"}
                assert await epoch(kitchen) == before

    run_virtual(scenario())


def test_a_like_or_a_note_after_a_calm_is_durable_and_on_lamp_or_panel_at_once(
    tmp_path: Path, card: Card
) -> None:
    async def scenario() -> None:
        now = virtual_now(NOON)
        async with kitchen_with_a_cloud(tmp_path, now) as kitchen:
            clock = asyncio.get_running_loop().time
            for send, what in ((kitchen.like, "likes"), (kitchen.note, "note on the panel")):
                began = clock()
                assert await send() < 0.01
                assert [name for at, name in card.durable if at >= began] == ["cloud.sqlite"]
                await asyncio.sleep(0.5)
                (seen,) = [at for at in kitchen.device.diary.at(what) if at >= began]
                assert seen - began < 0.3
                await asyncio.sleep(2)
                summary = await kitchen.summary()
                assert summary["lamp"]["lit_total"] == 1
                await asyncio.sleep(100)
            assert summary["notes"] == {"total": 1, "shown": 1}

    run_virtual(scenario())


def test_the_device_forgets_a_receipt_once_the_cloud_s_disk_has_it_and_the_sender_knows_before(
    tmp_path: Path, card: Card
) -> None:
    async def scenario() -> None:
        now = virtual_now(NOON)
        async with kitchen_with_a_cloud(tmp_path, now) as kitchen:
            await kitchen.note()
            (note,), store = kitchen.notes, kitchen.device.store
            await asyncio.sleep(1)
            assert await kitchen.state(note) == "shown"
            while await store.receipts():
                await asyncio.sleep(0.01)
            copy = tmp_path / "copy"
            copy.write_bytes(card.files["cloud.sqlite"])
            with closing(sqlite3.connect(copy)) as left:
                assert left.execute("SELECT shown_at IS NULL FROM note").fetchall() == [(0,)]

    run_virtual(scenario())
