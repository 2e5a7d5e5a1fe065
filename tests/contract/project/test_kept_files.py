"""What an earlier version has written, this one reads: files of each format, kept for ever."""

import hashlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from likelight.appreciation.sync.device_file import StoredNote, SyncState
from likelight.appreciation.sync.like_totals import LikeTotals
from likelight.appreciation.sync.store import DeviceStore
from likelight.contract import Desired, NoteReceipt, NoteState, State, Status
from likelight.runtime.store_errors import StoreIncompatible
from likelight_cloud.store.base import KeyReusedError
from likelight_cloud.store.records import Report
from likelight_cloud.store.sqlite.store import SqliteStore
from likelight_cloud.trust.device import hashed
from support.cloud import status

KEPT = Path(__file__).parents[2] / "kept"
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def minutes(count: float) -> datetime:
    """Return the time this long after noon of the day on which the files were made."""
    return NOON + timedelta(minutes=count)


def note_id(number: int) -> str:
    return f"01KB9{number:021}"


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        ("device-1.sqlite", "ab7433d5cb4a7c8cc10ef958fb334eda2d7a056cec616fb8a0445e3be085bd67"),
        ("cloud-1.sqlite", "ab11516192d1f42bf6475d040e3f4cd1e27c0d2003637e76956d5bb68e65d983"),
    ],
)
def test_a_kept_file_is_the_one_that_was_written_then(name: str, sha256: str) -> None:
    assert hashlib.sha256((KEPT / name).read_bytes()).hexdigest() == sha256


def test_each_kept_file_is_whole_without_a_log_beside_it() -> None:
    assert {path.name for path in KEPT.iterdir()} == {
        "README.md",
        "device-1.sqlite",
        "cloud-1.sqlite",
    }


@pytest.mark.parametrize("name", ["device-1.sqlite", "cloud-1.sqlite"])
def test_the_kept_files_have_the_format_0_1(name: str) -> None:
    with closing(sqlite3.connect(f"file:{KEPT / name}?mode=ro&immutable=1", uri=True)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)


@pytest.mark.parametrize("name", ["device-1.sqlite", "cloud-1.sqlite"])
@pytest.mark.parametrize(("version", "opens"), [(99, True), (999, True), (1000, False)])
async def test_a_program_opens_what_a_newer_one_of_its_major_wrote(
    tmp_path: Path, name: str, version: int, opens: bool
) -> None:
    path = tmp_path / name
    shutil.copyfile(KEPT / name, path)
    store = DeviceStore(path, kitchen="demo") if name.startswith("device") else SqliteStore(path)
    await store.open()
    await store.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE of_a_later_version (x)")
        db.execute(f"PRAGMA user_version = {version}")
    if opens:
        await store.open()
        await store.close()
    else:
        if isinstance(store, DeviceStore):
            # The device lives all the same, in memory and private.
            await store.open()
            told, shared = store.condition.in_memory, store.shared
            await store.close()
            assert isinstance(told, StoreIncompatible)
            assert "a newer version of likelight wrote it" in str(told)
            assert not shared
        else:
            with pytest.raises(StoreIncompatible, match="a newer version of likelight wrote it"):
                await store.open()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (version,)


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[DeviceStore]:
    path = tmp_path / "device.sqlite"
    shutil.copyfile(KEPT / "device-1.sqlite", path)
    store = DeviceStore(path, kitchen="demo", now=lambda: NOON)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    path = tmp_path / "cloud.sqlite"
    shutil.copyfile(KEPT / "cloud-1.sqlite", path)
    store = SqliteStore(path)
    await store.open()
    yield store
    await store.close()


async def test_a_device_remembers_its_wish_its_likes_and_its_privacy(device: DeviceStore) -> None:
    desired = Desired(
        version=18, schedule={"monday": "11:00-23:00"}, catalogue="a1b2", pace_ms=1500
    )
    lit_at = NOON - timedelta(seconds=40)
    assert device.boots == 2
    assert (device.private, device.inherits_shared) == (True, False)
    assert device.desired == desired
    assert await device.sync_state() == SyncState(
        "bGwxLmtlcHQ", desired, LikeTotals("k7Qe", 912345, 912000, lit_at, date(2026, 11, 30), 5012)
    )
    thanks = await device.thanks()
    assert thanks is not None
    assert thanks.id
    assert thanks.at == minutes(-19)


async def test_a_device_remembers_its_notes_and_the_receipts_that_are_due(
    device: DeviceStore,
) -> None:
    assert await device.waiting() == (
        StoredNote(note_id(5), "heroes"),
        StoredNote(note_id(6), "delicious"),
    )
    assert await device.history() == (
        StoredNote(note_id(2), "hello", minutes(-20)),
        StoredNote(note_id(1), "heroes", minutes(-20)),
        StoredNote(note_id(3), "best_team", minutes(-10)),
        StoredNote(note_id(4), "thanks", minutes(-5)),
    )
    assert await device.receipts() == (
        NoteReceipt(id=note_id(1), shown_at=minutes(-20), thanked_at=minutes(-19)),
        NoteReceipt(id=note_id(4), shown_at=minutes(-5)),
    )


async def test_a_device_goes_on_where_it_stopped(device: DeviceStore) -> None:
    await device.mark_shown([note_id(5)], NOON)
    assert (await device.thank(NOON))[1] == 3
    await device.acknowledge(await device.receipts())
    assert await device.receipts() == ()
    assert [note.id for note in await device.history()][-2:] == [note_id(4), note_id(5)]
    await device.set_private(False)
    await device.keep(SyncState("next", None, LikeTotals("k7Qe", 912346)))
    assert (await device.sync_state()).totals.total == 912346


async def test_a_cloud_remembers_its_kitchens_and_their_tokens(cloud: SqliteStore) -> None:
    assert (
        await cloud.secret()
    ).hex() == "281440c1f6a53ff898a3d884310cb72da0f08b6762d0cc15cb99a226c60983e1"
    demo, bistro = await cloud.kitchen("demo"), await cloud.kitchen("bistro-7")
    assert demo is not None
    assert bistro is not None
    assert (demo.name, demo.epoch, demo.created_at) == (
        "The demo kitchen",
        "UZuM",
        NOON - timedelta(days=3),
    )
    assert (demo.likes_total, demo.head, demo.acked, demo.notes_shown) == (912345, 5, 4, 2)
    assert (demo.revision, demo.desired) == (9, Desired(version=1))
    assert demo.thanks is not None
    assert demo.thanks.id
    assert demo.thanks.at == minutes(-21)
    assert demo.report == Report(
        state=State.CLOSED,
        since=minutes(-3),
        simulated=False,
        lit_total=912340,
        last_lit_at=minutes(-4),
        received_at=minutes(-3),
        opens_at=NOON + timedelta(hours=20),
    )
    assert (bistro.name, bistro.likes_total, bistro.report) == ("Bistro Sieben – Küche", 7, None)
    assert set(await cloud.token_hashes("demo")) == {
        hashed("the-old-token"),
        hashed("the-new-token"),
    }
    assert await cloud.token_hashes("bistro-7") == (hashed("another-token"),)


async def test_a_cloud_remembers_how_far_each_note_has_come(cloud: SqliteStore) -> None:
    states, codes = [], []
    for number in range(1, 6):
        note = await cloud.note(note_id(number))
        assert note is not None
        assert note.expires_at - note.created_at == timedelta(hours=12)
        states.append(note.state(NOON))
        codes.append(note.code)
    assert states == [
        NoteState.EXPIRED,
        NoteState.THANKED,
        NoteState.SHOWN,
        NoteState.DELIVERED,
        NoteState.QUEUED,
    ]
    assert codes == ["heroes", "hello", "best_team", "thanks", "delicious"]
    thanked = await cloud.note(note_id(2))
    assert thanked is not None
    assert (thanked.delivered_at, thanked.shown_at, thanked.thanked_at) == (
        minutes(-59),
        minutes(-22),
        minutes(-21),
    )


async def test_a_cloud_goes_on_where_it_stopped(cloud: SqliteStore) -> None:
    backlog = await cloud.notes_after("demo", 4, limit=20, at=NOON)
    assert [note.id for note in backlog.notes] == [note_id(5)]
    expires_at = NOON + timedelta(hours=12)
    with pytest.raises(KeyReusedError):
        await cloud.add_note(
            "demo", id="other", code="heroes", key="key-5", at=NOON, expires_at=expires_at
        )
    added = await cloud.add_note(
        "demo", id="new", code="heroes", key="key-6", at=NOON, expires_at=expires_at
    )
    assert added.seq == 6
    assert await cloud.add_likes({"demo": 1}, NOON) == {"demo": 912346}
    demo = await cloud.kitchen("demo")
    assert demo is not None
    light = {"epoch": demo.epoch, "lit_total": 912341}
    told = {"boot_id": "0123456789abcdef01234567", "light": light}
    for n, lit_total in ((2, 912340), (3, 912341)):  # the second status of this boot is known
        await cloud.put_status("demo", Status.model_validate(status(n=n, **told)), NOON)
        demo = await cloud.kitchen("demo")
        assert demo is not None
        assert demo.report is not None
        assert demo.report.lit_total == lit_total
