"""lgpio, gpiozero and our drivers against the kernel, in a virtual machine that has a Pi's pins.

A run takes about half a minute and needs no KVM.
"""

import os
import platform
import shutil
import sys
from pathlib import Path

import pytest

from support import gpio_kernel
from support.programs import run

HERE = Path(__file__).parent
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


def test_our_drivers_against_the_kernel() -> None:
    kept = gpio_kernel.kept()
    told = run(
        HERE / "run.sh", kept / "kernel",
        "env", f"PYTHONPATH={kept / 'packages'}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1",
        sys.executable, "-m", "pytest", "-q", "--color=no", "--noconftest", "--timeout=300",
        "-p", "pytest_asyncio.plugin", "-p", "pytest_timeout", "-p", "no:cacheprovider",
        HERE / "inside.py",
    )  # fmt: skip
    assert " passed" in told
    assert "skipped" not in told
