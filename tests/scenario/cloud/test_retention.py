"""What a cloud keeps ends within an hour of its time, also where the database failed once."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from likelight_cloud.kitchens.retention import EACH_S, forget_in_time
from likelight_cloud.store.base import NOTES_KEPT
from likelight_cloud.store.sqlite.store import SqliteStore
from support.cloud import KID, NOON
from support.virtual import run_virtual, virtual_now


def test_a_note_ends_within_the_hour_after_its_thirty_days(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        store, now = SqliteStore(tmp_path / "cloud.db"), virtual_now(NOON)
        await store.open()
        await store.add_kitchen(KID, "The demo kitchen", NOON)
        await store.add_note(
            KID, id="n", code="heroes", key="k", at=NOON, expires_at=NOON + timedelta(hours=12)
        )
        forgetting = asyncio.create_task(forget_in_time(store, now))
        try:
            await asyncio.sleep(NOTES_KEPT.total_seconds() - EACH_S / 2)
            assert await store.note("n") is not None
            await store.close()  # it fails once in between
            await asyncio.sleep(EACH_S)
            await store.open()
            assert await store.note("n") is not None
            await asyncio.sleep(EACH_S)
            assert await store.note("n") is None
        finally:
            forgetting.cancel()
            await store.close()

    caplog.set_level("INFO")
    run_virtual(scenario())
    assert [text for text in caplog.messages if "kept long enough" in text] == [
        "Deleted what was kept long enough, rows: 1",  # the note's key, after a day
        f"What was kept long enough can't be deleted: {tmp_path / 'cloud.db'} is not open",
        "Deleted what was kept long enough, rows: 1",
    ]
