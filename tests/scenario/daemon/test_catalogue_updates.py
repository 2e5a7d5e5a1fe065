"""The next version of the notes, as the cloud asks: shown, kept, told once, or refused."""

import asyncio
import errno
import json
import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from likelight.appreciation.sync.client import (
    CatalogueUnknown,
    CloudBusy,
    CloudError,
    DeviceRefused,
    Unreachable,
    WrongDocument,
)
from likelight.assets.catalogue import BUNDLED
from likelight.assets.catalogue_document import document_name
from likelight.contract import CatalogueReport, Desired, State
from likelight.daemon import kept_catalogue
from likelight.daemon.catalogue_updates import SPREAD_S, CatalogueUpdates
from likelight.daemon.kept_catalogue import CATALOGUE_FILE, KeptCatalogue
from likelight.daemon.kitchen_notes import read_sent
from likelight.runtime.atomic_file import replace_file
from likelight_hw.wiring import DisplayWiring
from support.device import Device
from support.scripted_cloud import ScriptedCloud
from support.virtual import run_virtual, virtual_now

SOON_S = 4 * SPREAD_S


def document(**words: str) -> bytes:
    """Return a document with these notes, all in English."""
    files = {"_icons.json": dict.fromkeys(words, "star"), "en.json": {"notes": words}}
    return json.dumps({"files": files}).encode()


MOTHER = document(mother="Like my mother's", crust="Best crust in town")
BETTER = document(mother="Just like my mother's", zest="What a zest")


class Kitchen:
    """A cloud that asks for catalogues, and a device that is started again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = virtual_now()
        self.cloud = ScriptedCloud(self.now)
        self._on_desired: Callable[[Desired], None] = lambda _: None

    async def read(self, kitchen: str = "store-17", panel: str = "oled-1.3") -> KeptCatalogue:
        """Return what a start finds."""
        display = DisplayWiring(panel=panel)
        kept = KeptCatalogue(
            self.folder,
            kitchen,
            BUNDLED,
            language="en",
            check=lambda content: read_sent(content, "en", display),
        )
        await asyncio.to_thread(kept.read)
        return kept

    async def device(self, panel: str = "oled-1.3") -> Device:
        self.kept = await self.read(panel=panel)
        path = self.folder / "device.db"
        return Device(path, self.cloud, self.now, kept=self.kept, source=self.cloud)

    @asynccontextmanager
    async def updates(self) -> AsyncIterator[CatalogueUpdates]:
        """Run the updates alone, without a device around them."""
        self.kept, reported = await self.read(), asyncio.Event()
        reported.set()
        updates = CatalogueUpdates(
            self.kept,
            self.cloud,
            reported,
            on_notes=lambda: None,
            on_change=lambda: None,
            rng=random.Random(1),
        )
        self._on_desired = updates.on_desired
        updates.on_desired(self.cloud.desired)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(updates.run())
            yield updates
            running.cancel()

    def asks_for(self, content: bytes | None, *, instead: CloudError | None = None) -> str | None:
        """Ask for a document, which a request gets, or `instead` of it."""
        name = None if content is None else document_name(content)
        if name is not None and content is not None:
            self.cloud.documents[name] = instead or content
        desired = Desired(version=self.cloud.desired.version + 1, catalogue=name)
        self.cloud.wish(desired)
        self._on_desired(desired)
        return name

    @property
    def report(self) -> CatalogueReport | None:
        """What the cloud was told last."""
        return self.cloud.statuses[-1][1].catalogue

    async def file(self) -> dict[str, Any]:
        content = await asyncio.to_thread((self.folder / CATALOGUE_FILE).read_text)
        return dict(json.loads(content))


async def seen(device: Device, seconds: float) -> list[tuple[str, ...]]:
    """Return what was on the panel, once a second, each page once in a row."""
    pages: list[tuple[str, ...]] = []
    for _ in range(round(seconds)):
        await asyncio.sleep(1)
        if not pages or pages[-1] != device.window.screen.text:
            pages.append(device.window.screen.text)
    return pages


def said(pages: list[tuple[str, ...]]) -> str:
    return " ".join(" ".join(page) for page in pages)


def test_new_notes_are_told_once_shown_and_rolled_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        kitchen = Kitchen(tmp_path)
        cloud = kitchen.cloud
        async with (await kitchen.device()).living() as device:
            await asyncio.sleep(30)
            assert kitchen.report == CatalogueReport()
            early = cloud.note("mother")
            await asyncio.sleep(5)
            assert early not in cloud.shown, "it waits until there are words for it"
            first = kitchen.asks_for(MOTHER)
            pages = await seen(device, SOON_S)
            assert early in cloud.shown
            assert said(pages).index("Like my mother's") < said(pages).index("New notes")
            assert "Best crust in town" in said(pages)
            assert kitchen.report == CatalogueReport(running=first)
            assert "New notes" not in said(await seen(device, 60))
            assert (await kitchen.file())["told"] == [first]
        async with (await kitchen.device()).living() as device:
            cloud.fail(Unreachable("no line"))
            note = cloud.note("crust")
            assert "New notes" not in said(await seen(device, 60))
            assert kitchen.kept.name == first, "kept, and shown without the cloud"
            cloud.fail(None)
            await asyncio.sleep(70)
            assert note in cloud.shown
            second = kitchen.asks_for(BETTER)
            pages = await seen(device, SOON_S)
            assert "Just like my mother's" in said(pages)
            late = cloud.note("crust")
            await asyncio.sleep(5)
            assert late in cloud.shown, "it was on its way"
            assert kitchen.report == CatalogueReport(running=second)
            fetched = len(cloud.fetched)
            kitchen.asks_for(MOTHER)
            assert "New notes" not in said(await seen(device, SOON_S)), "the crew knows these"
            assert (kitchen.report, len(cloud.fetched)) == (
                CatalogueReport(running=first),
                fetched + 1,
            )
            kitchen.asks_for(None)
            await asyncio.sleep(SOON_S)
            assert (kitchen.report, kitchen.kept.notes) == (CatalogueReport(), BUNDLED)
        device = await kitchen.device()
        assert kitchen.kept.notes is BUNDLED
        async with device.living():
            kitchen.asks_for(BETTER)
            assert "New notes" not in said(await seen(device, SOON_S))
        another = await kitchen.read("store-18")
        assert (another.name, another.notes) == (None, BUNDLED), (
            "another kitchen's notes are not this one's"
        )

    run_virtual(scenario())


def test_the_crew_is_told_when_nothing_else_is_to_be_said(tmp_path: Path) -> None:
    async def scenario() -> None:
        kitchen = Kitchen(tmp_path)
        async with (await kitchen.device()).living() as device:
            await asyncio.sleep(30)
            device.turn(State.PRIVATE)
            name = kitchen.asks_for(MOTHER)
            assert "New notes" not in said(await seen(device, SOON_S))
            device.turn(State.CLOSED, opens_at=kitchen.now())
            assert "New notes" not in said(await seen(device, 30))
            device.turn(State.IDLE, opens_at=kitchen.now())
            assert "New notes" not in said(await seen(device, 30)), "nobody is there"
            assert kitchen.report == CatalogueReport(running=name)
        async with (await kitchen.device()).living() as device:
            assert "New notes" in said(await seen(device, 4))
            note = kitchen.cloud.note("heroes")
            await asyncio.sleep(2)
            assert note in kitchen.cloud.shown, "a note does not wait for it"
            assert "Best crust in town" in said(await seen(device, 60)), "it comes once more"
            assert (await kitchen.file())["told"] == [name]
            assert "New notes" not in said(await seen(device, 60))

    run_virtual(scenario())


REFUSED = document(mother="Donaudampfschifffahrtsgesellschaftspizza")
WIDE = document(mother="Marvellously done")


@pytest.mark.parametrize(
    ("content", "instead", "told", "refused", "tries"),
    [
        (REFUSED, None, "en.json: mother: on oled-1.3", True, (1, 1)),
        (b'{"files": {"en.json": {"notes": {"a": "x", "a": "y"}}}}', None, "a twice", True, (1, 1)),
        (MOTHER, WrongDocument("another checksum"), "another checksum", True, (4, 12)),
        (MOTHER, CatalogueUnknown("no such one"), "no such one", False, (4, 12)),
        (MOTHER, Unreachable("no answer within 30 s"), "no answer within 30 s", False, (14, 28)),
        (MOTHER, DeviceRefused(401), "refuses this device", False, (4, 12)),
        (MOTHER, CloudBusy(600), "", False, (3, 6)),
    ],
)
def test_what_cannot_be_used_leaves_the_last_good_notes_and_is_told_once(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    content: bytes,
    instead: CloudError | None,
    told: str,
    refused: bool,
    tries: tuple[int, int],
) -> None:
    async def scenario() -> None:
        kitchen = Kitchen(tmp_path)
        async with kitchen.updates() as updates:
            good = kitchen.asks_for(BETTER)
            await asyncio.sleep(SOON_S)
            caplog.clear()
            kitchen.cloud.fetched.clear()
            name = kitchen.asks_for(content, instead=instead)
            await asyncio.sleep(3600)
            assert tries[0] <= len(kitchen.cloud.fetched) <= tries[1]
            assert updates.report == CatalogueReport(
                running=good, refused=name if refused else None
            )
            assert told in updates.trouble
            assert caplog.text.count(told) == 1 or not told
            kitchen.asks_for(MOTHER)
            await asyncio.sleep(1300)
            assert updates.report == CatalogueReport(running=document_name(MOTHER))
            assert updates.trouble == ""

    run_virtual(scenario())


def test_no_like_waits_for_a_request_that_hangs_and_a_cloud_that_wavers_is_not_flooded(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        kitchen = Kitchen(tmp_path)
        cloud = kitchen.cloud
        async with (await kitchen.device()).living():
            await asyncio.sleep(5)
            kitchen.asks_for(MOTHER)
            cloud.hangs = True
            await asyncio.sleep(SOON_S)
            assert len(cloud.fetched) == 1
            for _ in range(20):
                cloud.like()
                await asyncio.sleep(2)
                assert cloud.lit_total == cloud.total
            cloud.hangs = False
            before = len(cloud.fetched)
            for _ in range(30):
                kitchen.asks_for(BETTER)
                await asyncio.sleep(1)
                kitchen.asks_for(MOTHER)
                await asyncio.sleep(1)
            assert len(cloud.fetched) - before < 15

    run_virtual(scenario())


def test_notes_that_another_panel_can_show_are_refused_by_this_one(tmp_path: Path) -> None:
    async def scenario() -> None:
        kitchen = Kitchen(tmp_path)
        async with (await kitchen.device(panel="lcd-7-hd")).living():
            name = kitchen.asks_for(WIDE)
            await asyncio.sleep(60)
            assert kitchen.report == CatalogueReport(running=name)
        async with (await kitchen.device(panel="lcd-1.3")).living() as device:
            assert kitchen.kept.notes is BUNDLED, "the panel was changed"
            await asyncio.sleep(60)
            assert kitchen.report == CatalogueReport(refused=name)
            assert device.updates is not None
            assert "Marvellously is wider than the panel" in device.updates.trouble

    run_virtual(scenario())


def test_a_full_disk_keeps_the_last_good_notes_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = kept_catalogue.replace_file
    full = [False]

    def replace_file(file: Path, content: str) -> None:
        if full[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file, content)

    monkeypatch.setattr(kept_catalogue, "replace_file", replace_file)

    async def scenario() -> None:
        kitchen = Kitchen(tmp_path)
        async with kitchen.updates() as updates:
            good = kitchen.asks_for(BETTER)
            await asyncio.sleep(SOON_S)
            full[0] = True
            newer = kitchen.asks_for(MOTHER)
            await asyncio.sleep(1800)
            assert updates.report == CatalogueReport(running=good)
            assert "can't be kept: No space left" in updates.trouble
            assert caplog.text.count("can't be kept: No space left") == 1
        async with kitchen.updates() as updates:
            assert updates.report == CatalogueReport(running=good), "started again meanwhile"
            await asyncio.sleep(SOON_S)
            full[0] = False
            await asyncio.sleep(900)
            assert updates.report == CatalogueReport(running=newer)

    run_virtual(scenario())


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "half": lambda content: content[: len(content) // 2],
    "a letter": lambda content: content.replace(b"zest", b"test"),
    "another name": lambda content: content.replace(document_name(BETTER).encode(), b"0" * 64),
    "not text": lambda content: b"\xff" * 100,
    "deep": lambda content: b"[" * 100_000,
    "large": lambda content: content + b" " * 10_000_000,
    "no document": lambda content: b'{"kitchen": "store-17", "name": "%s"}' % (b"0" * 64),
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_store_is_told_and_filled_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    async def scenario() -> None:
        kitchen = Kitchen(tmp_path)
        async with kitchen.updates():
            name = kitchen.asks_for(BETTER)
            await asyncio.sleep(SOON_S)
        path = tmp_path / CATALOGUE_FILE
        content = await asyncio.to_thread(path.read_bytes)
        await asyncio.to_thread(path.write_bytes, DAMAGES[how](content))
        caplog.clear()
        async with kitchen.updates() as updates:
            assert kitchen.kept.notes is BUNDLED
            assert "are not used until they come again" in caplog.text
            await asyncio.sleep(SOON_S)
            assert updates.report == CatalogueReport(running=name)
            assert (await kitchen.file())["name"] == name

    run_virtual(scenario())


def test_a_catalogue_that_changes_every_ten_seconds_does_not_wear_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = list[Path]()

    def counted(file: Path, content: str) -> None:
        written.append(file)
        replace_file(file, content)

    monkeypatch.setattr(kept_catalogue, "replace_file", counted)

    async def scenario() -> None:
        kitchen = Kitchen(tmp_path)
        async with kitchen.updates():
            for _ in range(12 * 360):
                kitchen.asks_for(MOTHER if kitchen.cloud.desired.version % 2 else BETTER)
                await asyncio.sleep(10)
            # 8 until the pauses have grown to an hour, then one an hour.
            assert 10 <= len(written) <= 21
            last = kitchen.asks_for(None)
            await asyncio.sleep(11_000)
            assert kitchen.kept.name == last, "the last wish comes, if late"
            kitchen.asks_for(MOTHER)
            await asyncio.sleep(SOON_S)
            assert kitchen.kept.name == document_name(MOTHER), "at once after a quiet hour"

    run_virtual(scenario())
