#!/usr/bin/env python3
"""Builds the Debian packages: `make deb`, or this program for one of them alone."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from likelight_deb.archive import Origin
from likelight_deb.contents import Contents, build_wheel
from likelight_deb.interpreter import Interpreter
from likelight_deb.release import ChangedError, Release

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Suite:
    """A release of Debian: the Python in it, and the number that its versions end in."""

    name: str
    number: int
    python: str


SUITES = {
    "trixie": Suite("trixie", 13, "3.13"),
    "bookworm": Suite("bookworm", 12, "3.11"),
}


def main() -> None:
    """Build what the command line asks for."""
    asked = _parser().parse_args()
    # argparse wraps the manual pages where the terminal ends: one width gives the same bytes.
    os.environ["COLUMNS"] = "80"
    missing = [name for name in ("git", "dpkg-deb", "mmdebstrap") if shutil.which(name) is None]
    if missing:
        sys.exit(f"build.py: missing: {', '.join(missing)}; install git, dpkg and mmdebstrap.")
    try:
        with tempfile.TemporaryDirectory(prefix="likelight-deb-") as work:
            _build(asked, Path(work))
    except (ChangedError, FileExistsError) as error:
        sys.exit(f"build.py: {error}.")
    except subprocess.CalledProcessError as error:
        sys.exit(f"build.py: {error.cmd[0]} ended with {error.returncode}, see above.")
    except KeyboardInterrupt:
        sys.exit(130)


def _build(asked: argparse.Namespace, work: Path) -> None:
    release = Release.of(PROJECT)
    source = release.unpacked(work / "source")
    origin = Origin(f"Commit {release.commit}", release.epoch, source / "LICENSE")
    wheel = build_wheel(source, work / "wheel", release.commit, release.epoch)
    for suite in (SUITES[name] for name in asked.suite or SUITES):
        into = asked.out if suite.name == "trixie" else asked.out / suite.name
        python = Interpreter(suite.name, suite.python, work / suite.name)
        packages = Contents(
            source, wheel, origin, release.name, release.version(suite.number), python
        )
        for architecture in asked.arch or ("amd64", "arm64"):
            if asked.of != "cloud":
                _say(packages.libraries(architecture, work, into))
            if asked.of != "device":
                _say(packages.cloud(architecture, work, into))
        if asked.of != "cloud":
            _say(packages.app(work, into))
            _say(packages.device(work, into))


def _say(file: Path) -> None:
    print(f"{file.stat().st_size / 1e6:7.1f} MB  {file}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Builds the Debian packages of the last commit: libraries, likelight-app, "
        "likelight and likelight-cloud, for trixie into the folder, for bookworm into bookworm/ "
        "in it. The same commit gives the same bytes.",
        epilog="Needs git, dpkg-deb, mmdebstrap and an index of Python packages.",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=PROJECT / "dist",
        help="the folder of the packages (default: dist/)",
    )
    parser.add_argument(
        "--suite",
        action="append",
        choices=SUITES,
        help="only for this release of Debian; may be repeated",
    )
    parser.add_argument(
        "--arch",
        action="append",
        choices=("amd64", "arm64"),
        help="only for this processor; may be repeated",
    )
    parser.add_argument("--of", choices=("device", "cloud"), help="only the packages of this one")
    return parser


if __name__ == "__main__":
    main()
