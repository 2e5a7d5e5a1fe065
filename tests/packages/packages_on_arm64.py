"""The arm64 packages, which are built on x86-64, installed and run in an arm64 tree of Debian 13.

QEMU emulates the processor alone (qemu-user), so this says that libraries and scripts are the right
ones, and nothing of a Raspberry Pi's speed or hardware. The tree takes minutes when it is first
made, and is kept.
"""

import hashlib
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
IN_THE_TREE = "systemd,udev,python3,ca-certificates,libfribidi0,tzdata"
AARCH64 = 183
"""e_machine in the head of an ELF file."""
EMULATED = """
set -eu
formats=/proc/sys/fs/binfmt_misc
# A mount of this namespace alone, and what is registered in it ends with it.
[ -e $formats/register ] || mount -t binfmt_misc binfmt_misc $formats
[ -e $formats/qemu-aarch64 ] || cat /usr/lib/binfmt.d/qemu-aarch64.conf >$formats/register
# That of a Raspberry Pi 4: the default also emulates signed pointers, and is 8 to 20 times slower.
export QEMU_CPU=cortex-a72
exec "$@"
"""

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can enter a chroot"),
    pytest.mark.timeout(1800),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    work = tmp_path_factory.mktemp("arm64")
    upper, scratch, mounted = work / "upper", work / "scratch", work / "mounted"
    for folder in (upper / "debs", scratch, mounted):
        folder.mkdir(parents=True)
    build = (sys.executable, "systemd/debian/build.py", "--suite=trixie", "--arch=arm64")
    subprocess.run(
        [*build, "--of=device", f"--out={upper / 'debs'}"], cwd=PROJECT, check=True, timeout=600
    )
    layers = f"lowerdir={_base()},upperdir={upper},workdir={scratch}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, mounted], check=True)
    try:
        yield mounted
    finally:
        subprocess.run(["umount", "--lazy", mounted], check=True)


def test_the_packages_that_x86_built_run_on_arm64(tree: Path) -> None:
    _run(tree, "cd /debs; apt-get install -y -q --no-install-recommends ./*.deb")
    assert _run(tree, "dpkg --print-architecture; uname -m") == "arm64\naarch64\n"
    libraries = list((tree / "usr/lib/likelight/deps").rglob("*.so*"))
    assert len(libraries) > 50, "the search found them"
    assert {_machine(library) for library in libraries} == {AARCH64}

    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=PROJECT, capture_output=True, encoding="utf-8", check=True
    ).stdout
    assert commit[:7] in _run(tree, "likelight --version")
    assert "usage: likelight" in _run(tree, "likelight --help")
    found = _run(tree, "likelight doctor --all")
    assert "ok    apt-libraries" in found
    assert "FAIL" not in found
    assert "Viewers open" in _run(
        tree, "likelight demo --no-browser --port 18077 --state-dir /tmp/state --for 2"
    )


def _run(tree: Path, command: str) -> str:
    """Run a command of the shell in the tree, without any network; return what it says."""
    inside = f"mount -t proc proc /proc; {command}"
    enter = 'ip link set lo up; exec chroot "$0" sh -euc "$1"'
    done = subprocess.run(
        [
            *("unshare", "--mount", "--pid", "--fork", "--net", "sh", "-c", EMULATED, "sh"),
            *("sh", "-euc", enter, tree, inside),
        ],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"{command} said:\n{done.stdout[-4000:]}"
    return done.stdout


def _machine(library: Path) -> int:
    head = library.read_bytes()[:20]
    assert head[:4] == b"\x7fELF", library
    (machine,) = struct.unpack_from("<H", head, 18)
    return int(machine)


def _base() -> Path:
    """Return an arm64 tree of Debian 13, made now if it never was."""
    name = hashlib.sha256(IN_THE_TREE.encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "likelight"
    ready = cache / f"trixie-arm64-{name}"
    if not ready.exists():
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = cache / f"{ready.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        asked = ("apt-get", "indextargets", "--format", "$(REPO_URI)")
        mirrors = subprocess.run(
            asked, capture_output=True, encoding="utf-8", check=True
        ).stdout.splitlines()
        make = ("mmdebstrap", "--quiet", "--arch=arm64", "--variant=apt")
        subprocess.run(
            [
                *("unshare", "--mount", "sh", "-c", EMULATED, "sh", *make),
                *(f"--include={IN_THE_TREE}", "trixie", unfinished),
                next(at for at in mirrors if "security" not in at),
            ],
            check=True,
            timeout=1500,
        )
        unfinished.rename(ready)
    return ready
