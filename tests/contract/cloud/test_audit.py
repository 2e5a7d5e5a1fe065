"""The audit log: each change has its row, none is changed or removed, and what was is found out."""

import asyncio
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from likelight.fleet.stores.details import Details
from likelight.runtime.store_errors import StoreError
from likelight_cloud.cli.main import main
from likelight_cloud.embedded import EmbeddedCloud
from likelight_cloud.store.audit import Act, Action
from likelight_cloud.store.base import NoKitchenError
from likelight_cloud.store.choice import database_of
from likelight_cloud.store.pairing import NewPairing
from likelight_cloud.trust.audit_check import check_chain
from likelight_cloud.trust.audit_lines import line, row_told
from support.cloud import NOON
from support.cloud_server import cloud_server
from support.cloud_stores import Factory, opened
from support.virtual import run_virtual, virtual_now
from support.waiting import until

NIGHT_SHIFT = "night shift"


async def test_each_change_has_one_row_with_who_did_it(factory: Factory) -> None:
    new = NewPairing(b"device", b"user", b"paired", "serial", "1.0", "192.0.2.0/24")
    async with opened(factory) as store:
        await store.add_kitchen("k1", "One", NOON, who=NIGHT_SHIFT)
        assert not await store.add_kitchen("k1", "Again", NOON)
        await store.add_token("k1", b"token", NOON)
        await store.add_token("k1", b"token", NOON)
        await store.ask_rotation("k1", NOON)
        assert not await store.ask_rotation("k1", NOON)
        assert await store.take_token("k1", b"token", b"drawn", NOON)
        assert await store.take_token("k1", b"token", b"drawn", NOON)
        assert not await store.take_token("k1", b"token", b"not asked for", NOON)
        await store.end_other_tokens("k1", b"drawn", NOON)
        await store.end_other_tokens("k1", b"drawn", NOON)
        await store.revoke_tokens("k1", b"new", who=NIGHT_SHIFT)
        await store.put_code("k1", b"code", NOON.replace(year=2027))
        await store.redeem(b"code", b"enrolled", NOON)
        await store.redeem(b"code", b"enrolled", NOON)
        await store.redeem(b"another", b"enrolled", NOON)
        await store.begin_pairing(new, NOON)
        await store.decide_pairing(b"operator", b"wrong", "k1", NOON)
        await store.decide_pairing(b"operator", b"user", "k1", NOON, who=NIGHT_SHIFT)
        await store.decide_pairing(b"operator", b"user", "k1", NOON)
        await store.change_desired("k1", lambda held: held.model_copy(update={"mode": "off"}))
        await store.rename_kitchen("k1", "Uno")
        await store.put_details("k1", Details(country="DE"))
        epoch = (await store.kitchens())[0].epoch
        await store.begin_time_line("k1", epoch)
        await store.begin_time_line("k1", epoch)
        await store.begin_time_lines()
        await store.remove_kitchen("k1")
        for gone in (store.rename_kitchen("k1", "x"), store.revoke_tokens("k1", b"x")):
            with pytest.raises(NoKitchenError):
                await gone
        rows = await store.audit_from(1, 100)
        assert await store.audit_from(17, 1) == rows[16:17]
    assert check_chain(rows) == []
    assert [(row.who, row.action, row.about, row.detail) for row in rows] == [
        ("night shift", "kitchen added", "k1", ""),
        ("command line", "token made", "k1", ""),
        ("command line", "token rotation asked", "k1", ""),
        ("its device", "token rotated", "k1", ""),
        ("its device", "token rotation done", "k1", ""),
        ("night shift", "tokens revoked", "k1", ""),
        ("command line", "enrolment code made", "k1", ""),
        ("its device", "enrolment code used", "k1", ""),
        ("night shift", "pairing confirmed", "k1", ""),
        ("command line", "desired set", "k1", "version=4, mode=off"),
        ("command line", "kitchen renamed", "k1", ""),
        ("command line", "kitchen described", "k1", ""),
        ("its device", "time line begun", "k1", ""),
        ("command line", "restored", "", ""),
        ("command line", "kitchen removed", "k1", ""),
    ]


def test_no_word_of_a_row_can_write_a_line_of_its_own() -> None:
    for word in ("two\nlines", "x" * 201, "\x1b[2J"):
        with pytest.raises(ValueError, match="not one line of at most 200"):
            Act(Action.DESIRED_SET, "k1", who=word)


async def test_the_database_refuses_to_change_a_row(factory: Factory, database: str) -> None:
    async with opened(factory) as store:
        await store.add_kitchen("k1", "One", NOON)
        before = await store.audit_from(1, 10)
    again = "INTO audit SELECT n, at, '', action, about, detail, previous, hash FROM audit"
    wrong = ["UPDATE audit SET who = 'nobody'", "DELETE FROM audit"]
    if "://" in database:
        wrong += ["TRUNCATE audit", f"INSERT {again} ON CONFLICT (n) DO UPDATE SET who = ''"]
    else:
        wrong += [f"INSERT OR REPLACE {again}"]
    for statement in wrong:
        with pytest.raises((sqlite3.IntegrityError, asyncpg.RaiseError), match="only grows"):
            await _execute(database, statement)
    async with opened(factory) as store:
        assert await store.audit_from(1, 10) == before


async def _execute(database: str, *statements: str) -> None:
    if "://" in database:
        connection = await asyncpg.connect(database)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()
        return
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


@pytest.mark.usefixtures("patient")
async def test_two_processes_that_write_at_once_make_one_chain(factory: Factory) -> None:
    async with opened(factory) as one, opened(factory) as other:
        for kid in ("k1", "k2"):
            await one.add_kitchen(kid, kid, NOON)
        async with asyncio.TaskGroup() as group:
            for n in range(20):
                group.create_task(one.rename_kitchen("k1", f"One {n}"))
                group.create_task(other.rename_kitchen("k2", f"Two {n}"))
                group.create_task(other.rename_kitchen("k1", f"One {n}"))
        rows = await one.audit_from(1, 100)
    assert len(rows) == 62
    assert check_chain(rows) == []


class Auditor:
    """Runs `audit verify` with a journal of some lines; returns its exit code and its words."""

    def __init__(self, database: str, journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._database = database
        self._journal = journal
        self._capsys = capsys

    def run(self, *words: str) -> tuple[int, str]:
        self._capsys.readouterr()
        code = main([*words, "--database", self._database])
        said = self._capsys.readouterr()
        return code, said.out + said.err

    def lines(self) -> list[str]:
        """Return the lines that a cloud which serves would write of the rows that are there."""

        async def read() -> list[str]:
            async with opened(lambda: database_of(self._database).store()) as store:
                return [line(row) for row in await store.audit_from(1, 100)]

        return asyncio.run(read())

    def verify(self, *lines: str) -> tuple[int, str]:
        noise = "INFO The cloud answers at http://127.0.0.1:8090"
        self._journal.write_text("\n".join([noise, *lines]) + "\n")
        return self.run("audit", "verify", "--journal", str(self._journal))


@pytest.fixture
def auditor(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Auditor:
    auditor = Auditor(database, tmp_path / "journal", capsys)
    assert auditor.run("init")[0] == 0
    for words in (("kitchen", "add", "k1", "One"), ("kitchen", "add", "k2", "Two")):
        assert auditor.run(*words)[0] == 0
    assert auditor.run("desired", "set", "k1", "--mode", "off")[0] == 0
    return auditor


def test_verify_compares_the_rows_with_the_journal(auditor: Auditor) -> None:
    code, listed = auditor.run("audit", "list")
    assert code == 0
    assert listed.splitlines()[4].endswith("command line: desired set k1 version=2, mode=off")
    code, told = auditor.run("audit", "verify")
    assert (code, "The chain is whole, rows: 5" in told) == (0, True)
    lines = auditor.lines()
    assert auditor.verify(*lines, lines[-1])[0] == 0
    code, told = auditor.verify(*lines[2:])
    assert code == 0
    assert "The journal begins with row 3. Rows 1 to 2 are older" in told
    code, told = auditor.verify(lines[0], lines[4])
    assert (code, "Rows 2 to 4 are without a line of their own" in told) == (0, True)
    code, told = auditor.verify(*lines[:3])
    assert code == 1
    assert "ends with row 3, and rows 4 to 5 are in the database: no cloud has served" in told
    code, told = auditor.verify()
    assert (code, "tells of no row" in told) == (1, True)
    code, told = auditor.run("audit", "verify", "--journal", "/nowhere/journal")
    assert (code, "can't read /nowhere/journal: No such file" in told) == (2, True)


OPEN = {
    True: "DROP TRIGGER audit_only_grows ON audit",
    False: "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted",
}


def test_whoever_changes_the_rows_is_found_out(auditor: Auditor, database: str) -> None:
    lines = auditor.lines()
    asyncio.run(_execute(database, *OPEN["://" in database].split("; ")))
    for statement, alone, beside_the_journal in (
        # The chain alone does not know how long it was.
        ("DELETE FROM audit WHERE n = 5", None, "Row 5 is in the journal and not in the database"),
        ("UPDATE audit SET who = 'x' WHERE n = 2", "Row 2 was changed", "Row 2 was changed"),
        ("DELETE FROM audit WHERE n = 3", "Row 3 is missing", "Rows 3 and 5 are in the journal"),
        (
            "UPDATE audit SET n = 3 WHERE n = 4",
            "Row 3 was changed",
            "Row 3 is in the database with",
        ),
        ("DELETE FROM audit WHERE n < 3", "Rows 1 to 2 are missing", "Rows 1 to 2 and 4 to 5 are"),
        ("DELETE FROM audit", None, "Rows 1 to 5 are in the journal and not"),
    ):
        asyncio.run(_execute(database, statement))
        code, told = auditor.run("audit", "verify")
        assert (code, alone is None or alone in told) == (0 if alone is None else 1, True), told
        code, told = auditor.verify(*lines)
        assert (code, beside_the_journal in told) == (1, True), told


def test_a_log_that_was_rewritten_as_a_whole_is_found_out_by_the_journal(
    auditor: Auditor, database: str
) -> None:
    lines = auditor.lines()
    asyncio.run(_execute(database, *OPEN["://" in database].split("; "), "DELETE FROM audit"))
    for words in (("kitchen", "rename", "k1", "Uno"), ("kitchen", "rename", "k1", "One")):
        assert auditor.run(*words)[0] == 0
    assert auditor.run("audit", "verify")[0] == 0
    code, told = auditor.verify(*lines, *auditor.lines())
    assert code == 1
    assert "Rows 1 to 2 are in the database with other words than when" in told
    assert "Rows 3 to 5 are in the journal and not in the database: removed" in told


def test_a_restored_backup_is_said_and_no_alarm(auditor: Auditor, tmp_path: Path) -> None:
    before = auditor.lines()
    assert auditor.run("backup", str(tmp_path / "copy"))[0] == 0
    assert auditor.run("kitchen", "remove", "k2")[0] == 0
    assert auditor.run("kitchen", "rename", "k1", "Uno")[0] == 0
    later = auditor.lines()[len(before) :]
    assert auditor.run("restore", str(tmp_path / "copy"))[0] == 0
    after = auditor.lines()[len(before) :]
    first = row_told(later[0])
    assert first is not None
    for journal, code_wanted in (((*before, *later, *after), 0), ((*before, *later), 1)):
        code, told = auditor.verify(*journal)
        assert code == code_wanted
        assert f"Row {first[0]} says that a backup was restored" in told
        assert "not in the database any more as the journal has them" in told
        assert "removed" not in told
    # Taken away before the restore, and not by it.
    code, told = auditor.verify(*before, *after, *later)
    assert (code, "Row 7 is in the journal and not in the database" in told) == (1, True)


async def test_a_cloud_that_serves_writes_a_line_for_each_row(
    factory: Factory, database: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    def told() -> list[str]:
        return [text for text in caplog.messages if row_told(text) is not None]

    caplog.set_level("INFO")
    async with opened(factory) as store:
        await store.add_kitchen("k1", "One", NOON)
        await store.add_kitchen("k2", "Two", NOON)
    async with cloud_server(database):
        await until(lambda: len(told()) >= 2)
        async with opened(factory) as store:
            await store.rename_kitchen("k2", "Due")
            rows = await store.audit_from(1, 10)
            await until(lambda: told()[-1] == line(rows[-1]))
        assert told() == [line(row) for row in rows]
    caplog.clear()
    async with cloud_server(database):
        await until(lambda: len(told()) > 0)
        assert told() == [line(rows[-1])], "the newest once more, and no older one"
        opening = OPEN["://" in database].split("; ")
        await _execute(database, *opening, f"DELETE FROM audit WHERE n = {rows[-1].n}")
        await until(lambda: any("as it was, so each row" in text for text in caplog.messages))
        await until(lambda: told()[-1:] == [line(rows[-2])])
    await _execute(database, "DELETE FROM audit WHERE n > 1")
    caplog.clear()
    async with cloud_server(database):
        await until(lambda: told()[:1] == [line(rows[0])])
        assert any("as it was, so each row" in text for text in caplog.messages)


def test_a_cloud_inside_a_device_writes_no_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        cloud = EmbeddedCloud(tmp_path / "cloud.sqlite", now=virtual_now(), rng=random.Random(1))
        cloud.enrol("k1", "One", "a token")
        async with asyncio.TaskGroup() as group:
            running = group.create_task(cloud.run())
            await cloud.ready.wait()
            await asyncio.sleep(10)
            assert len(await cloud.cloud.store.audit_from(1, 10)) == 2
            running.cancel()

    caplog.set_level("INFO")
    run_virtual(scenario())
    assert [text for text in caplog.messages if row_told(text) is not None] == []


async def test_a_log_that_is_gone_stops_changes_in_words(factory: Factory, database: str) -> None:
    async with opened(factory) as store:
        await store.add_kitchen("k1", "One", NOON)
        await _execute(database, "DROP TABLE audit")
        with pytest.raises(StoreError, match="audit"):
            await store.rename_kitchen("k1", "Uno")
        with pytest.raises(StoreError, match="audit"):
            await store.signals.add_webhook("https://one.example/", NOON)
        assert await store.signals.webhooks() == ()
        kitchen = await store.kitchen("k1")
        assert kitchen is not None
        assert kitchen.name == "One"
