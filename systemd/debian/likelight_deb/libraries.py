"""The tree of libraries: what a lock file pins, as wheels for another processor and Python.

The tree's name holds all that makes its bytes: the lock, the Python, the licence and the recipe. So
another recipe makes another tree, beside the one that a device runs, and every commit that makes
this tree makes the same package of it.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from likelight.fleet.doctor.checks.libraries import SYSTEM
from likelight_deb import archive, interpreter
from likelight_deb.archive import Origin, Package

BUILD_TOOLS = frozenset(
    [
        "hatchling",
        "editables",
        "pathspec",
        "pluggy",
        "trove-classifiers",
        "packaging",
        "tomlkit",
        "setuptools",
    ]
)
"""Packages of the lock that only build the project; nothing imports them at run time."""
GNU = {"amd64": "x86_64", "arm64": "aarch64"}
OF_WHEELS = {
    "embedded-library": "Wheels carry the libraries that they were built with.",
    "unstripped-binary-or-object": "Wheels are taken as their makers built them.",
}
BYTECODE = {
    "package-installs-python-pycache-dir": "Under its sandbox the daemon can write none.",
}
_EPOCH = 1_764_547_200
"""2025-12-01, the time of each file of a tree: by the time of a commit each would make another."""
_GLIBC = (17, 24, 26, 27, 28, 31, 34, 35)
"""glibc 2.N of the wheels that may be taken; bookworm has 2.36."""
_INSTALLED_WITHIN_S = 1200.0

Compile = Callable[[Path, Path], None]
"""Writes the bytecode of a folder, given where it lies and where it will lie when installed."""


def pins(lock: str) -> str:
    """Return the part of a lock file that a device runs."""
    kept = []
    for pin in re.split(r"(?m)^(?=[A-Za-z0-9])", lock):
        name = re.match(r"[A-Za-z0-9._-]*", pin)
        if name is not None and name[0].lower() not in BUILD_TOOLS | {""}:
            kept.append(pin)
    return "".join(kept)


def tree_name(lock: str, licence: Path, python: str) -> str:
    """Return the ten digits that name the tree of `lock` for `python`, 3.13 say."""
    made_from = [
        *(pins(lock).encode(), python.encode(), licence.read_bytes()),
        *(Path(file).read_bytes() for file in (__file__, archive.__file__, interpreter.__file__)),
    ]
    return hashlib.sha256(b"".join(made_from)).hexdigest()[:10]


def python_range(python: str) -> str:
    """Return the dependency on Debian's Python `python`, 3.13 say, and no other."""
    major, minor = python.split(".")
    return f"python3 (>= {major}.{minor}), python3 (<< {major}.{int(minor) + 1}~)"


def package(tree: str, python: str, debian: str, architecture: str) -> Package:
    """Return likelight-deps-TREE; `debian` is what its version ends in, deb13 say."""
    return Package(
        f"likelight-deps-{tree}",
        f"1+{debian}",
        architecture,
        "Python libraries for likelight",
        "What likelight-app imports, from wheels whose hashes are pinned.",
        {"Depends": f"{python_range(python)}, libc6 (>= 2.34), libstdc++6"},
        OF_WHEELS | BYTECODE,
    )


def origin(tree: str, licence: Path) -> Origin:
    """Return what stands for the commit in the package of `tree`."""
    return Origin(f"The tree {tree}", _EPOCH, licence)


def install(lock: str, python: str, architecture: str, into: Path) -> None:
    """Put the wheels of `lock` into the folder `into`, with their hashes checked.

    Raises `subprocess.CalledProcessError` where pip fails; what it says stands above.
    """
    requirements = into.with_suffix(".lock")
    requirements.parent.mkdir(parents=True, exist_ok=True)
    requirements.write_text(pins(lock))
    abi = f"cp{python.replace('.', '')}"
    platforms = [f"manylinux_2_{minor}_{GNU[architecture]}" for minor in reversed(_GLIBC)]
    _pip(
        "--require-hashes",
        f"--requirement={requirements}",
        f"--python-version={python}",
        "--implementation=cp",
        *(f"--abi={name}" for name in (abi, "abi3", "none")),
        *(f"--platform={name}" for name in (*platforms, f"manylinux2014_{GNU[architecture]}")),
        "--only-binary=:all:",
        into=into,
    )
    found = SYSTEM.intersection(path.name for path in into.iterdir())
    if found:
        raise SystemExit(f"{', '.join(found)}: the system's own must be used, not a copy of ours")


def install_wheel(wheel: Path, into: Path) -> None:
    """Put one wheel into the folder `into`, without what it depends on."""
    _pip(str(wheel), into=into)


def tidy(folder: Path, installed: Path, compile_: Compile) -> None:
    """Take out what nobody runs or depends on the machine that builds, and add the bytecode.

    Under its sandbox the daemon can write none, and then each start compiles for 1 to 2.5 s.
    """
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for tests in folder.glob("*/tests"):
        shutil.rmtree(tests)
    for name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"):
        for file in folder.glob(f"*.dist-info/{name}"):
            file.unlink()
    for cache in folder.rglob("__pycache__"):
        shutil.rmtree(cache)
    for file in folder.rglob("*"):
        if file.is_file():
            file.chmod(0o644)
    for file in folder.rglob("*.py"):
        text = file.read_bytes()
        if text.startswith(b"#!"):  # a module, which nobody starts as a program
            file.write_bytes(b"\n" + text.partition(b"\n")[2])
    compile_(folder, installed)


def _pip(*arguments: str, into: Path) -> None:
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check"),
            *("--no-deps", "--no-compile", f"--target={into}"),
            *arguments,
        ],
        timeout=_INSTALLED_WITHIN_S,
        check=True,
    )
