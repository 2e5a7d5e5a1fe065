"""lgpio, gpiozero and our drivers against the kernel, in a virtual machine that has a Pi's pins.

Kernel and lgpio are kept in the user's cache under a hash of what names them: fetching takes half a
minute and needs a Debian mirror; a run takes about half a minute and needs no KVM.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
VIRTIOFSD = Path("/usr/lib/qemu/virtiofsd")
NEEDS = ("qemu-system-x86_64", "zstd", "depmod", "modprobe", "apt-get", "ip")

pytestmark = [
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the virtual machine is an x86-64"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a machine its files"),
    pytest.mark.skipif(
        not VIRTIOFSD.exists()
        or not all(shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in NEEDS),
        reason="needs Debian and its packages qemu-system-x86, qemu-system-common, kmod, zstd "
        "and iproute2",
    ),
    pytest.mark.skipif(sys.version_info >= (3, 13), reason="lgpio has no wheel for Python 3.13"),
    pytest.mark.timeout(800),
]


@pytest.fixture(scope="module")
def kept() -> Path:
    """Return the folder with kernel and lgpio, made now if it never was."""
    named_by = (HERE / "fetch-kernel.sh", HERE / "requirements.lock")
    recipe = hashlib.sha256(b"".join(path.read_bytes() for path in named_by)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "likelight"
    ready = cache / f"gpiovm-{recipe}-py{sys.version_info.major}.{sys.version_info.minor}"
    if not ready.exists():
        unfinished = cache / f"{ready.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _run(HERE / "fetch-kernel.sh", unfinished / "kernel")
        pip = (sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "--no-deps")
        _run(*pip, "--target", unfinished / "packages", "-r", HERE / "requirements.lock")
        unfinished.rename(ready)
    return ready


def test_our_drivers_against_the_kernel(kept: Path) -> None:
    told = _run(
        HERE / "run.sh", kept / "kernel",
        "env", f"PYTHONPATH={kept / 'packages'}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1",
        sys.executable, "-m", "pytest", "-q", "--color=no", "--noconftest", "--timeout=300",
        "-p", "pytest_asyncio.plugin", "-p", "pytest_timeout", "-p", "no:cacheprovider",
        HERE / "inside.py",
    )  # fmt: skip
    assert " passed" in told
    assert "skipped" not in told


def _run(*command: Path | str) -> str:
    done = subprocess.run(
        list(map(str, command)),
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=780,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]} said:\n{done.stdout[-6000:]}"
    return done.stdout
