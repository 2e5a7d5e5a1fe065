"""Which copy of a module Python takes where apt has one, and pip or likelight another."""

import pkgutil
import site
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

import likelight

APT = "/usr/lib/python3/dist-packages"


@dataclass(frozen=True, slots=True)
class Copy:
    """A module that apt has, and that Python takes from another `folder`."""

    name: str
    folder: str
    ours: bool
    """It came with likelight."""


def before_apt(path: Sequence[str] | None = None, apt: str = APT) -> tuple[Copy, ...] | None:
    """Return the modules that apt has and Python takes from elsewhere on `path`; None where apt's
    folder is not on it.

    `path` is this process's by default. The camera's process searches the same folders, but not the
    home of its user (`module_command`). Nothing is imported.
    """
    path = sys.path if path is None else path
    if apt not in path:
        return None
    own = {str(Path(package.__path__[0]).parent) for package in (likelight, aiohttp)}
    left_out = {site.getusersitepackages(), *map(sysconfig.get_path, ("stdlib", "platstdlib"))}
    among = {module.name for module in pkgutil.iter_modules([apt])}
    found: dict[str, Copy] = {}
    for folder in path[: path.index(apt)]:
        if folder not in left_out:
            for module in pkgutil.iter_modules([folder]):
                if module.name in among:
                    found.setdefault(module.name, Copy(module.name, folder, folder in own))
    return tuple(found.values())
