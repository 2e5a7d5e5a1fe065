"""What the store on SQLite alone must hold: its file, and what may lie in that file's place."""

import asyncio
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from likelight.runtime.sqlite_file import SqliteFile
from likelight.runtime.store_errors import (
    StoreCorrupt,
    StoreError,
    StoreIncompatible,
    StoreUnwritable,
)
from likelight_cloud.store.base import Use
from likelight_cloud.store.sqlite.backup import SqliteCopies
from likelight_cloud.store.sqlite.schema import CLOUD_FILE
from likelight_cloud.store.sqlite.store import SqliteStore
from support.cloud import NOON
from support.cloud_stores import opened
from support.waiting import WITHIN_S


async def test_the_file_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "cloud.db"
    async with opened(lambda: SqliteStore(path)):
        assert path.stat().st_mode & 0o777 == 0o600


async def test_a_file_that_others_could_read_is_its_owner_s_only_once_it_is_opened(
    tmp_path: Path,
) -> None:
    path = tmp_path / "cloud.db"
    kin = [tmp_path / f"cloud.db{name}" for name in ("", "-wal", "-shm")]
    async with opened(lambda: SqliteStore(path)) as store:
        await store.add_kitchen("k1", "Kitchen", NOON)
        # What a crash leaves: the log and its index stay, and the file is whole only with them.
        left = [file.read_bytes() for file in kin]
    for file, content in zip(kin, left, strict=True):
        file.write_bytes(content)
        file.chmod(0o644)
    async with opened(lambda: SqliteStore(path)) as store:
        assert [file.stat().st_mode & 0o777 for file in kin] == [0o600] * 3
        assert await store.kitchen("k1") is not None


async def test_a_commit_is_on_the_disk_when_it_ends(tmp_path: Path) -> None:
    file = SqliteFile(tmp_path / "cloud.db", CLOUD_FILE)
    await file.open(lambda _: None)
    try:
        synchronous = await file.read(lambda db: db.execute("PRAGMA synchronous").fetchone()[0])
    finally:
        await file.close()
    assert synchronous == 2  # FULL: in WAL mode less than that syncs at checkpoints only


async def test_a_file_that_is_not_a_database_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "cloud.db"
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(StoreCorrupt, match=r"cloud\.db is damaged; restore its last copy"):
        await SqliteStore(path).open()
    with pytest.raises(StoreUnwritable, match="missing"):
        await SqliteStore(tmp_path / "missing" / "cloud.db").open()


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "cloud.db"
    async with opened(lambda: SqliteStore(path)):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 1000")
    connection.close()
    with pytest.raises(StoreIncompatible, match="newer version"):
        await SqliteStore(path).open()


async def test_writes_beside_another_writer_say_so_and_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("likelight.runtime.sqlite_file.BUSY_TIMEOUT_S", 0.0)
    path, expires_at = tmp_path / "cloud.db", NOON + timedelta(hours=12)
    async with opened(lambda: SqliteStore(path)) as store:
        await store.add_kitchen("k1", "Kitchen", NOON)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            writes = asyncio.gather(
                store.add_likes({"k1": 1}, NOON),
                store.add_note(
                    "k1", id="n1", code="heroes", key="a", at=NOON, expires_at=expires_at
                ),
                return_exceptions=True,
            )
            refused = await asyncio.wait_for(writes, WITHIN_S)
        assert [type(error) for error in refused] == [StoreError, StoreError]
        assert await store.add_likes({"k1": 1}, NOON) == {"k1": 1}
        assert await store.note("n1") is None


async def test_a_restore_replaces_what_a_link_names_under_one_lock_with_its_cloud(
    tmp_path: Path,
) -> None:
    link, path, copy = tmp_path / "cloud.db", tmp_path / "disk" / "real.db", tmp_path / "copy"
    path.parent.mkdir()
    link.symlink_to(path)
    async with opened(lambda: SqliteStore(link)) as store:
        await store.add_kitchen("k1", "Kitchen", NOON)
        await SqliteCopies(link).make(copy)
    serving = SqliteStore(path)
    await serving.open(Use.SERVING)
    try:
        with pytest.raises(StoreError, match="another cloud serves"):
            await SqliteCopies(link).restore(copy)
    finally:
        await serving.close()
    aside = await SqliteCopies(link).restore(copy)
    assert link.is_symlink()
    assert aside is not None
    assert aside.parent == path.parent
    assert not aside.is_symlink()


async def test_a_restore_waits_for_no_pipe_and_goes_on_beside_no_reader(tmp_path: Path) -> None:
    """What a reader keeps in the log would be between two files for a moment, and gone after a
    crash in it."""
    path, copy, pipe = tmp_path / "cloud.db", tmp_path / "copy", tmp_path / "pipe"
    async with opened(lambda: SqliteStore(path)) as store:
        await store.add_kitchen("k1", "Kitchen", NOON)
        await SqliteCopies(path).make(copy)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM kitchen").fetchall()
        async with opened(lambda: SqliteStore(path)) as store:
            await store.add_kitchen("k2", "Kitchen", NOON)
        with pytest.raises(StoreError, match="another program reads"):
            await SqliteCopies(path).restore(copy)
    async with opened(lambda: SqliteStore(path)) as store:
        assert await store.kitchen("k2") is not None
    os.mkfifo(pipe)
    with pytest.raises(StoreError, match="no file"):
        await asyncio.wait_for(SqliteCopies(path).restore(pipe), WITHIN_S)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
async def test_what_root_restores_belongs_to_the_account_that_serves(tmp_path: Path) -> None:
    path, copy = tmp_path / "cloud.db", tmp_path / "copy"
    async with opened(lambda: SqliteStore(path)):
        await SqliteCopies(path).make(copy)
    for file in (tmp_path, path):
        os.chown(file, 1234, 2345)
    await SqliteCopies(path).restore(copy)
    for file in (path, tmp_path / "cloud.db.lock"):
        assert (file.stat().st_uid, file.stat().st_gid) == (1234, 2345)
