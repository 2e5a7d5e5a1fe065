"""A lock between processes that would both serve one file."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from likelight.runtime.store_errors import StoreError


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of `path`, a file `NAME.lock` beside what it names, by a link too. Blocks
    a moment. Raises `StoreError` if another does.

    Where the lock can't be made nothing can be written either: then there is none.
    """
    try:
        lock = _opened(path.resolve())
    except OSError:
        yield
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise StoreError(f"another cloud serves {path}; end it, or choose another file") from None
    try:
        yield
    finally:
        os.close(lock)


def _opened(path: Path) -> int:
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:
        # A command of root's must not keep it from the account that serves.
        folder = path.parent.stat()
        os.fchown(lock, folder.st_uid, folder.st_gid)
    return lock
