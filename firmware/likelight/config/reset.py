"""Making a device forget its store: consent, notes, totals and token, in two durable steps.

The first writes the marker, the second does the work, at the next start if need be. So a power cut
leaves either all of the old store or, once the device has started again, nothing of it.
"""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from likelight.config.paired import PAIRED_FILE
from likelight.config.pairing import REFUSED_FILE
from likelight.config.settings import Config
from likelight.config.state_dir import ours
from likelight.runtime.atomic_file import replace_file, sync_folder

RESET_FILE = "likelight-reset"
"""The marker. It stays when all is done: the device is then no new one, so it begins private."""
_BEGUN = "begun\n"
_DONE = "done\n"
_BLOCK = 1 << 20


def begin_reset(config: Config) -> None:
    """Have all that belongs to the store of `config` forgotten, now or at the next start; on the
    disk on return. Raises `OSError`; then nothing has changed.

    It does not begin what could not be finished, as where systemd hands the token over: the device
    would not start again.
    """
    for token in _tokens(config):
        for place in (token, token.parent):
            if not os.access(place, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
    _mark(config.state_dir, _BEGUN)


def reset_is_begun(state_dir: Path) -> bool:
    """Return whether a reset waits to be finished."""
    try:
        return (state_dir / RESET_FILE).read_text("utf-8") == _BEGUN
    except (OSError, UnicodeDecodeError):
        return False


def finish_reset(config: Config) -> None:
    """Overwrite and remove what belongs to the store of `config`, and mark that as done.

    It may be cut short and done again. No daemon may run; hold its state directory. Raises
    `OSError`, and then the reset is still begun.
    """
    state_dir = config.state_dir
    folders = {state_dir}
    for file in _belongings(config):
        _overwrite(file)
        file.unlink()
        folders.add(file.parent)
    for folder in folders:
        sync_folder(folder)
    _mark(state_dir, _DONE)


def _belongings(config: Config) -> Iterator[Path]:
    state_dir = config.state_dir
    named = list[Path]()
    for name in (PAIRED_FILE, REFUSED_FILE, "selftest."):
        # And the drafts that a power cut has left.
        named += [*state_dir.glob(f"{name}*"), *state_dir.glob(f".{name}*")]
    for file in {*_tokens(config), *named, *ours(state_dir)}:
        # A folder that was set aside holds nothing of ours.
        if file.name != RESET_FILE and os.path.lexists(file) and not file.is_dir():
            yield file


def _tokens(config: Config) -> list[Path]:
    """Return the files of the device's token: those that `likelight pair` draws stand beside it,
    and so do the drafts that a power cut has left of either."""
    token = config.token_file
    beside = [file for end in (".*", "-*") for file in token.parent.glob(f".{token.name}{end}")]
    drawn = token.parent.glob(f"{token.name}.*")
    return [file for file in (token, *drawn, *beside) if file.is_file()]


def _overwrite(file: Path) -> None:
    """Write zeros over what is in `file`, on the disk on return. A link's target is another's."""
    if not stat.S_ISREG(file.lstat().st_mode):
        return
    opened = os.open(file, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        left = os.fstat(opened).st_size
        while left > 0:
            left -= os.write(opened, bytes(min(left, _BLOCK)))
        os.fsync(opened)
    finally:
        os.close(opened)


def _mark(state_dir: Path, content: str) -> None:
    owner = state_dir.stat() if os.geteuid() == 0 else None
    whose = (owner.st_uid, owner.st_gid) if owner else None
    replace_file(state_dir / RESET_FILE, content, owner=whose)
