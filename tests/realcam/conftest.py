"""A Debian trixie chroot with Python 3.13, picamera2 and libcamera's virtual camera.

It is kept in the user's cache under a hash of what it is made from: building it takes a minute
and a half and needs root and a Debian mirror, running in it takes seconds.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support.programs import run

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
MADE_FROM = (
    HERE / "build-root.sh",
    HERE / "enter.sh",
    HERE / "dmaheap_shim.c",
    HERE / "virtual.yaml",
    HERE / "virtualcam.py",
    PROJECT / "tests" / "requirements.lock",
)


@pytest.fixture(scope="module")
def run_tests_inside() -> Callable[[str], None]:
    """Return what runs tests of this project in the chroot, which is built now if it never was."""
    if os.geteuid() != 0:
        pytest.skip("only root can build and enter a chroot")
    if not all(map(shutil.which, ("mmdebstrap", "apt-get", "unshare"))):
        pytest.skip("needs Debian and its package mmdebstrap")
    root = _root()
    return lambda tests: run(HERE / "run.sh", root, "/src/tests/realcam/tests-inside.sh", tests)


def _root() -> Path:
    recipe = hashlib.sha256(b"".join(path.read_bytes() for path in MADE_FROM)).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "likelight"
    ready = cache / f"realcam-{recipe[:16]}"
    if not ready.exists():
        unfinished = cache / f"{ready.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        cache.mkdir(parents=True, exist_ok=True)
        run(HERE / "build-root.sh", unfinished)
        unfinished.rename(ready)
    return ready
