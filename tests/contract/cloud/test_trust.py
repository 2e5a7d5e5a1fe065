"""What the cloud keeps is what it says, no longer than it says, and can be reported."""

import asyncio
import re
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from likelight.contract import Status
from likelight_cloud.cli.main import command_line, main
from likelight_cloud.store.base import Store
from likelight_cloud.store.pairing import NewPairing
from likelight_cloud.store.sqlite.store import SqliteStore
from support.cloud import NOON, status
from support.cloud_stores import Factory, Rows, opened

DAY = timedelta(days=1)
PAGE = (Path(__file__).parents[3] / "cloud" / "TRUST.md").read_text("utf-8")


async def fill(store: Store, at: datetime = NOON) -> None:
    """Keep something of each kind that has a time to live, and of most others."""
    await store.add_kitchen("k1", "One", at)
    await store.add_token("k1", b"token", at)
    await store.put_code("k1", b"code", at + 90 * DAY)
    await store.add_note(
        "k1", id="a-note-s-id", code="heroes", key="a-key", at=at, expires_at=at + DAY / 2
    )
    hours = {"zone": "Pacific/Kiritimati", "week": {}}
    await store.put_status("k1", Status.model_validate(status(hours=hours)), at)
    await store.add_likes({"k1": 3}, at)
    new = NewPairing(b"device", b"user", b"paired", "serial", "1.0", "192.0.2.0/24")
    await store.begin_pairing(new, at)
    await store.decide_pairing(b"operator", b"wrong", None, at)


async def execute(database: str, statement: str) -> None:
    if "://" in database:
        connection = await asyncpg.connect(database)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
        return
    with closing(sqlite3.connect(database)) as db, db:
        db.execute(statement)


async def test_what_was_kept_long_enough_is_deleted_where_nothing_happens(
    factory: Factory, rows: Rows
) -> None:
    async with opened(factory) as store:
        await fill(store)

        async def left() -> dict[str, int]:
            held = {table.name: table.rows for table in await store.holdings.tables()}
            names = ("pairing", "wrong_codes", "likes_day", "note")
            return {name: held[name] for name in names if held[name]}

        all_of_it = {"pairing": 1, "wrong_codes": 1, "likes_day": 1, "note": 1}
        assert await left() == all_of_it
        for age, wanted in (
            (timedelta(minutes=14), all_of_it),
            (timedelta(minutes=15), {"likes_day": 1, "note": 1}),
            (timedelta(hours=23), {"likes_day": 1, "note": 1}),
            (timedelta(hours=25), {"likes_day": 1, "note": 1}),
            (30 * DAY, {"likes_day": 1, "note": 1}),
            (30 * DAY + timedelta(seconds=1), {"likes_day": 1}),
            # There it is 2 h past midnight at noon, UTC: the 400th day ends 22 h later.
            (399 * DAY + timedelta(hours=21), {"likes_day": 1}),
            (399 * DAY + timedelta(hours=22), {}),
        ):
            await store.holdings.forget(NOON + age)
            assert await left() == wanted, age
            known = await store.note_by_key("k1", "a-key")
            assert (known is not None) == (age < DAY), age
        assert await rows("k1") == {"kitchen": 1, "token": 1, "enrolment": 1, "boot": 1}
        kitchen = await store.kitchen("k1")
        assert kitchen is not None
        assert (kitchen.likes_total, kitchen.head) == (3, 1)


async def test_what_was_deleted_is_in_no_file_of_the_database(tmp_path: Path) -> None:
    """`secure_delete` alone left it in the log."""
    path = tmp_path / "cloud.db"

    def found() -> list[str]:
        return [
            file.name for file in sorted(tmp_path.iterdir()) if b"a-note-s" in file.read_bytes()
        ]

    async with opened(lambda: SqliteStore(path)) as store:
        await fill(store)
        assert "cloud.db-wal" in found()
        await store.holdings.forget(NOON + 31 * DAY)
        assert found() == []
        await store.add_note(
            "k1", id="a-note-s-2", code="heroes", key="2", at=NOON, expires_at=NOON + DAY
        )
        assert found() != []
        await store.remove_kitchen("k1")
        assert found() == []


def test_a_database_is_compared_with_what_the_record_says(
    database: str, factory: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    def check() -> tuple[int, list[str]]:
        capsys.readouterr()
        code = main(["privacy-check", "--database", database])
        said = capsys.readouterr()
        return code, (said.out + said.err).splitlines()

    async def filled(at: datetime) -> None:
        async with opened(factory) as store:
            await fill(store, at)

    assert main(["init", "--database", database]) == 0
    assert check()[0] == 0
    asyncio.run(filled(NOON - 500 * DAY))
    code, told = check()
    assert code == 1, told
    assert any(line.startswith("note has a row of 2025-07-09T12:00:00+00:00, and") for line in told)
    assert {line.split()[0] for line in told[:-1]} == {
        "likes_day",
        "likes_hour",
        "note",
        "notes_week",
        "pairing",
        "wrong_codes",
    }
    for statement in (
        "DELETE FROM pairing",
        "DELETE FROM wrong_codes",
        "DELETE FROM likes_day",
        "DELETE FROM likes_hour",
        "DELETE FROM notes_week",
        "DELETE FROM note",
        "ALTER TABLE note ADD COLUMN sent_by text",
        "ALTER TABLE pairing DROP COLUMN serial",
        "CREATE TABLE visit (address text)",
    ):
        asyncio.run(execute(database, statement))
    code, told = check()
    assert told.pop().endswith(" and /privacy.json differ")
    assert (code, told) == (
        1,
        [
            "note.sent_by is in the database, and /privacy.json does not say why.",
            "visit.address is in the database, and /privacy.json does not say why.",
            "/privacy.json names pairing.serial, and the database has no such field.",
        ],
    )


def test_a_report_for_a_breach_says_what_was_kept_where_and_since_when(
    database: str, factory: Factory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def filled() -> None:
        async with opened(factory) as store:
            await fill(store)

    asyncio.run(filled())
    copies = tmp_path / "copies"
    copies.mkdir()
    assert main(["backup", str(copies / "last"), "--database", database]) == 0
    capsys.readouterr()
    nowhere = str(tmp_path / "nowhere")
    words = ["breach-report", "--database", database, "--backups", str(copies)]
    assert main([*words, "--backups", nowhere]) == 0
    report = capsys.readouterr().out
    assert f"- {copies / 'last'}: " in report
    assert "-rw-------, of the account " in report
    assert f"- {nowhere}: can't be read: No such file" in report
    assert "(about a viewer, without saying which)" in report
    noon = "2026-11-21T12:00:00+00:00"
    assert f"note.thanked_at: rows: 1, the oldest of {noon}, the newest of {noon}\n" in report
    assert "likes_day.many: rows: 1, the oldest of 2026-11-22T00:00:00+00:00" in report
    assert "likes_hour.many: rows: 1, the oldest of 2026-11-08T00:00:00+00:00" in report
    assert "nothing: rows" not in report
    assert "  kept for: 400 days\n  until: within the hour after this time\n" in report
    assert "kept for: 0:00:40; until: this long after" in report
    assert "the token and the keyed hash of the address prefix" in report
    assert "within 72 hours" in report
    # With the key and the hashes in the database all of these can be made.
    for made, ended in (
        ("sessions of the operators", "operator remove NAME"),
        ("events of its sources", "source rotate NAME --done"),
        ("its webhooks", "webhook remove ID"),
    ):
        assert made in report
        assert ended in report
    for secret in ("a-note-s-id", "serial number", "heroes", "192.0.2"):
        assert secret not in report.replace("its serial number", "")
    if "://" in database:
        assert "stays in the tables' files until VACUUM" in report
    else:
        assert f"- {database}: " in report


def test_the_page_on_trust_names_tests_and_commands_that_there_are() -> None:
    root = Path(__file__).parents[3]
    policies = re.findall(
        r"^\| (.+?) \| .+ \| (.+) \| (.+) \|$", PAGE.split("## How long")[0], re.M
    )
    assert len(policies) == 1 + 10
    for policy, where, tests in policies[1:]:
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", tests)
        assert named, policy
        for file, name in named:
            texts = [found.read_text("utf-8") for found in (root / "tests").rglob(file)]
            assert any(re.search(rf"def {name}\(", text) for text in texts), name
        for words in re.findall(r"`likelight-cloud ([^`]+)`", where):
            command_line().parse_args(words.split())
