"""PRIVACY in its places: whatever is lost, damaged, full or cut short, a press holds."""

import asyncio
import errno
import os
import random
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from likelight.appreciation.sync.device_file import SyncState
from likelight.appreciation.sync.store import DeviceStore
from likelight.contract import Desired, Note
from likelight.gate.marker import MARKER_FILE, Marker
from likelight.gate.privacy_memory import PrivacyMemory
from likelight.runtime.store_errors import StoreError, StoreFull

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
KEPT = Path(__file__).parents[2] / "kept"


class Kitchen:
    """A state directory and a /run, in which one process after the other lives."""

    def __init__(self, place: Path, kitchen: str = "demo") -> None:
        self.state, self.run = place / "state", place / "run"
        self.kitchen = kitchen
        for folder in (self.state, self.run):
            folder.mkdir(exist_ok=True)

    @property
    def store_file(self) -> Path:
        return self.state / "device.sqlite"

    @property
    def marker(self) -> Marker:
        return Marker(self.state / MARKER_FILE, self.kitchen)

    @asynccontextmanager
    async def process(
        self, *, new: bool = False
    ) -> AsyncIterator[tuple[bool, PrivacyMemory, DeviceStore]]:
        """One process; yields whether it begins private."""
        store = DeviceStore(self.store_file, kitchen=self.kitchen)
        memory = PrivacyMemory(store, self.marker, Marker(self.run / MARKER_FILE, self.kitchen))
        await store.open()
        try:
            yield await memory.begin(new=new), memory, store
        finally:
            memory.close()
            await store.close()

    async def begins_private(self) -> bool:
        async with self.process() as (private, _, _):
            return private

    def boot(self) -> None:
        """The machine starts again: what lay in memory is gone."""
        shutil.rmtree(self.run)
        self.run.mkdir()


@pytest.fixture
async def kitchen(tmp_path: Path) -> Kitchen:
    """A kitchen that shares."""
    kitchen = Kitchen(tmp_path)
    async with kitchen.process(new=True) as (private, _, _):
        assert not private
    assert not await kitchen.begins_private()
    return kitchen


async def press(kitchen: Kitchen, *, private: bool) -> None:
    async with kitchen.process() as (_, memory, _):
        await memory.keep(private)


async def test_a_press_holds_over_starts_and_a_second_one_ends_it(kitchen: Kitchen) -> None:
    for private in (True, False, True):
        await press(kitchen, private=private)
        assert await kitchen.begins_private() is private
        kitchen.boot()
        assert await kitchen.begins_private() is private


async def test_a_device_that_is_not_new_begins_private(tmp_path: Path) -> None:
    assert await Kitchen(tmp_path).begins_private()


def in_its_place(kitchen: Kitchen, make: Callable[[Path], object]) -> None:
    (kitchen.state / MARKER_FILE).unlink()
    make(kitchen.state / MARKER_FILE)


LOSSES: dict[str, Callable[[Kitchen], object]] = {
    "the marker": lambda kitchen: (kitchen.state / MARKER_FILE).unlink(),
    "the marker's content": lambda kitchen: (kitchen.state / MARKER_FILE).write_bytes(b""),
    "the store": lambda kitchen: kitchen.store_file.unlink(),
    "the store's content": lambda kitchen: kitchen.store_file.write_bytes(b""),
    "the marker, a folder in its place": lambda kitchen: in_its_place(kitchen, Path.mkdir),
    "the marker, a FIFO in its place": lambda kitchen: in_its_place(kitchen, os.mkfifo),
    "the marker, a link in its place": lambda kitchen: in_its_place(
        kitchen, lambda marker: marker.symlink_to("/dev/null")
    ),
    "both": lambda kitchen: [path.unlink() for path in kitchen.state.iterdir()],
}


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("lost", LOSSES)
async def test_what_is_lost_is_private_until_a_press(
    kitchen: Kitchen, lost: str, private: bool
) -> None:
    await press(kitchen, private=private)
    LOSSES[lost](kitchen)
    assert await kitchen.begins_private()
    await press(kitchen, private=False)
    assert not await kitchen.begins_private()


async def test_another_kitchens_choice_is_not_this_ones(kitchen: Kitchen) -> None:
    kitchen.kitchen = "bistro-7"
    assert await kitchen.begins_private()
    kitchen.boot()
    shutil.copyfile(kitchen.state / MARKER_FILE, kitchen.state / "kept")
    other = Marker(kitchen.state / MARKER_FILE, "bistro-7")
    await asyncio.to_thread(lambda: other.write(shared=True))
    assert await kitchen.begins_private(), "the store is the other kitchen's, too"
    await press(kitchen, private=False)
    assert not await kitchen.begins_private()


async def test_a_crash_on_a_disk_that_takes_nothing_stays_private(
    kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with kitchen.process() as (private, memory, store):
        assert not private
        with monkeypatch.context() as broken:
            read_only(broken, kitchen.state / MARKER_FILE)
            broken.setattr(store, "set_private", no_room)
            with pytest.raises(OSError, match="Read-only"):
                await memory.keep(private=True)
    assert await kitchen.begins_private(), "/run has it"


async def test_a_start_from_a_read_only_disk_is_private(
    kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        read_only(broken, kitchen.state / MARKER_FILE)
        assert await kitchen.begins_private()


async def test_a_new_device_on_a_disk_that_takes_nothing_begins_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kitchen = Kitchen(tmp_path)
    refused = (kitchen.state / MARKER_FILE, kitchen.store_file)
    with monkeypatch.context() as broken:
        read_only(broken, *refused)
        async with kitchen.process(new=True) as (private, _, store):
            assert not store.kept
            assert private, "a press would be lost in the next power cut"


async def test_a_full_disk_keeps_a_press(kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch) -> None:
    async with kitchen.process() as (_, memory, store):
        monkeypatch.setattr(store, "set_private", no_room)
        await memory.keep(private=True)
        with pytest.raises(StoreFull):
            await memory.keep(private=False)
    kitchen.boot()
    assert await kitchen.begins_private()


async def no_room(private: bool) -> None:
    raise StoreFull("no space is left")


def read_only(broken: pytest.MonkeyPatch, *files: Path) -> None:
    opens = os.open

    def refuse(path: object, flags: int, *more: int) -> int:
        if path in files and flags & (os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, "Read-only file system")
        return opens(path, flags, *more)  # type: ignore[arg-type]

    broken.setattr(os, "open", refuse)


class PowerCut(BaseException):
    """The power goes."""


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("step", range(4))
async def test_a_power_cut_at_any_step_never_shares_what_was_private(
    kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch, private: bool, step: int
) -> None:
    """What comes before the cut is on the disk, what comes after it is not."""
    await press(kitchen, private=not private)
    left = step
    done = False

    def count() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise PowerCut

    with monkeypatch.context() as cut:
        writes, stores = Marker.write, DeviceStore.set_private

        def write(marker: Marker, *, shared: bool) -> None:
            count()
            writes(marker, shared=shared)

        async def set_private(store: DeviceStore, private: bool) -> None:
            count()
            await stores(store, private)

        async with kitchen.process() as (_, memory, _):
            cut.setattr(Marker, "write", write)
            cut.setattr(DeviceStore, "set_private", set_private)
            try:
                await memory.keep(private)
                done = True
            except PowerCut:
                pass
    kitchen.boot()
    begins_private = await kitchen.begins_private()
    if done:
        assert begins_private is private
    elif private:
        # /run, marker, store: from the marker on, the press holds.
        assert begins_private is (step >= 2)
    else:
        # Store, marker, /run: until the marker has it, the kitchen is private.
        assert begins_private is (step < 2)


async def test_a_store_of_0_1_keeps_what_it_holds(tmp_path: Path) -> None:
    for private in (True, False):
        kitchen = made(tmp_path / str(private))
        shutil.copyfile(KEPT / "device-1.sqlite", kitchen.store_file)
        with closing(sqlite3.connect(kitchen.store_file)) as db, db:
            db.execute("UPDATE device SET private = ?", (private,))
        assert await kitchen.begins_private() is private
        assert await kitchen.begins_private() is private
        with closing(sqlite3.connect(kitchen.store_file)) as db:
            assert db.execute("SELECT private_since FROM device").fetchone() == (None,)
        (kitchen.state / MARKER_FILE).unlink(missing_ok=True)
        assert await kitchen.begins_private(), "a marker is inherited once"


def made(place: Path) -> Kitchen:
    place.mkdir()
    return Kitchen(place)


DAMAGES = 2000


async def test_no_damage_to_the_store_makes_it_share(tmp_path: Path) -> None:
    """Each sector zero, all ones and noise, and 2,000 drawn bytes: in the file and in its log."""
    rng = random.Random(8)
    files = await privacy_after_a_busy_day(tmp_path)
    damaged = made(tmp_path / "damaged")
    size = {name: len(content) for name, content in files.items()}
    spots: list[tuple[str, int, bytes]] = [
        (name, at, noise)
        for name, length in size.items()
        for at in range(0, length, 512)
        for noise in (bytes(512), b"\xff" * 512, rng.randbytes(512))
    ]
    every_byte = [(name, at) for name, length in size.items() for at in range(length)]
    spots += [(name, at, rng.randbytes(1)) for name, at in rng.sample(every_byte, DAMAGES)]
    opened = 0
    for name, at, noise in spots:
        for path in damaged.state.iterdir():
            path.unlink()
        for other, content in files.items():
            if other == name:
                content = content[:at] + noise + content[at + len(noise) :]
            (damaged.state / other).write_bytes(content)
        store = DeviceStore(damaged.store_file, kitchen="demo")
        try:
            await store.open()
            opened += 1
        except (StoreError, ValueError, IndexError, TypeError):
            pass
        finally:
            await store.close()
        assert not store.shared, (name, at, noise[:1])
    assert opened > len(spots) // 2, "most damage is not even noticed"


async def privacy_after_a_busy_day(tmp_path: Path) -> dict[str, bytes]:
    """Return the store's files as a power cut leaves them, some time after a press."""
    kitchen = made(tmp_path / "busy")
    day = timedelta(hours=12)

    def letter(n: int) -> Note:
        return Note(seq=n, id=f"n{n}", code="heroes", created_at=NOON, expires_at=NOON + day)

    async with kitchen.process(new=True) as (_, memory, store):
        for n in range(1, 40):
            desired = Desired(version=n, schedule={"monday": "11:00-22:00"} if n % 3 else {})
            await store.keep(SyncState("c" * (n % 60), desired), [letter(n)])
            if n % 5 == 0:
                await memory.keep(private=n % 2 == 0)
        await memory.keep(private=False)
        await memory.keep(private=True)
        for n in range(40, 50):
            await store.keep(SyncState(f"c{n}"), [letter(n)])
        return {
            path.name: path.read_bytes()
            for path in kitchen.state.iterdir()
            if path.name in ("device.sqlite", "device.sqlite-wal")
        }
