"""`likelight-cloud source`, on a database of either kind."""

import asyncio
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from likelight_cloud.cli.main import main
from likelight_cloud.store.choice import database_of
from likelight_cloud.store.ingest import MOST_SOURCES, IngestSource
from likelight_cloud.trust.device import hashed
from likelight_cloud.trust.signature import BUILT_IN, Profile
from support.cloud import NOON
from support.cloud_stores import opened

OWN = """
name = "own-till"
signature = "X-Till-Signature"
encoding = "hex"
signed = "{body}"
timestamp = "body:at"
tolerance_s = 60
"""


class Sources:
    """Runs `likelight-cloud source` on one database."""

    def __init__(self, database: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._database = database
        self._capsys = capsys
        assert main(["init", "--database", database]) == 0

    def __call__(self, *words: str) -> str:
        assert self._run(words) == 0
        return self._capsys.readouterr().out

    def fails(self, *words: str) -> str:
        assert self._run(words) == 2
        told = self._capsys.readouterr().err
        assert told.count("\n") == 1
        return told

    def audit(self) -> str:
        assert main(["audit", "list", "--json", "--database", self._database]) == 0
        return self._capsys.readouterr().out

    async def kept(self, name: str) -> IngestSource:
        async with opened(lambda: database_of(self._database).store()) as store:
            found = await store.ingest.find(name)
        assert found is not None
        return found

    def _run(self, words: Sequence[str]) -> int:
        self._capsys.readouterr()
        return main(["source", *words, "--database", self._database])


@pytest.fixture
def sources(database: str, capsys: pytest.CaptureFixture[str]) -> Sources:
    return Sources(database, capsys)


def given(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a command this standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_sources_are_added_listed_changed_and_removed(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept(name: str) -> IngestSource:
        return asyncio.run(sources.kept(name))

    told, secret = sources("add", "till").splitlines()
    assert "may send events to /v1/ingest/till, signed as standard-webhooks does" in told
    assert secret.startswith("whsec_")
    standard = BUILT_IN["standard-webhooks"]
    assert kept("till").secrets == (standard.key_of(secret),)
    assert "the source till exists already" in sources.fails("add", "till")

    key = tmp_path / "key.txt"
    key.write_text("a-key-that-square-made\n")
    told = sources("add", "shop", "--profile", "square", "--secret-file", str(key))
    assert "a-key-that-square-made" not in told
    assert kept("shop").secrets == (b"a-key-that-square-made",)

    own = tmp_path / "own-till.toml"
    own.write_text(OWN)
    given("a-secret-of-its-own", monkeypatch)
    sources("add", "own", "--profile", str(own), "--secret-file", "-")
    assert Profile.model_validate_json(kept("own").profile or "").signature == "x-till-signature"
    assert kept("own").secrets == (b"a-secret-of-its-own",)

    token = sources("add", "tool", "--bearer").splitlines()[1]
    assert kept("tool").secrets == (hashed(token),)

    newer = sources("rotate", "till").splitlines()[1]
    assert kept("till").secrets == (standard.key_of(newer), standard.key_of(secret))
    assert sources("list") == (
        "own   signed, own-till\n"
        "shop  signed, square\n"
        "till  signed, standard-webhooks, two secrets valid\n"
        "tool  UNSIGNED: a bearer token\n"
    )
    listed = json.loads(sources("list", "--json"))
    assert [(one["name"], one["signed"], one["secrets"]) for one in listed] == [
        ("own", True, 1),
        ("shop", True, 1),
        ("till", True, 2),
        ("tool", False, 1),
    ]
    for told_again in (sources("list"), json.dumps(listed)):
        assert newer not in told_again
        assert token not in told_again
    sources("rotate", "till", "--done")
    assert kept("till").secrets == (standard.key_of(newer),)

    assert "would remove the source till. Nothing" in sources("remove", "till", "--dry-run")
    sources("remove", "till")
    acts = json.loads(sources.audit())
    assert [(one["action"], one["about"]) for one in acts] == [
        ("source added", "till"),
        ("source added", "shop"),
        ("source added", "own"),
        ("source added", "tool"),
        ("source secrets changed", "till"),
        ("source secrets changed", "till"),
        ("source removed", "till"),
    ]
    for words in (("remove", "till"), ("rotate", "till"), ("rotate", "till", "--done")):
        assert "there is no source till" in sources.fails(*words)


def test_a_source_that_would_protect_nothing_is_refused(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(OWN.replace("{body}", "{url}"))
    key = tmp_path / "key.txt"
    key.write_text("short")
    for words, why in (
        (("Till",), "Till cannot be a source's name"),
        (("x" * 33,), "cannot be a source's name"),
        (("till", "--profile", str(bad)), "without {body} anybody could change the event"),
        (("till", "--profile", str(tmp_path / "none.toml")), "can't read"),
        (("till", "--profile", "stripe"), "--profile: can't read stripe: No such file"),
        (("till", "--secret-file", str(key)), "a secret of standard-webhooks is base64"),
        (("till", "--profile", "square", "--secret-file", str(key)), "this one has 5"),
        (("till", "--bearer", "--secret-file", str(key)), "16 to 256 ASCII characters"),
        (("till", "--secret-file", str(tmp_path)), "can't read"),
    ):
        assert why in sources.fails("add", *words), words
    key.write_bytes(b"\xff" * 32)
    assert "is not a text in UTF-8" in sources.fails("add", "till", "--secret-file", str(key))
    given("", monkeypatch)
    assert "this one has 0" in sources.fails("add", "till", "--secret-file", "-")
    assert json.loads(sources("list", "--json")) == []


async def test_there_are_no_more_sources_than_a_device_may_be_told_of(tmp_path: Path) -> None:
    database = str(tmp_path / "cloud.db")
    async with opened(lambda: database_of(database).store()) as store:
        for n in range(MOST_SOURCES):
            assert await store.ingest.add(IngestSource(f"s{n}", None, (b"x",), NOON))
    code = await asyncio.to_thread(main, ["source", "add", "more", "--database", database])
    assert code == 2
