import errno
import fcntl
import os
import pwd
from pathlib import Path

import pytest

from likelight.config.places import default_state_dir
from likelight.config.settings import ConfigError
from likelight.config.state_dir import (
    TOKEN_FILE,
    StateDirInUse,
    held,
    held_if_usable,
    is_usable,
    own_token,
)


def test_the_token_is_made_once_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    with held(tmp_path / "state") as path:
        token = own_token(path)
        assert own_token(path) == token
        assert (path / TOKEN_FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_command_of_root_s_leaves_a_lock_that_the_daemon_can_open(tmp_path: Path) -> None:
    os.chown(tmp_path, 4711, 4712)
    with held(tmp_path):
        pass
    left = (tmp_path / "lock").stat()
    assert (left.st_uid, left.st_gid) == (4711, 4712)


@pytest.mark.parametrize("what", ["a link", "a folder"])
def test_what_is_no_lock_is_not_used_and_one_holds_the_directory_all_the_same(
    tmp_path: Path, what: str
) -> None:
    other, lock = tmp_path / "other", tmp_path / "lock"
    other.write_text("mine")
    if what == "a link":
        lock.symlink_to(other)
    else:
        lock.mkdir()
    with held(tmp_path):
        with other.open() as mine:
            fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(StateDirInUse), held(tmp_path):
            raise AssertionError("both hold it")


def test_a_directory_that_can_not_be_made_holds_nobody_up_and_one_that_is_held_does(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with held_if_usable(tmp_path / "file" / "state"):
        assert not is_usable(tmp_path / "file" / "state")
    with held_if_usable(tmp_path):
        assert is_usable(tmp_path)
        with pytest.raises(StateDirInUse), held_if_usable(tmp_path):
            raise AssertionError("both hold it")


@pytest.mark.parametrize("has_lock", [True, False])
@pytest.mark.parametrize("why", [errno.EROFS, errno.ENOSPC, errno.EACCES])
def test_a_disk_that_takes_nothing_is_held_by_one_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_lock: bool, why: int
) -> None:
    if has_lock:
        with held(tmp_path):
            pass
    opened = os.open

    def takes_nothing(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & (os.O_CREAT | os.O_RDWR | os.O_WRONLY):
            raise OSError(why, os.strerror(why), path)
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", takes_nothing)
    with held(tmp_path) as path:
        assert own_token(path)
        with pytest.raises(ConfigError, match="another likelight uses"), held(tmp_path):
            raise AssertionError("both hold it")
    with held(tmp_path):
        pass


@pytest.mark.parametrize(
    ("state_home", "told"),
    [
        ("/srv/state", "/srv/state/likelight"),
        ("state", "/home/cook/.local/state/likelight"),
        ("", "/home/cook/.local/state/likelight"),
    ],
)
def test_the_usual_state_directory_is_never_in_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, state_home: str, told: str
) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("HOME", "/home/cook")
    monkeypatch.setenv("XDG_STATE_HOME", state_home)
    assert default_state_dir() == Path(told)


def test_an_account_without_a_home_has_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert default_state_dir() == Path("/var/lib/likelight")
