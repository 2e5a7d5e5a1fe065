"""Which seeds were written, when, and with what in them: a file that only grows, a line for each.

A line is on the disk before the seed is reported as done; a line that a kill has cut does not
count.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from likelight.fleet.flash.errors import FlashError

LEDGER = "ledger.jsonl"


class Ledger:
    """The ledger of one folder. `written` has the last checksum of each store's seed."""

    def __init__(self, file: BinaryIO, written: dict[str, str]) -> None:
        self._file = file
        self.written = written

    def add(self, kid: str, sha256: str, at: datetime) -> None:
        """Note that the seed of `kid` is on the disk, and was read again. Raises `OSError`."""
        line = json.dumps({"store": kid, "sha256": sha256, "at": at.isoformat(timespec="seconds")})
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.written[kid] = sha256


@contextmanager
def opened_ledger(folder: Path) -> Iterator[Ledger]:
    """Open the ledger in `folder`, a new one where there is none, and hold it against a second run.

    Raises `FlashError`, and `OSError` where it can't be read or written.
    """
    path = folder / LEDGER
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FlashError(f"another run writes to {folder}: wait until it has ended") from None
        content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            file.truncate(len(whole))
        yield Ledger(file, _read(path, whole))


def _read(path: Path, content: bytes) -> dict[str, str]:
    written: dict[str, str] = {}
    for number, line in enumerate(content.splitlines(), 1):
        try:
            entry = json.loads(line)
            written[str(entry["store"])] = str(entry["sha256"])
        except (ValueError, KeyError, TypeError):
            raise FlashError(
                f"{path}, line {number} is none that this program wrote: name a new folder"
            ) from None
    return written
