"""The doctor on the libraries that come from the system's packages."""

from pathlib import Path

import aiohttp
import pytest

from likelight.fleet.doctor.checks import libraries
from likelight.fleet.doctor.modules import Copy, before_apt
from support.doctor import Case, assert_seen, assert_shown, with_files
from support.machine import Machine

DEPS = "/usr/lib/likelight/deps/0123456789"
LOCAL = "/usr/local/lib/python3.13/dist-packages"


def takes(*copies: tuple[str, str, bool]) -> Machine:
    return with_files({}, before_apt=lambda: tuple(Copy(*copy) for copy in copies))


CASES = [
    Case("apt-libraries", "skip", "does not see", {}, with_files({}, before_apt=lambda: None)),
    Case("apt-libraries", "ok", "nothing stands before", {}),
    Case("apt-libraries", "ok", "PIL, av", {}, takes(("av", DEPS, True), ("PIL", DEPS, True))),
    Case(
        "apt-libraries",
        "warn",
        f"numpy is taken from {LOCAL}",
        {},
        takes(("PIL", DEPS, True), ("numpy", LOCAL, False)),
    ),
    Case("apt-libraries", "warn", "lgpio is taken", {}, takes(("lgpio", DEPS, True))),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_sees_what_is_there(case: Case, tmp_path: Path) -> None:
    assert_seen(case, tmp_path)


def test_each_check_is_shown_well_and_ill() -> None:
    assert_shown(libraries.CHECKS, CASES)


def test_a_copy_is_one_that_python_finds_before_apt_s(tmp_path: Path) -> None:
    ours = str(Path(aiohttp.__file__).parents[1])
    local, apt, behind = (tmp_path / name for name in ("local", "apt", "behind"))
    for folder, modules in (
        (local, ("numpy", "aiohttp", "own")),
        (apt, ("numpy", "aiohttp", "libcamera", "json")),
        (behind, ("libcamera",)),
    ):
        for module in modules:
            (folder / module).mkdir(parents=True)
            (folder / module / "__init__.py").touch()
    # Without __init__.py it is a namespace, which any package on the way stands before.
    (local / "libcamera").mkdir()
    path = [ours, str(local), str(apt), str(behind)]
    assert set(before_apt(path, str(apt)) or ()) == {
        Copy("aiohttp", ours, ours=True),
        Copy("numpy", str(local), ours=False),
    }
    assert before_apt([ours], str(apt)) is None
