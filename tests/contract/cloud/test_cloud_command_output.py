"""How `likelight-cloud` says what it does and did, whatever its output leads to."""

import asyncio
import io
import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from likelight.runtime.clock import utc_now
from likelight_cloud.cli import enrolment
from likelight_cloud.cli.main import main

COMMANDS = (
    *("init", "migrate", "backup", "restore", "restored", "serve", "status"),
    *(f"kitchen {name}" for name in ("add", "list", "show", "rename", "remove", "code", "qr")),
    *("kitchen", "kitchen labels", "kitchen import", "kitchen export"),
    *("desired", "desired show", "desired set"),
    *("operator", "operator add", "operator list", "operator remove"),
    *("catalogue", *(f"catalogue {name}" for name in ("add", "list", "preview", "remove"))),
)


@pytest.fixture
def database(tmp_path: Path) -> list[str]:
    option = ["--database", str(tmp_path / "cloud.db")]
    assert main(["init", *option]) == 0
    assert main(["kitchen", "add", "k1", "Zoë 日", *option]) == 0
    return option


def into(
    output: BinaryIO, words: Sequence[str], monkeypatch: pytest.MonkeyPatch, encoding: str = "utf-8"
) -> int:
    """Run a command that prints into `output`; return its exit code."""
    with monkeypatch.context() as patch, io.TextIOWrapper(output, encoding=encoding) as stdout:
        patch.setattr(sys, "stdout", stdout)
        return main(words)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_says_what_it_does(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    _, about, *_ = capsys.readouterr().out.split("\n\n")
    assert about[0].isupper()
    assert about[-1] == "."


def test_names_are_listed_in_any_locale_and_exported_as_they_are(
    database: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, exported = tmp_path / "listed", tmp_path / "exported"
    with listed.open("wb") as file:
        assert into(file, ["kitchen", "list", *database], monkeypatch, "ascii") == 0
    assert listed.read_bytes().startswith(b"k1  Zo? ?  (")
    with exported.open("wb") as file:
        assert into(file, ["kitchen", "export", *database], monkeypatch, "ascii") == 0
    assert "k1,Zoë 日," in exported.read_text("utf-8")


def test_what_can_not_be_printed_is_done_and_said(
    database: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add = ["kitchen", "add", "k2", "Two", *database]
    with Path("/dev/full").open("wb") as full:
        assert into(full, add, monkeypatch) == 1
    told = capsys.readouterr().err
    assert told == ("likelight-cloud: it is done, and can't be printed: No space left on device\n")
    assert main(["kitchen", "show", "k2", *database]) == 0


def test_a_reader_that_has_left_is_no_error_to_speak_of(
    database: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        assert into(closed, ["kitchen", "list", *database], monkeypatch) == 1
    assert capsys.readouterr().err == ""


def test_a_command_that_is_interrupted_does_not_pass_for_done(
    database: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    def interrupted() -> datetime:
        signal.raise_signal(signal.SIGINT)
        return utc_now()

    monkeypatch.setattr(enrolment, "utc_now", interrupted)
    # asyncio.run() handles Ctrl-C only in place of Python's own handler.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    capsys.readouterr()
    assert main(["kitchen", "code", "k1", *database]) == 130
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "likelight-cloud: interrupted; run it again to be sure that all is done\n"


def test_a_command_that_is_cancelled_does_not_pass_for_done(
    database: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cancelled() -> datetime:
        raise asyncio.CancelledError

    monkeypatch.setattr(enrolment, "utc_now", cancelled)
    capsys.readouterr()
    assert main(["kitchen", "code", "k1", *database]) == 130
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "likelight-cloud: interrupted; run it again to be sure that all is done\n"
