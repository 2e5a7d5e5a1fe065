"""A small file is replaced as a whole, and it is on the disk when the call returns."""

import os
import stat
from pathlib import Path

import pytest

from likelight.runtime.atomic_file import replace_file, sync_folder


def test_the_content_and_the_mode_are_as_asked(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    replace_file(file, "first – ä")
    assert (file.read_text("utf-8"), stat.S_IMODE(file.stat().st_mode)) == ("first – ä", 0o600)
    replace_file(file, "second", mode=0o644)
    assert (file.read_text("utf-8"), stat.S_IMODE(file.stat().st_mode)) == ("second", 0o644)
    assert list(tmp_path.iterdir()) == [file]


def test_the_file_is_synced_before_its_name_and_the_folder_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "record.json"
    replace_file(file, "old")
    synced: list[tuple[str, str]] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        synced.append((kind, file.read_text()))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    replace_file(file, "new")
    assert synced == [("file", "old"), ("folder", "new")]


def test_what_fails_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "record.json"
    replace_file(file, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    elsewhere, file = tmp_path / "elsewhere", tmp_path / "record.json"
    elsewhere.write_text("of another user")
    file.symlink_to(elsewhere)
    replace_file(file, "ours")
    assert elsewhere.read_text() == "of another user"
    assert not file.is_symlink()


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "missing" / "record.json", "x")
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "missing")
