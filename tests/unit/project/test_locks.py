"""The pinned packages: all that a Pi needs, in the versions that were tested, from anywhere."""

import re
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
LOCKS = {
    name: PROJECT / name
    for name in ("requirements.lock", "cloud/requirements.lock", "tests/requirements.lock")
}


def pinned(lock: Path) -> dict[str, str]:
    """Return the version of each package, by its normalised name."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", lock.read_text("utf-8"), re.MULTILINE))


def test_a_pi_with_any_panel_is_installed_from_the_lock() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["rpi"]]
    names = {re.split(r"[<>=;\[ ]", line)[0].replace(".", "-").lower() for line in wanted}
    assert names <= pinned(LOCKS["requirements.lock"]).keys()


def test_what_is_installed_is_what_was_tested() -> None:
    tested = pinned(LOCKS["tests/requirements.lock"])
    assert pinned(LOCKS["requirements.lock"]).items() <= tested.items()


def test_a_cloud_server_is_installed_from_a_lock_of_its_own() -> None:
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    wanted, project = settings["dependency-groups"]["cloud"], settings["project"]
    device = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert set(wanted) <= set(device), "the same bounds as elsewhere"
    lock = pinned(LOCKS["cloud/requirements.lock"])
    assert {re.split(r"[<>=;\[ ]", line)[0] for line in wanted} <= lock.keys()
    assert lock.items() <= pinned(LOCKS["tests/requirements.lock"]).items()
    device_lock = pinned(LOCKS["requirements.lock"])
    beside_the_device_s = lock.items() - device_lock.items()
    assert {name for name, _ in beside_the_device_s} == {"asyncpg"}, "PostgreSQL's, for no device"
    assert "asyncpg" not in device_lock
    assert lock.keys().isdisjoint({"av", "gpiozero", "luma-core", "smbus2"})


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_a_lock_names_no_address_and_every_hash(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert "://" not in text
    packages = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert [package for package in packages if "--hash=sha256:" not in package] == []
