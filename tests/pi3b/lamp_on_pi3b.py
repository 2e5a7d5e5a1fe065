"""The arm64 package's drivers of lamps on QEMU's Raspberry Pi 3B, under Debian's kernel.

The pins are those of the kernel's pinctrl-bcm2835 over emulated registers: no light, no supply, and
no hint of a real one's speed. QEMU has no Raspberry Pi 4 before version 9, and its first one does
not boot this kernel. Kernel and userland are fetched once, and kept.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support.programs import run

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
LGPIO = HERE.parent / "gpiovm" / "requirements.lock"

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can unpack a userland"),
    pytest.mark.timeout(1200),
]


@pytest.fixture(scope="module")
def kept() -> Path:
    """Return the folder with kernel and userland, made now if it never was."""
    name = hashlib.sha256((HERE / "fetch.sh").read_bytes()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "likelight"
    ready = cache / f"pi3b-{name}"
    if not ready.exists():
        unfinished = cache / f"{ready.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        run(HERE / "fetch.sh", unfinished)
        unfinished.rename(ready)
    return ready


def test_the_drivers_of_lamps_on_a_raspberry_pi_3b(kept: Path, tmp_path: Path) -> None:
    ours, archive = tmp_path / "ours", tmp_path / "memory.cpio"
    _unpack_ours(kept, ours)
    # The kernel reads one archive after the other.
    shutil.copy(kept / "userland.cpio", archive)
    run("sh", "-c", f"cd {ours} && find . | cpio --quiet -o -H newc >>{archive}")
    said = _boot(kept, archive)
    assert said.endswith("EXIT 0"), said[-4000:]


def _unpack_ours(kept: Path, ours: Path) -> None:
    """Unpack the packages of the last commit, lgpio, and what runs in the machine."""
    build = (sys.executable, "systemd/debian/build.py", "--suite=bookworm", "--arch=arm64")
    run(*build, "--of=device", f"--out={ours.parent / 'debs'}")
    for package in (ours.parent / "debs/bookworm").glob("*.deb"):
        run("dpkg-deb", "-x", package, ours)
    # What codes pictures is two thirds of all, and lights no lamp; the machine has 1 GB.
    for folder in (ours / "usr/lib/likelight/deps").glob("*/av*"):
        shutil.rmtree(folder)
    wheels = ours.parent / "wheels"
    pip = (sys.executable, "-m", "pip", "download", "-q", "--require-hashes", "--no-deps")
    machine = ("--platform=manylinux_2_34_aarch64", "--python-version=3.11")
    run(*pip, *machine, "--only-binary=:all:", "-r", LGPIO, "-d", wheels)
    (wheel,) = wheels.iterdir()
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(ours / "usr/lib/python3/dist-packages")
    for file in (HERE / "init", HERE / "inside.py", kept / "pwm-bcm2835.ko"):
        shutil.copy(file, ours)


def _boot(kept: Path, archive: Path) -> str:
    """Return what the machine says up to its last line."""
    machine = subprocess.Popen(
        [
            *("qemu-system-aarch64", "-M", "raspi3b", "-accel", "tcg,thread=single"),
            *("-kernel", kept / "Image", "-dtb", kept / "pi3.dtb", "-initrd", archive),
            *("-append", "rdinit=/init panic=-1 loglevel=4", "-no-reboot"),
            # The second serial port is the one that the kernel's console is on.
            *("-display", "none", "-monitor", "none", "-serial", "null", "-serial", "stdio"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    lines = []
    try:
        assert machine.stdout is not None
        for line in machine.stdout:
            lines.append(line.decode(errors="replace").rstrip("\r\n"))
            # A byte of the console's own may stand before it; after a panic nothing ends it.
            if re.search(r"EXIT \d+$|Kernel panic", lines[-1]):
                break
    finally:
        machine.kill()
        machine.communicate()
    return "\n".join(lines)
