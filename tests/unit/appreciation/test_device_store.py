"""The device's memory on a real disk: what it keeps, and how it says that it can't."""

import asyncio
import errno
import os
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likelight.appreciation.sync.device_file import RECEIPTS_A_POST, SyncState
from likelight.appreciation.sync.like_totals import Arrival, LikeTotals
from likelight.appreciation.sync.store import DeviceStore
from likelight.contract import NOTE_TTL_S, Desired, Note, NoteReceipt
from likelight.runtime.migrations import FileFormat, Migration, Version, statements
from likelight.runtime.sqlite_file import SqliteFile
from likelight.runtime.store_errors import (
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreIncompatible,
    StoreReadOnly,
    StoreUnwritable,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TTL = timedelta(seconds=NOTE_TTL_S)
SETTINGS = ("journal_mode", "synchronous")


class Clock:
    """A wall clock that stands still until it is set."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


def letter(seq: int, code: str = "heroes", at: datetime = NOON) -> Note:
    return Note(seq=seq, id=f"n{seq}", code=code, created_at=at, expires_at=at + TTL)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "device.db"


@pytest.fixture
async def store(path: Path, clock: Clock) -> AsyncIterator[DeviceStore]:
    store = DeviceStore(path, kitchen="demo", now=clock)
    await store.open()
    yield store
    await store.close()


async def reopened(store: DeviceStore, path: Path) -> DeviceStore:
    """Read what is on the disk while `store` has the file open, as after a power cut."""
    copy = path.with_name("copy.db")
    with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
    again = DeviceStore(copy, kitchen="demo")
    await again.open()
    return again


async def test_privacy_is_on_the_disk_when_the_call_returns(
    store: DeviceStore, path: Path, clock: Clock
) -> None:
    assert store.private, "a new file says nothing, so the kitchen is private"
    await store.set_private(False)
    await store.set_private(True)
    again = await reopened(store, path)
    assert again.private
    await again.close()
    clock.at += timedelta(hours=1)
    await store.set_private(True)
    await store.set_private(False)
    again = await reopened(store, path)
    assert not again.private
    await again.close()


async def test_a_commit_waits_for_the_disk_unless_it_need_not_be_durable(
    store: DeviceStore,
) -> None:
    def ask(db: sqlite3.Connection) -> tuple[str, int]:
        [mode], [level] = (db.execute(f"PRAGMA {name}").fetchone() for name in SETTINGS)
        return mode, level

    assert await store._file.write(ask) == ("wal", 2), "2 is FULL: an fsync in each commit"
    assert await store._file.write(ask, durable=False) == ("wal", 1), "1 is NORMAL: in none"
    assert await store._file.write(ask) == ("wal", 2)


async def test_each_keep_writes_to_the_log_also_what_is_there_already(
    store: DeviceStore, path: Path
) -> None:
    """SQLite makes no fsync where no row changes, and what was written before needs that one."""
    log, sizes = path.with_name(path.name + "-wal"), []
    for _ in range(4):
        await store.keep(SyncState("c1"))
        sizes.append(log.stat().st_size)
    assert sizes == sorted(set(sizes))


async def test_everything_kept_is_there_again(store: DeviceStore, path: Path) -> None:
    memory = SyncState(
        cursor="c7",
        desired=Desired(version=3, mode="off", schedule={"monday": "11:00-22:00"}),
        totals=LikeTotals("e", 912, 900, NOON, date(2026, 11, 21), 128),
    )
    new = await store.keep(memory, [letter(1), letter(2, "hello")])
    assert [note.id for note in new] == ["n1", "n2"]
    again = await reopened(store, path)
    assert await again.sync_state() == memory
    assert [note.code for note in await again.waiting()] == ["heroes", "hello"]
    assert again.boots == store.boots + 1
    await again.close()


async def test_a_note_that_comes_twice_is_one_note(store: DeviceStore) -> None:
    await store.keep(SyncState("c1"), [letter(1)])
    await store.mark_shown(["n1"], NOON)
    new = await store.keep(SyncState("c2"), [letter(1), letter(2)])
    assert [note.id for note in new] == ["n2"]
    assert [note.id for note in await store.waiting()] == ["n2"]


async def test_receipts_are_due_until_acknowledged_as_they_are(store: DeviceStore) -> None:
    await store.keep(SyncState("c1"), [letter(n) for n in (1, 2, 3)])
    assert await store.receipts() == ()
    await store.mark_shown(["n2", "n1"], NOON)
    told = await store.receipts()
    assert [(receipt.id, receipt.thanked_at) for receipt in told] == [("n2", None), ("n1", None)]
    later = NOON + timedelta(minutes=1)
    thanks, thanked = await store.thank(later)
    assert (thanks.at, thanked) == (later, 2)
    await store.acknowledge(told)
    due = await store.receipts()
    assert due == tuple(
        NoteReceipt(id=note, shown_at=NOON, thanked_at=later) for note in ("n2", "n1")
    )
    await store.acknowledge(due)
    assert await store.receipts() == ()
    assert await store.thanks() == thanks
    assert (await store.thank(later))[1] == 0


async def test_each_thanks_has_its_own_id_whatever_the_clock_says_and_a_start_repeats_none(
    tmp_path: Path,
) -> None:
    given = []
    for _ in range(2):
        store = DeviceStore(tmp_path / "device.db", kitchen="demo", now=lambda: NOON)
        await store.open()
        if given:
            assert await store.thanks() == given[-1]
        given += [(await store.thank(NOON))[0] for _ in range(2)]
        await store.close()
    assert len({thanks.id for thanks in given}) == 4


async def test_a_note_shown_twice_keeps_the_time_and_the_place_of_the_first(
    store: DeviceStore,
) -> None:
    await store.keep(SyncState("c1"), [letter(1), letter(2)])
    await store.mark_shown(["n1", "n2"], NOON)
    await store.mark_shown(["n1"], NOON + timedelta(hours=1))
    assert [(shown.id, shown.shown_at) for shown in await store.history()] == [
        ("n1", NOON),
        ("n2", NOON),
    ]


async def test_the_order_of_showing_survives_a_clock_that_steps_back(store: DeviceStore) -> None:
    await store.keep(SyncState("c1"), [letter(1), letter(2)])
    await store.mark_shown(["n2"], NOON)
    await store.mark_shown(["n1"], NOON - timedelta(days=400))
    assert [note.id for note in await store.history()] == ["n2", "n1"]
    assert [receipt.id for receipt in await store.receipts()] == ["n2", "n1"]


async def test_a_post_carries_no_more_receipts_than_fit(store: DeviceStore) -> None:
    notes = [letter(n) for n in range(1, 151)]
    await store.keep(SyncState("c1"), notes)
    await store.mark_shown([note.id for note in notes], NOON)
    first = await store.receipts()
    assert len(first) == RECEIPTS_A_POST
    await store.acknowledge(first)
    assert len(await store.receipts()) == 50


async def test_only_what_is_finished_is_forgotten(store: DeviceStore, clock: Clock) -> None:
    await store.keep(SyncState("c1"), [letter(n) for n in (1, 2, 3, 4)])
    await store.mark_shown(["n1", "n2", "n3"], NOON)
    told = await store.receipts()
    await store.acknowledge(told[:2])
    clock.at += TTL + timedelta(days=2)
    await store.keep(SyncState("c2"), [letter(5, at=clock.at)])
    assert [note.id for note in await store.history()] == ["n3"]
    assert [note.id for note in await store.waiting()] == ["n4", "n5"]
    clock.at += timedelta(days=30)
    await store.keep(SyncState("c3"), [letter(6, at=clock.at)])
    assert [note.id for note in await store.waiting()] == ["n6"]
    assert [receipt.id for receipt in await store.receipts()] == ["n3"]


async def test_an_unshown_note_waits_a_week_past_its_expiry(
    store: DeviceStore, clock: Clock
) -> None:
    await store.keep(SyncState("c1"), [letter(1)])
    expires = NOON + timedelta(hours=12)
    clock.at = expires + timedelta(days=7)
    await store.keep(SyncState("c2"), [letter(2, at=clock.at)])
    assert [note.id for note in await store.waiting()] == ["n1", "n2"]
    clock.at += timedelta(seconds=1)
    await store.keep(SyncState("c3"), [letter(3, at=clock.at)])
    assert [note.id for note in await store.waiting()] == ["n2", "n3"]


async def test_a_finished_note_is_known_again_for_a_day_past_its_expiry(
    store: DeviceStore, clock: Clock
) -> None:
    await store.keep(SyncState("c1"), [letter(1)])
    await store.mark_shown(["n1"], NOON)
    await store.acknowledge(await store.receipts())
    clock.at = NOON + timedelta(hours=12, days=1)
    assert await store.keep(SyncState("c2"), [letter(1)]) == ()
    assert [note.id for note in await store.history()] == ["n1"]
    clock.at += timedelta(seconds=1)
    await store.keep(SyncState("c3"), [letter(2, at=clock.at)])
    assert await store.history() == ()


async def test_without_a_directory_all_is_in_memory_and_private(tmp_path: Path) -> None:
    store = DeviceStore(tmp_path / "nowhere" / "device.db", kitchen="demo")
    await store.open()
    assert isinstance(store.condition.in_memory, StoreUnwritable)
    assert "nowhere" in str(store.condition.in_memory)
    await store.keep(SyncState("c1"), [letter(1)])
    assert [note.id for note in await store.waiting()] == ["n1"]
    assert not store.shared
    with pytest.raises(StoreUnwritable):
        await store.set_private(True)
    await store.close()
    with pytest.raises(StoreError, match="not open"):
        await store.waiting()


async def test_a_damaged_file_is_set_aside_and_a_new_one_begins(path: Path) -> None:
    path.write_bytes(b"this was a database once" * 1000)
    for kin in ("-wal", "-shm"):
        path.with_name(path.name + kin).write_bytes(b"its log")
    store = DeviceStore(path, kitchen="demo", now=lambda: NOON)
    await store.open()
    aside = store.condition.set_aside
    assert aside == path.with_name(f"device.db.damaged-{NOON:%Y-%m-%dT%H%M%S}")
    assert aside.read_bytes().startswith(b"this was")
    assert not store.shared
    await store.keep(SyncState("c1"), [letter(1)])
    await store.set_private(False)
    await store.close()
    again = DeviceStore(path, kitchen="demo")
    await again.open()
    assert again.shared
    assert again.condition.set_aside is None
    await again.close()


@pytest.mark.parametrize("writable", [True, False])
@pytest.mark.parametrize(
    "damage", ["DROP TABLE notes", "ALTER TABLE device DROP COLUMN desired", "DROP TABLE device"]
)
async def test_a_file_without_a_table_or_a_column_holds_no_start_up(
    path: Path, monkeypatch: pytest.MonkeyPatch, damage: str, writable: bool
) -> None:
    store = DeviceStore(path, kitchen="demo")
    await store.open()
    await store.set_private(False)
    await store.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(damage)
    opened = os.open

    def read_only(name: str, flags: int, *mode: int, **how: int) -> int:
        if flags & os.O_RDWR:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), name)
        return opened(name, flags, *mode, **how)

    if not writable:
        monkeypatch.setattr(os, "open", read_only)
    again = DeviceStore(path, kitchen="demo")
    await again.open()
    assert not again.shared
    assert (again.condition.set_aside is not None) == writable
    assert isinstance(again.condition.in_memory, StoreReadOnly) != writable
    await again.keep(SyncState("c1"), [letter(1)])
    assert [note.id for note in await again.waiting()] == ["n1"]
    await again.close()


async def test_two_damaged_files_of_one_second_are_both_kept(path: Path) -> None:
    for content in (b"first", b"second"):
        path.write_bytes(content * 1000)
        store = DeviceStore(path, kitchen="demo", now=lambda: NOON)
        await store.open()
        await store.close()
    kept = sorted(file.read_bytes()[:5] for file in path.parent.glob("*.damaged-*"))
    assert kept == [b"first", b"secon"]


async def test_a_file_of_a_newer_version_is_left_alone(store: DeviceStore, path: Path) -> None:
    await store.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 1000")
    before = path.read_bytes()
    newer = DeviceStore(path, kitchen="demo")
    await newer.open()
    assert isinstance(newer.condition.in_memory, StoreIncompatible)
    assert "newer version" in str(newer.condition.in_memory)
    assert not newer.shared
    await newer.close()
    assert path.read_bytes() == before


BENT: dict[str, list[object]] = {
    "day": ["2026-13-45", "x", 7, b"\xff"],
    "last_lit_at": ["0001-01-01T00:00:00+14:00", "now", 1.5],
    "thanks_at": ["9999-12-31T23:59:59.000Z", -1],
    "total": [-1, 2**53, "many", 1.5],
    "lit_total": [2**62, b"1"],
    "day_likes": ["0x10"],
    "boots": [-3, "two"],
    "flip": ["x", b"\xff", 7.5],
    "epoch": ["a\nb", 7, ""],
    "cursor": ["\x1b[2J", "x" * 200],
    "desired": [b"\x00", 3],
    "private": [2, "no"],
    "private_since": ["yesterday"],
    "shared": [1, b"yes"],
    "kitchen": [b"demo"],
}


@pytest.mark.parametrize(
    ("column", "value"), [(column, value) for column, values in BENT.items() for value in values]
)
async def test_a_value_that_makes_no_sense_costs_itself_alone(
    store: DeviceStore, path: Path, column: str, value: object
) -> None:
    await store.keep(SyncState("c1"), [letter(1)])
    await store.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"UPDATE device SET {column} = ?", (value,))
        db.commit()
    again = DeviceStore(path, kitchen="demo")
    await again.open()
    assert not again.shared
    await again.sync_state()
    await again.thanks()
    assert [note.id for note in await again.waiting()] == ["n1"]
    await again.keep(SyncState("c2"), [letter(2)])
    await again.close()


@pytest.mark.parametrize("column", ["id", "code", "expires_at", "shown_at", "showing", "reported"])
@pytest.mark.parametrize("value", ["\x1b[31m", b"\xff\xfe", -7.5, ""])
async def test_a_note_that_makes_no_sense_goes_and_the_others_stay(
    store: DeviceStore, path: Path, column: str, value: object
) -> None:
    await store.keep(SyncState("c1"), [letter(1), letter(2)])
    await store.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"UPDATE notes SET {column} = ? WHERE id = 'n1'", (value,))
        db.commit()
    again = DeviceStore(path, kitchen="demo")
    await again.open()
    assert [note.id for note in await again.waiting()] == ["n2"]
    await again.receipts()
    await again.history()
    await again.close()


async def test_without_its_row_a_file_begins_anew_and_private(
    store: DeviceStore, path: Path
) -> None:
    await store.set_private(False)
    await store.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM device")
        db.commit()
    again = DeviceStore(path, kitchen="demo")
    await again.open()
    assert not again.shared
    assert await again.sync_state() == SyncState()
    await again.close()


async def test_likes_and_notes_of_another_kitchen_do_not_count(
    store: DeviceStore, path: Path
) -> None:
    await store.keep(SyncState("c1", totals=LikeTotals("e1", 70, 70)), [letter(1)])
    await store.set_private(False)
    await store.close()
    moved = DeviceStore(path, kitchen="store-2")
    await moved.open()
    assert moved.kitchen_changed
    assert not moved.shared
    assert await moved.waiting() == ()
    assert await moved.sync_state() == SyncState()
    await moved.close()
    again = DeviceStore(path, kitchen="store-2")
    await again.open()
    assert not again.kitchen_changed
    await again.close()


async def test_a_device_that_no_cloud_has_answered_was_no_other_kitchen(
    store: DeviceStore, path: Path
) -> None:
    # It waited for an operator as "demo", and is the kitchen now that he chose.
    await store.set_private(False)
    await store.close()
    paired = DeviceStore(path, kitchen="store-2")
    await paired.open()
    assert not paired.kitchen_changed
    assert not paired.shared
    await paired.close()


async def test_a_note_is_kept_however_wrong_the_clock_is(store: DeviceStore) -> None:
    far = NOON + timedelta(days=4000)
    (note,) = await store.keep(SyncState("c1"), [letter(1)], far)
    assert note.id == "n1"
    assert [kept.id for kept in await store.waiting()] == ["n1"]


async def test_what_is_damaged_while_it_is_open_is_set_aside_too(
    store: DeviceStore, path: Path
) -> None:
    await store.keep(SyncState("c1"), [letter(number) for number in range(1, 400)])
    await store.close()
    await store.open()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    await store._file.read(lambda db: db.execute("PRAGMA shrink_memory").fetchall())
    with pytest.raises(StoreCorrupt):
        await store.keep(SyncState("c2"), [letter(399)])
    await store.keep(SyncState("c3"), [letter(1000)])
    assert (await store.sync_state()).cursor == "c3"
    assert store.condition.set_aside is not None


async def test_a_full_disk_undoes_the_change_and_says_so(path: Path) -> None:
    first = Migration(Version(1, 0), statements("CREATE TABLE t (x BLOB)"))
    file = SqliteFile(path, FileFormat("test file", "t", "", (first,)))
    await file.open(lambda db: db.execute("INSERT INTO t VALUES ('kept')"))
    await file.read(lambda db: db.execute("PRAGMA max_page_count = 4").fetchone())

    def fill(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM t")
        db.execute("INSERT INTO t VALUES (randomblob(1000000))")

    with pytest.raises(StoreFull, match="no space"):
        await file.write(fill)
    rows = await file.read(lambda db: db.execute("SELECT x FROM t").fetchall())
    assert [tuple(row) for row in rows] == [("kept",)]
    await file.close()
    await file.close()


async def test_a_file_held_by_another_program_is_said_to_be(
    store: DeviceStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.close()
    monkeypatch.setattr("likelight.runtime.sqlite_file.BUSY_TIMEOUT_S", 0.01)
    await store.open()
    await store.set_private(False)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="in use by another program"):
            await store.set_private(True)
    assert not store.private


@given(
    st.lists(
        st.tuples(
            st.integers(0, 100),
            st.integers(0, 120),
            st.sampled_from(Arrival),
            st.booleans(),
            st.booleans(),
        )
    )
)
def test_light_is_owed_exactly_and_never_claimed_in_advance(
    replies: list[tuple[int, int, Arrival, bool, bool]],
) -> None:
    """Whatever is lost: after a return, the likes lit add up to the cloud's total."""
    totals, total, epoch = LikeTotals(), 0, 0
    for likes, delta, arrival, new_epoch, lamp_works in replies:
        total, epoch = (likes, epoch + 1) if new_epoch else (total + likes, epoch)
        before = totals
        totals, gesture = totals.receive(total, delta, str(epoch), arrival, NOON.date())
        told = totals.lit_total
        assert totals.total == total
        assert told <= total
        if gesture is not None:
            assert gesture.total == total
            assert gesture.delta > 0
            if gesture.welcome_back:
                assert gesture.delta == total - before.lit_total
            if lamp_works:
                totals = totals.lit(gesture.total, NOON)
                assert totals.lit_total == total
        reset = arrival is Arrival.RESET or str(epoch) != before.epoch
        if reset and before.epoch is not None:
            lit = min(delta, total)
            assert (gesture.delta if gesture else 0) == lit
            assert told <= total - lit
            assert totals.day_likes == before.day_likes + lit


@pytest.mark.parametrize(("total", "told"), [(500, 500), (5000, 1000)])
def test_a_glow_from_before_a_reset_claims_no_more_than_the_new_total(
    total: int, told: int
) -> None:
    before = LikeTotals("old", 1000, 300, NOON)
    after, gesture = before.receive(total, 0, "new", Arrival.RESET, NOON.date())
    assert gesture is None
    assert after.lit_total == 300
    assert after.lit(1000, NOON).lit_total == told


async def test_who_is_cancelled_while_waiting_for_the_disk_has_stored_all_the_same(
    path: Path,
) -> None:
    store = DeviceStore(path, kitchen="demo")
    await store.open()
    busy = threading.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(store._file.read(lambda _: busy.wait(10)))
        await asyncio.sleep(0)
        pressing = group.create_task(store.set_private(True))
        await asyncio.sleep(0)
        pressing.cancel()
        busy.set()
    await store.close()
    again = DeviceStore(path, kitchen="demo")
    await again.open()
    assert again.private
    await again.close()


@pytest.mark.parametrize(
    "stored", ['{"version": 4, "mode": "dim"}', '{"version": 4, "mode":', '{"version": "new"}']
)
async def test_a_desired_state_that_only_a_newer_version_can_read_keeps_the_camera_off(
    path: Path, stored: str
) -> None:
    first = DeviceStore(path, kitchen="demo")
    await first.open()
    await first.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE device SET desired = ?", (stored,))
        db.commit()
    store = DeviceStore(path, kitchen="demo")
    await store.open()
    # Version 0, so that the cloud says its own again.
    off = Desired(version=0, mode="off")
    assert store.desired == off
    assert (await store.sync_state()).desired == off
    await store.close()
