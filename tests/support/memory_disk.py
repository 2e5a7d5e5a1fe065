"""The tests' own files in memory where there is room: a disk would make them wait for each sync."""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 2**30
"""More than a whole run takes, in bytes."""


def _usable() -> bool:
    """Tell whether a whole run's files, and a library that it builds and loads, can be in there."""
    if not os.access(MEMORY, os.W_OK | os.X_OK):
        return False
    return not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC and shutil.disk_usage(MEMORY).free > ROOM


if "TMPDIR" not in os.environ and _usable():
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None
