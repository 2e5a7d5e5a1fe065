"""Looks at the disk of the state directory: can it take a press of PRIVACY, a note, a like?

It looks whether anybody presses or not, so what it tells says nothing of a press.
"""

import asyncio
import errno
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from likelight.config.state_dir import LOCK_FILE

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 10.0
_LEAST_BYTES = 128 * 2**10
"""With less SQLite may not even begin: it takes 32 KiB for its shared memory, and some pages."""


@dataclass(frozen=True, slots=True)
class DiskState:
    """Why the disk takes nothing, if it does not."""

    full: bool = False
    read_only: bool = False

    @property
    def words(self) -> str:
        """What the log says of it."""
        if self.read_only:
            return "The disk is read-only: nothing is kept, PRIVACY neither; replace the card"
        if self.full:
            return "The disk is full: likes and notes are not kept; free some space on it"
        return "The disk can be written again"


def disk_state(folder: Path) -> DiskState:
    """Return how the disk of `folder` is, without a write. One that can't be asked takes none.

    Where there is no such folder, it is the disk that would hold it.
    """
    try:
        disk = os.statvfs(folder)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return disk_state(folder.parent)
    except OSError:
        return DiskState(read_only=True)
    read_only = bool(disk.f_flag & os.ST_RDONLY) or _takes_no_writes(folder)
    return DiskState(full=disk.f_bavail * disk.f_frsize < _LEAST_BYTES, read_only=read_only)


def _takes_no_writes(folder: Path) -> bool:
    """Return whether the disk of `folder` has ended all writing after an error of its own.

    From Linux 6.12 on ext4 no longer calls itself read-only then; it only refuses to open a file
    for writing. The lock is opened, because closing a database's file would drop SQLite's locks.
    """
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        os.close(os.open(folder / LOCK_FILE, flags))
    except OSError as error:
        return error.errno in (errno.EROFS, errno.EIO)
    return False


class DiskWatch:
    """Calls `on_change` when the disk of `folder` has become full or read-only, or works again."""

    def __init__(self, folder: Path, on_change: Callable[[DiskState], None]) -> None:
        self._folder = folder
        self._on_change = on_change
        self._state = DiskState()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            state = await asyncio.to_thread(disk_state, self._folder)
            if state != self._state:
                self._state = state
                log.log(logging.ERROR if state != DiskState() else logging.INFO, "%s", state.words)
                self._on_change(state)
            await asyncio.sleep(LOOK_AGAIN_S)
