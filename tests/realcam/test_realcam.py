"""The picamera2 driver for real: built and run in a Debian trixie chroot, on Python 3.13.

The chroot is kept in the user's cache under a hash of what it is made from: building it takes a
minute and a half and needs root and a Debian mirror, running in it takes seconds.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

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

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can build and enter a chroot"),
    pytest.mark.skipif(
        not all(map(shutil.which, ("mmdebstrap", "apt-get", "unshare"))),
        reason="needs Debian and its package mmdebstrap",
    ),
    pytest.mark.timeout(1000),
]


@pytest.fixture(scope="module")
def root() -> Path:
    """Return the chroot, built now if it never was."""
    recipe = hashlib.sha256(b"".join(path.read_bytes() for path in MADE_FROM)).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "likelight"
    ready = cache / f"realcam-{recipe[:16]}"
    if not ready.exists():
        unfinished = cache / f"{ready.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        cache.mkdir(parents=True, exist_ok=True)
        _run(HERE / "build-root.sh", unfinished)
        unfinished.rename(ready)
    return ready


def test_our_camera_child_on_the_real_picamera2(root: Path) -> None:
    _run(
        HERE / "run.sh", root, "/src/tests/realcam/tests-inside.sh", "/src/tests/realcam/inside.py"
    )


def test_the_unit_tests_hold_on_python_3_13(root: Path) -> None:
    _run(HERE / "run.sh", root, "/src/tests/realcam/tests-inside.sh", "/src/tests/unit")


def _run(*command: Path | str) -> None:
    done = subprocess.run(
        list(map(str, command)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=980,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]} said:\n{done.stdout[-6000:]}"
