"""A disk that is written past this computer's memory, so that what is read is what lies on it."""

import errno
import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from likelight.fleet.flash.errors import FlashError

UNIT: Final = 4096
"""Where a write or a read begins, and how long it is, is a multiple of this; only what ends a
disk may be a multiple of 512."""


class BlockDevice(Protocol):
    """A disk as flash sees it. Each call blocks, and raises `OSError`."""

    @property
    def size(self) -> int:
        """The bytes that it says it has."""

    def write(self, at: int, content: bytes) -> None:
        """Write all of `content` at byte `at`."""

    def read(self, at: int, length: int) -> bytes:
        """Return `length` bytes from byte `at` on, from the disk itself."""

    def sync(self) -> None:
        """Return once all that was written is on the disk."""


class DirectDisk:
    """A disk, or a file in its place, that was opened with O_DIRECT."""

    def __init__(self, handle: int, most: int) -> None:
        self._handle = handle
        self.size = os.lseek(handle, 0, os.SEEK_END)
        # O_DIRECT wants memory that begins at a page.
        self._buffer = mmap.mmap(-1, most)

    def write(self, at: int, content: bytes) -> None:
        """Write all of `content`, at most the buffer's size."""
        self._buffer[: len(content)] = content
        done = 0
        with memoryview(self._buffer) as view:
            while done < len(content):
                with view[done : len(content)] as rest:
                    put = os.pwrite(self._handle, rest, at + done)
                if not put:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                done += put

    def read(self, at: int, length: int) -> bytes:
        """Return `length` bytes, or fewer at the end of the disk."""
        done = 0
        with memoryview(self._buffer) as view:
            while done < length:
                with view[done:length] as rest:
                    got = os.preadv(self._handle, [rest], at + done)
                if not got:
                    break
                done += got
        return self._buffer[:done]

    def sync(self) -> None:
        """Have the disk itself empty its cache."""
        os.fsync(self._handle)

    def close(self) -> None:
        """Let go of the disk."""
        self._buffer.close()
        os.close(self._handle)


@contextmanager
def opened_disk(path: Path, most: int) -> Iterator[DirectDisk]:
    """Open the disk `path` for calls with at most `most` bytes, and hold it against mounts and a
    second run. Raises `FlashError`."""
    try:
        # On a disk O_EXCL means: only where nobody has mounted or claimed it, or a part of it.
        handle = os.open(path, os.O_RDWR | os.O_EXCL | os.O_DIRECT | os.O_CLOEXEC)
    except PermissionError:
        raise FlashError(f"{path} may not be written by you: type the same with sudo") from None
    except OSError as error:
        raise FlashError(
            f"{path} can't be opened: {error.strerror}. Is it mounted, in use by another run, "
            "write-protected, or out?"
        ) from error
    try:
        # udev then leaves a half written disk alone.
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        disk = DirectDisk(handle, most)
    except OSError as error:
        os.close(handle)
        raise FlashError(
            f"{path} can't be held: {error.strerror}. Does another program use it, or is it out?"
        ) from error
    try:
        yield disk
    finally:
        disk.close()
