"""The last good configuration comes back as it was, or not at all."""

import os
from pathlib import Path

import pytest

from likelight.config.last_good import (
    LAST_GOOD_FILE,
    LastGood,
    named_state_dirs,
    read_last_good,
    write_last_good,
)
from likelight.config.settings import read_config

TEXT = """\
board = "pi-4"
kit = "cheap"
[kitchen]
id = "lehi"
[camera]
masks = [[[0, 0], [0.5, 0], [1, 1]]]
[cloud]
url = "https://cloud.example"
token_file = "/etc/likelight/token"
[schedule]
friday = "11:00-23:00"
"""


def good_of(tmp_path: Path, text: str = TEXT) -> LastGood:
    file = tmp_path / "likelight.toml"
    file.write_text(text)
    return LastGood(file=file, config=read_config(file))


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    good = good_of(tmp_path)
    write_last_good(tmp_path, good)
    (tmp_path / "likelight.toml").write_text("[[[")
    back = read_last_good([tmp_path / "absent", tmp_path], good.file)
    assert back == good
    assert back is not None
    assert back.config.model_fields_set == good.config.model_fields_set
    assert (tmp_path / LAST_GOOD_FILE).stat().st_mode & 0o777 == 0o600


def test_what_is_kept_already_is_not_written_again(tmp_path: Path) -> None:
    write_last_good(tmp_path, good_of(tmp_path))
    first = (tmp_path / LAST_GOOD_FILE).stat().st_ino
    write_last_good(tmp_path, good_of(tmp_path))
    assert (tmp_path / LAST_GOOD_FILE).stat().st_ino == first
    other = good_of(tmp_path, TEXT.replace("lehi", "provo"))
    write_last_good(tmp_path, other)
    assert read_last_good([tmp_path], other.file) == other


def test_that_of_another_file_is_not_taken(tmp_path: Path) -> None:
    write_last_good(tmp_path, good_of(tmp_path))
    assert read_last_good([tmp_path], tmp_path / "other.toml") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 600,
        b"{",
        b"[]",
        b'{"format": 2, "file": "/x", "config": {}}',
        b'{"format": 1, "file": "/x", "config": {"web": {"port": 0}}}',
        b'{"format": 1, "file": "/x", "config": {"new": 1}}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_damaged_one_counts_as_none_and_is_written_anew(tmp_path: Path, content: bytes) -> None:
    good = good_of(tmp_path)
    (tmp_path / LAST_GOOD_FILE).write_bytes(content)
    assert read_last_good([tmp_path], Path("/x")) is None
    write_last_good(tmp_path, good)
    assert read_last_good([tmp_path], good.file) == good


def test_what_is_no_file_counts_as_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / LAST_GOOD_FILE)
    assert read_last_good([tmp_path], tmp_path / "likelight.toml") is None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('board = pi-4\nstate_dir = "/srv/like" # here\n[[[', "/srv/like"),
        ("  state_dir='/srv/like'", "/srv/like"),
        ('state_dir = "~/like"', "/home/cook/like"),
        ('[web]\nport = 80\nstate_dir = "/srv/like"', "/srv/like"),
        ('# state_dir = "/srv/like"', None),
        ('state_dir = "like"', None),
        ('state_dir = "/srv/like', None),
        ("state_dir = 3", None),
        ("", None),
        (None, None),
    ],
)
def test_a_broken_file_may_still_name_its_state_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, path: str | None
) -> None:
    monkeypatch.setenv("HOME", "/home/cook")
    file = tmp_path / "likelight.toml"
    if text is not None:
        file.write_text(text)
    assert named_state_dirs(file, {}, ()) == ([] if path is None else [Path(path)])


@pytest.mark.parametrize("file_there", [True, False])
def test_so_may_all_that_lies_over_it(tmp_path: Path, file_there: bool) -> None:
    file, folder = tmp_path / "likelight.toml", tmp_path / "conf.d"
    if file_there:
        file.write_text('state_dir = "/file"\n[[[')
    folder.mkdir()
    (folder / "10.toml").write_text('state_dir = "/ten"\nboard = pi-4')
    (folder / "20.toml").write_text('state_dir = "/twenty"')
    named = named_state_dirs(file, {"LIKELIGHT_STATE_DIR": "/environment"}, ["state_dir=/set"])
    names = ["/set", "/environment", "/twenty", "/ten", *(["/file"] if file_there else [])]
    assert named == [Path(name) for name in names]
