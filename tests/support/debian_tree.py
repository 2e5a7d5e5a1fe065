"""Trees of Debian, kept in the user's cache, and the packages of the last commit."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "likelight"
BUILD = "systemd/debian/build.py"


def debian_tree(suite: str, packages: Sequence[str]) -> Path:
    """Return a tree of Debian's `suite` with `packages`, made now if it never was. It is shared:
    write to it through an overlay only."""
    name = hashlib.sha256(f"{suite} {tuple(packages)}".encode()).hexdigest()[:16]
    ready = CACHE / f"{suite}-{name}"
    if not ready.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        unfinished = CACHE / f"{ready.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        mirrors = said("apt-get", "indextargets", "--format", "$(REPO_URI)").splitlines()
        subprocess.run(
            [
                *("mmdebstrap", "--quiet", "--variant=apt", f"--include={','.join(packages)}"),
                *(suite, unfinished, next(at for at in mirrors if "security" not in at)),
            ],
            check=True,
        )
        unfinished.rename(ready)
    return ready


def packages_of_last_commit(into: Path) -> None:
    """Build a device's packages of the last commit for trixie on x86-64 into a folder."""
    subprocess.run(
        [sys.executable, BUILD, "--suite=trixie", "--arch=amd64", "--of=device", f"--out={into}"],
        cwd=PROJECT,
        check=True,
    )


@contextmanager
def overlay(lower: Sequence[Path], work: Path) -> Iterator[Path]:
    """Mount what is in `lower`, the first one on top, and below a new folder in `work` that takes
    all writing."""
    upper, scratch, mounted = work / "upper", work / "scratch", work / "mounted"
    for folder in (upper, scratch, mounted):
        folder.mkdir(parents=True)
    layers = f"lowerdir={':'.join(map(str, lower))},upperdir={upper},workdir={scratch}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, mounted], check=True)
    try:
        yield mounted
    finally:
        subprocess.run(["umount", "--lazy", mounted], check=True)


def said(*command: str | Path) -> str:
    """Return what a command prints."""
    return subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
