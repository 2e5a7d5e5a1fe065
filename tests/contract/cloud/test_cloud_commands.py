"""`likelight-cloud` on a database of either kind, also beside a cloud that serves it."""

import asyncio
import json
import re
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from likelight.contract import Desired
from likelight_cloud.cli.main import main
from likelight_cloud.store.base import Use
from likelight_cloud.store.choice import database_of
from support.cloud import KID, NOON, TOKEN, bearer, status
from support.relay import relay_site
from support.waiting import WITHIN_S


class Operator:
    """Runs commands on one database. Each returns what it printed, or its one line of failure."""

    def __init__(self, database: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._database = database
        self._capsys = capsys

    def __call__(self, *words: str) -> str:
        assert self._run(words) == 0
        return self._capsys.readouterr().out

    def fails(self, *words: str) -> str:
        assert self._run(words) == 2
        told = self._capsys.readouterr().err
        assert told.count("\n") == 1
        return told

    def lists(self, *words: str) -> object:
        return json.loads(self(*words, "--json"))

    def _run(self, words: Sequence[str]) -> int:
        self._capsys.readouterr()
        return main([*words, "--database", self._database])


@pytest.fixture
def operator(database: str, capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(database, capsys)


def test_a_database_is_made_by_init_alone(operator: Operator) -> None:
    for words in (
        ("serve", "--port", "0", "--admin-port", "0"),
        ("kitchen", "add", "k", "K"),
        ("kitchen", "list"),
        ("token", "rotate", "k"),
        ("status",),
        ("migrate",),
        ("restored",),
    ):
        assert "likelight-cloud init --database" in operator.fails(*words)
    steps = re.findall("`likelight-cloud (.*) --database ", operator("init"))
    assert steps == ['kitchen add KID "NAME"', "operator add NAME --role operator", "serve"]
    assert "is there already, and stays as it is" in operator.fails("init")
    assert "would begin a new time line: 0. Nothing" in operator("restored", "--dry-run")
    assert operator.lists("kitchen", "list") == []
    operator("migrate")


def test_kitchens_are_listed_shown_renamed_and_removed(operator: Operator) -> None:
    operator("init")
    operator("kitchen", "add", "k2", "Two")
    operator("kitchen", "add", "k1", "One")
    assert operator("kitchen", "list") == (
        "k1  One  (not installed yet)\nk2  Two  (not installed yet)\n"
    )
    operator("kitchen", "rename", "k1", "Uno")
    assert "a kitchen's name" in operator.fails("kitchen", "rename", "k1", "two\nlines")
    shown = operator.lists("kitchen", "show", "k1")
    assert isinstance(shown, dict)
    assert (shown["name"], shown["likes"], shown["state"]) == ("Uno", 0, "new")
    assert "name: Uno\n" in operator("kitchen", "show", "k1")
    assert "This would remove the kitchen k1 (Uno)" in operator(
        "kitchen", "remove", "k1", "--dry-run"
    )
    assert "Removed the kitchen k1 (Uno) with 0 likes" in operator("kitchen", "remove", "k1")
    for words in (
        ("kitchen", "remove", "k1"),
        ("kitchen", "show", "k1"),
        ("kitchen", "rename", "k1", "Eins"),
        ("kitchen", "code", "k1"),
        ("token", "revoke", "k1"),
        ("desired", "show", "k1"),
        ("desired", "set", "k1", "--mode", "off"),
    ):
        assert "there is no kitchen k1 in " in operator.fails(*words)
    assert operator.lists("status") == {
        "kitchens": 1,
        "states": {"new": 1},
        "rotations": {},
        "likes": 0,
        "notes": 0,
        "notes_shown": 0,
    }
    assert operator("status") == (
        "Kitchens: 1 (1 not installed yet)\nRotations of tokens: 0\nLikes: 0\n"
        "Notes: 0, of which shown: 0\n"
    )


def test_wishes_are_set_and_shown(operator: Operator) -> None:
    operator("init")
    operator("kitchen", "add", "k1", "One")
    before = operator.lists("desired", "show", "k1")
    assert isinstance(before, dict)
    assert (before["mode"], before["pace_ms"]) == ("on", 1000)
    operator("desired", "set", "k1", "--mode", "off", "--pace-ms", "2000")
    after = operator.lists("desired", "show", "k1")
    assert after == {**before, "version": before["version"] + 1, "mode": "off", "pace_ms": 2000}
    assert "mode: off\n" in operator("desired", "show", "k1")
    asked = "desired: mode off, no hours, pace_ms 2000, version 2\n"
    assert asked in operator("kitchen", "show", "k1")
    assert "say what to ask for" in operator.fails("desired", "set", "k1")


def test_hours_are_asked_for_by_the_week_and_lifted(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator("init")
    operator("kitchen", "add", "k1", "One")
    week = ("monday=17:00-2:00,11:00-14:00", "Friday=00:00-24:00")
    assert "monday 11:00-14:00, 17:00-02:00; tuesday closed; " in operator(
        "desired", "set", "k1", "--hours", *week
    )
    asked = Desired.model_validate(operator.lists("desired", "show", "k1"))
    days = ("tuesday", "wednesday", "thursday", "saturday", "sunday")
    assert asked.schedule == {
        "monday": "11:00-14:00, 17:00-02:00",
        "friday": "00:00-24:00",
        **dict.fromkeys(days, "closed"),
    }
    twice = operator.fails("desired", "set", "k1", "--hours", "monday=closed", "monday=11:00-14:00")
    assert "--hours names monday twice" in twice
    for wrong, words in {
        "11:00-14:00": "is not a day with its hours; write monday=11:00-14:00",
        "mon=11:00-14:00": "is not a day with its hours",
        "monday=": "is not a day with its hours",
        "monday=11-14": "monday: '11-14' is not a time span; write",
        "monday=11:00-14:00,13:00-15:00": "monday: two of its time spans overlap",
        "monday=25:00-26:00": "monday: '25:00-26:00' has a time that no clock shows",
    }.items():
        with pytest.raises(SystemExit):
            operator("desired", "set", "k1", "--hours", wrong)
        assert words in capsys.readouterr().err
    assert Desired.model_validate(operator.lists("desired", "show", "k1")) == asked
    assert "is asked for no hours." in operator("desired", "set", "k1", "--no-hours")
    lifted = Desired.model_validate(operator.lists("desired", "show", "k1"))
    assert (lifted.schedule, lifted.version) == ({}, asked.version + 1)


async def test_what_commands_change_reaches_who_is_connected(
    database: str, operator: Operator
) -> None:
    async with relay_site(database) as site:

        async def command(*words: str) -> str:
            return await asyncio.to_thread(operator, *words)

        async def poll(**query: str) -> tuple[int, dict[str, object]]:
            path, query = f"/v1/kitchens/{KID}/events", {"boot_id": "boot-1", **query}
            reply = await site.call("GET", path, params=query, headers=bearer(TOKEN))
            return reply.status, reply.body

        _, first = await poll(wait="0")
        cursor = str(first["cursor"])
        version = str(first["desired"]["version"])  # type: ignore[index]
        held = asyncio.create_task(poll(wait="30", dv=version, cursor=cursor))
        await command("desired", "set", KID, "--mode", "off")
        code, reply = await held
        assert (code, reply["desired"]["mode"]) == (200, "off")  # type: ignore[index]

        summary = f"/v1/kitchens/{KID}"
        live = await site.session.get(f"{site.base}{summary}/live")
        await command("kitchen", "rename", KID, "Another name")
        async with asyncio.timeout(WITHIN_S):
            while b'"name":"Another name"' not in await live.content.readline():
                pass

        version = str(reply["desired"]["version"])  # type: ignore[index]
        held = asyncio.create_task(poll(wait="30", dv=version, cursor=cursor))
        await command("kitchen", "remove", KID)
        assert (await held)[0] in (401, 404)
        await asyncio.wait_for(live.read(), WITHIN_S)  # the stream has ended
        for method, path, body in (
            ("GET", summary, None),
            ("POST", f"{summary}/likes", {"n": 1, "batch": "3f2c9d1e-7e3b-4c56-9d8a-2a4f5b6c7d8e"}),
            ("POST", f"{summary}/status", status()),
        ):
            assert (await site.call(method, path, json=body, headers=bearer(TOKEN))).status == 404


def test_a_copy_is_made_while_a_cloud_serves_and_put_back_while_none_does(
    operator: Operator, database: str, tmp_path: Path
) -> None:
    operator("init")
    operator("kitchen", "add", "k1", "One")
    asyncio.run(likes(database, 3))
    epoch = asyncio.run(likes(database, 0))
    copy = tmp_path / "copy"

    async def copied_and_refused() -> None:
        store = database_of(database).store()
        await store.open(Use.SERVING)
        try:
            await asyncio.to_thread(operator, "backup", str(copy))
            refused = await asyncio.to_thread(operator.fails, "restore", str(copy))
        finally:
            await store.close()
        assert "serves" in refused

    asyncio.run(copied_and_refused())
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert "is not a folder. Make it first: `mkdir" in operator.fails("backup", "--keep", "2", "no")
    again = asyncio.run(likes(database, 0))
    assert "would begin a new time line: 1. Nothing" in operator("restored", "--dry-run")
    assert asyncio.run(likes(database, 0)) == again
    assert "is there already" in operator.fails("backup", str(copy))
    asyncio.run(likes(database, 4))
    operator("kitchen", "add", "k2", "Two")
    assert "Nothing was changed" in operator("restore", str(copy), "--dry-run")
    assert len(operator.lists("kitchen", "list")) == 2  # type: ignore[arg-type]
    operator("restore", str(copy))
    kitchens = operator.lists("kitchen", "list")
    assert [(each["kid"], each["likes"]) for each in kitchens] == [("k1", 3)]  # type: ignore[attr-defined]
    assert asyncio.run(likes(database, 0)) != epoch
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("wrong", ["missing", "empty", "cut short", "another program's"])
def test_what_is_no_whole_copy_is_refused_and_nothing_lost(
    operator: Operator, database: str, tmp_path: Path, wrong: str
) -> None:
    operator("init")
    operator("kitchen", "add", "k1", "One")
    copy = tmp_path / "copy"
    if wrong == "empty":
        copy.touch()
    elif wrong == "cut short":
        operator("backup", str(copy))
        whole = copy.read_bytes()
        copy.write_bytes(whole[: len(whole) // 2])
    elif wrong == "another program's":
        with closing(sqlite3.connect(copy)) as db:
            db.execute("CREATE TABLE other (a)")
    for words in (("restore", str(copy)), ("restore", str(copy), "--dry-run")):
        assert operator.fails(*words)
    assert len(operator.lists("kitchen", "list")) == 1  # type: ignore[arg-type]


async def likes(database: str, count: int) -> str:
    """Add likes to the first kitchen; return its epoch."""
    store = database_of(database).store()
    await store.open()
    try:
        await store.add_likes({"k1": count}, NOON)
        record = await store.kitchen("k1")
        assert record is not None
        return record.epoch
    finally:
        await store.close()
