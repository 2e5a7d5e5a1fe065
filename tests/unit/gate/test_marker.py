"""The marker of PRIVACY: one content means "shared", and nothing else does."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from likelight.gate.marker import Marker, marker_bytes


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "privacy"


def shared_marker(file: Path) -> Marker:
    marker = Marker(file, "demo")
    marker.write(shared=True)
    assert marker.says_shared
    return marker


def test_the_format_never_changes() -> None:
    kitchen = hashlib.sha256(b"demo").digest()
    for shared, word in ((True, b"shared"), (False, b"private")):
        head = b"likelight PRIVACY marker" + bytes(8) + kitchen + word + bytes(16 - len(word))
        whole = head + hashlib.sha256(head).digest() + bytes(400)
        assert len(whole) == 512
        assert marker_bytes("demo", shared=shared) == whole


def test_what_was_written_is_read_and_belongs_to_the_kitchen(file: Path) -> None:
    marker = shared_marker(file)
    assert not Marker(file, "bistro-7").says_shared
    marker.write(shared=False)
    assert not marker.says_shared
    assert file.stat().st_mode & 0o777 == 0o600


def test_no_damaged_byte_says_shared(file: Path) -> None:
    """With PRIVACY stored, and with the marker that sharing leaves: each byte, each bit."""
    marker = Marker(file, "demo")
    contents = [marker_bytes("demo", shared=shared) for shared in (True, False)]
    for content in contents:
        for position in range(512):
            for bit in range(8):
                damaged = bytearray(content)
                damaged[position] ^= 1 << bit
                file.write_bytes(damaged)
                assert not marker.says_shared, (position, bit)


def test_neither_a_part_nor_a_mixture_says_shared(file: Path) -> None:
    marker = Marker(file, "demo")
    shared, private = (marker_bytes("demo", shared=shared) for shared in (True, False))
    for length in range(512):
        file.write_bytes(shared[:length])
        assert not marker.says_shared
        # A disk that tears a sector in two.
        file.write_bytes(private[:length] + shared[length:])
        assert marker.says_shared is (private[:length] == shared[:length])
    for other in (b"", bytes(512), b"\xff" * 512, shared + b"\0", b"shared"):
        file.write_bytes(other)
        assert not marker.says_shared


def test_what_is_no_file_is_private_and_is_set_aside_by_the_next_choice(file: Path) -> None:
    marker = Marker(file, "demo")
    assert not marker.says_shared
    for make in (os.mkfifo, os.mkdir, lambda path: path.symlink_to(path.with_name("other"))):
        make(file)
        marker_elsewhere = Marker(file.with_name("other"), "demo")
        marker_elsewhere.write(shared=True)
        assert not marker.says_shared
        marker.write(shared=True)
        assert marker.says_shared
        assert file.is_file()
        assert not file.is_symlink()
        file.unlink()
    assert sorted(path.name for path in file.parent.glob("*.damaged-*")) == [
        "privacy.damaged-1",
        "privacy.damaged-2",
        "privacy.damaged-3",
    ]


def test_it_is_written_in_place_so_that_a_full_disk_takes_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = shared_marker(file)
    before = file.stat()

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    for call in ("ftruncate", "posix_fallocate", "rename", "fsync"):
        monkeypatch.setattr(os, call, no_room)
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    marker.write(shared=False)
    assert not marker.says_shared
    after = file.stat()
    assert (after.st_ino, after.st_size, after.st_blocks) == (before.st_ino, 512, before.st_blocks)
    assert len(synced) == 1


@pytest.mark.parametrize("left", [b"", b"likelight", bytes(600)])
def test_a_marker_of_another_size_is_made_whole(file: Path, left: bytes) -> None:
    file.write_bytes(left)
    shared_marker(file)
    assert file.stat().st_size == 512


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to another user")
def test_made_by_root_it_belongs_to_the_daemon(file: Path) -> None:
    os.chown(file.parent, 1234, 2345)
    shared_marker(file)
    made = file.stat()
    assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (1234, 2345, 0o600)
