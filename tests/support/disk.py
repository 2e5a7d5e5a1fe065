"""Disks of their own, in memory."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def disk_of(mb: int, disk: Path) -> Iterator[Path]:
    """Make the folder `disk` a disk of `mb` MB of its own."""
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mb}m,mode=711", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this needs the right to mount a disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
