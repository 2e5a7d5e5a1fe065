"""The directory of what must survive a power cut, held by one daemon at a time."""

import fcntl
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from likelight.config.secret import read_token
from likelight.config.settings import ConfigError
from likelight.runtime.atomic_file import replace_file

log = logging.getLogger(__name__)

TOKEN_FILE = "device.token"  # noqa: S105  the name of a file


LOCK_FILE = "lock"
"""What a daemon holds; it is there while one runs."""
_CHOOSE = "choose another: state_dir in the configuration, or --state-dir for the demo"
"""True of `run` and of the demo, which alone has the option."""
_OURS = ("device.", "cloud.", "consent.", "privacy", "catalogue.", "last-good", "likelight-")
"""What the names of likelight's files begin with; those that were set aside have `_SET_ASIDE`."""
_SET_ASIDE = ".damaged-"
_FOUND = "lost+found"
"""Where a repair of the file system puts what has lost its name."""


class StateDirInUse(ConfigError):
    """Another likelight holds it: two daemons on one database would both act as the kitchen."""


def is_new(path: Path) -> bool:
    """Return whether the state directory `path` holds nothing of likelight's.

    Where anything is left of an earlier life, what is missing was lost. The lock and the sockets
    tell nothing. One that can't be read is not new.
    """
    try:
        lost = path / _FOUND
        return not ours(path) and not (lost.is_dir() and any(lost.iterdir()))
    except OSError:
        return False


def ours(path: Path) -> list[Path]:
    """Return what likelight keeps in the state directory `path`. Raises `OSError`."""
    named = [(entry, entry.name.lstrip(".")) for entry in path.iterdir()]
    return [entry for entry, name in named if name.startswith(_OURS) or _SET_ASIDE in name]


def is_usable(path: Path) -> bool:
    """Return whether the state directory `path` is there for us to write. What its disk takes, such
    as nothing on a read-only one, is another question.
    """
    try:
        read_only = os.statvfs(path).f_flag & os.ST_RDONLY
    except OSError:
        return False
    return path.is_dir() and (bool(read_only) or os.access(path, os.R_OK | os.W_OK | os.X_OK))


@contextmanager
def held_if_usable(path: Path) -> Iterator[None]:
    """As `held`, but go on where it can't be made or written: the lamp needs none.

    Raises `StateDirInUse` when another likelight holds it.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(held(path))
        except StateDirInUse:
            raise
        except ConfigError as error:
            log.error("%s. Lamp, panel and buttons work without it", error)  # noqa: TRY400  in words
        yield


@contextmanager
def held(path: Path) -> Iterator[Path]:
    """Make `path` if it is missing, and hold it while the context lasts.

    On a disk that takes nothing it is held all the same. Raises `ConfigError` when it can't
    be made or written for another reason, and `StateDirInUse` when another likelight holds it.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _open_lock(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        _hand_over(lock, path)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateDirInUse(
                f"another likelight uses the state directory {path}. End it, or {_CHOOSE}"
            ) from None
        except OSError as error:  # a network's file system may know no locks
            log.warning("%s can't be locked: %s", path, error.strerror)
        yield path
    finally:
        os.close(lock)


def _open_lock(path: Path) -> int:
    """Open what is locked: the file `lock`, or the directory where that can't be such a file."""
    file, flags = path / LOCK_FILE, os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(file, os.O_RDWR | os.O_CREAT | flags, 0o600)
    except OSError as error:
        # In another's directory it may be held. In our own it is none that a likelight left: even
        # root's is handed over at once.
        if isinstance(error, PermissionError) and path.stat().st_uid != os.geteuid():
            raise
        log.warning("%s can't be written: %s", file, error.strerror)
    try:
        return os.open(file, os.O_RDONLY | flags)
    except OSError:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _hand_over(lock: int, path: Path) -> None:
    """Give root's own `lock` to the owner of `path`, whose daemon could not open it otherwise."""
    owner, made = path.stat(), os.fstat(lock)
    # An attacker could have made a hard link here, to get another file of root's.
    if made.st_uid == os.geteuid() == 0 and made.st_nlink == 1:
        with suppress(OSError):  # a network's file system may not let root
            os.fchown(lock, owner.st_uid, owner.st_gid)


def own_token(path: Path) -> str:
    """Return the device's token for the embedded cloud, made at first use and kept at 0600.

    One that can't be read, that others could read, or that a power cut left empty or damaged is
    made anew: only the cloud in this process knows it. Where none can be kept it is new at each
    start.
    """
    file = path / TOKEN_FILE
    try:
        return read_token(file)
    except ConfigError as error:
        if not isinstance(error.__cause__, FileNotFoundError):
            log.warning("%s. A new one is made", error)
    token = secrets.token_urlsafe(32)
    try:
        replace_file(file, token)
    except OSError as error:
        log.warning("The new token can't be kept in %s: %s", file, error.strerror)
    return token


def _unwritable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"can't write to the state directory {path}: {error.strerror}; {_CHOOSE}")
