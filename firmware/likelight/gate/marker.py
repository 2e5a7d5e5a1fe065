"""The marker of PRIVACY: one sector in a file of its own, preallocated and written in place.

It needs no free space after it was made, so a press holds through a power cut on a full disk, too.
Its format never changes, and there is exactly one content that means "shared": whatever else the
file holds, or a file that is missing, means "private".

    bytes 0-31     "likelight PRIVACY marker", then zeros
    bytes 32-63    SHA-256 of the kitchen's id (UTF-8)
    bytes 64-79    "shared" or "private", then zeros
    bytes 80-111   SHA-256 of the bytes 0-79
    bytes 112-511  zeros
"""

import hashlib
import os
import stat
from pathlib import Path

from likelight.runtime.atomic_file import sync_folder

MARKER_FILE = "privacy"
SIZE = 512
"""One sector, which a disk writes as a whole or not at all."""


def marker_bytes(kitchen: str, *, shared: bool) -> bytes:
    """Return the content that says what the crew of `kitchen` chose."""
    head = (
        b"likelight PRIVACY marker".ljust(32, b"\0")
        + hashlib.sha256(kitchen.encode()).digest()
        + (b"shared" if shared else b"private").ljust(16, b"\0")
    )
    return (head + hashlib.sha256(head).digest()).ljust(SIZE, b"\0")


class Marker:
    """The marker `file` of the kitchen with the id `kitchen`. Its methods block on the disk."""

    def __init__(self, file: Path, kitchen: str) -> None:
        self._file = file
        self._shared = marker_bytes(kitchen, shared=True)
        self._private = marker_bytes(kitchen, shared=False)

    @property
    def exists(self) -> bool:
        """Whether there is anything under its name, be it readable or not."""
        return os.path.lexists(self._file)

    @property
    def says_shared(self) -> bool:
        """Whether it says "shared", for this kitchen and without a damaged byte."""
        return self._content() == self._shared

    @property
    def intact(self) -> bool:
        """Whether it says one of the two, for this kitchen and without a damaged byte."""
        return self._content() in (self._shared, self._private)

    def _content(self) -> bytes | None:
        try:
            # Not a FIFO: reading one would wait for ever.
            opened = os.open(self._file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            return os.read(opened, SIZE + 1)
        except OSError:
            return None
        finally:
            os.close(opened)

    def write(self, *, shared: bool) -> None:
        """Write what the crew chose; it is on the disk on return. Raises `OSError`.

        Anything else under the marker's name (a folder, a link, a FIFO) is set aside.
        """
        if self.exists and not stat.S_ISREG(self._file.lstat().st_mode):
            self._set_aside()
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        opened = os.open(self._file, flags, 0o600)
        try:
            state = os.fstat(opened)
            if not stat.S_ISREG(state.st_mode):
                raise OSError(f"{self._file} is not a file; remove it")
            content = self._shared if shared else self._private
            if os.pwrite(opened, content, 0) != SIZE:
                raise OSError(f"no space is left for {self._file}; free some on its disk")
            if state.st_size == SIZE:
                os.fdatasync(opened)
            else:
                self._finish_new(opened)
        finally:
            os.close(opened)

    def _set_aside(self) -> None:
        number = 1
        while os.path.lexists(aside := self._file.with_name(f"{MARKER_FILE}.damaged-{number}")):
            number += 1
        self._file.rename(aside)

    def _finish_new(self, opened: int) -> None:
        os.ftruncate(opened, SIZE)
        if os.geteuid() == 0:
            # `likelight consent record` runs as root, and the daemon must be able to write here.
            owner = self._file.parent.stat()
            os.fchown(opened, owner.st_uid, owner.st_gid)
        os.fsync(opened)
        sync_folder(self._file.parent)
