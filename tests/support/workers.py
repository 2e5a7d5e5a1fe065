"""Spread a run over the processors: which tests share a worker, and which start first."""

import os
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent.parent

TOGETHER = {
    # They measure real time, so no two of them run at once.
    "clock": (
        "contract/web/test_abuse.py",
        "contract/hw/test_faults.py",
        "contract/feed/test_feed_slow.py",
        "contract/feed/test_line.py",
        "contract/feed/test_upload.py",
        "e2e/feed/test_hls_live.py",
        "e2e/daemon/test_idle.py",
        "e2e/feed/test_varnish.py",
    ),
    "chroot": ("realcam/*",),
    "virtual machine": ("gpiovm/*",),
}
"""The tests that one worker runs, one after the other: a name, and the paths below tests/.

The groups start in this order, so the longest come first; then files whose tests share a browser or
a server, each on one worker. Every other test runs wherever a worker has nothing to do.
"""

AFTER_THE_GROUPS = ("e2e/*", "contract/*", "scenario/*")
"""Where a single test takes long. The short ones come last, and fill what the long ones leave."""


def group_of(path: Path) -> str | None:
    """Return the name under which the tests of a file share a worker."""
    below = path.relative_to(TESTS).as_posix()
    for name, patterns in TOGETHER.items():
        if any(fnmatch(below, pattern) for pattern in patterns):
            return name
    return below if _shares(path) else None


@cache
def _shares(path: Path) -> bool:
    """Return whether the tests of a file share what is slow to start."""
    text = path.read_text("utf-8")
    return 'fixture(scope="module"' in text or "browser: Browser" in text


def _turn(path: Path) -> int:
    """Return the place of a file in the order of the start."""
    group = group_of(path)
    if group in TOGETHER:
        return list(TOGETHER).index(group)
    if group:
        return len(TOGETHER)
    below = path.relative_to(TESTS).as_posix()
    places = [place for place, pattern in enumerate(AFTER_THE_GROUPS) if fnmatch(below, pattern)]
    return len(TOGETHER) + 1 + (places[0] if places else len(AFTER_THE_GROUPS))


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run a folder on all processors. A run of one file or test does not wait for workers."""
    if hasattr(config, "workerinput") or not config.pluginmanager.hasplugin("xdist"):
        return
    option = config.option
    folders = any(Path(argument.split("::")[0]).is_dir() for argument in config.args)
    if option.numprocesses is None and option.dist == "no" and folders and not option.trace:
        # One more than there are processors: for half of its time a test waits.
        option.numprocesses = (os.cpu_count() or 1) + 1
    if option.numprocesses and option.dist == "no":
        option.dist = "loadgroup"
        option.loadscopereorder = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Group by our table: xdist's own marks for a group are lost on pytest 9.2."""
    if config.option.dist != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415  only xdist asks for it

    class ByOurTable(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(config.rootpath / nodeid.split("::")[0]) or nodeid

    return ByOurTable(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a worker, put what takes longest first."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _turn(item.path))


def worker_number() -> int:
    """Return 0 in a run without workers, and 1, 2, 3 … in a worker."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")) + 1
