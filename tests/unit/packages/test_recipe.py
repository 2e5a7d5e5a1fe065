"""The recipe of the Debian packages, without the network: versions, pins, one package's bytes."""

import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from likelight_deb.archive import Origin, Package, build
from likelight_deb.contents import Contents
from likelight_deb.documents import materials
from likelight_deb.interpreter import Interpreter
from likelight_deb.libraries import pins, tree_name
from likelight_deb.release import ChangedError, Release

PROJECT = Path(__file__).parents[3]
LOCK = (PROJECT / "requirements.lock").read_text()
LICENCE = PROJECT / "LICENSE"

needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs Debian's dpkg-deb")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit, of 2026-11-30 15:47:05 UTC."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    init = tmp_path / "firmware/likelight/__init__.py"
    init.parent.mkdir(parents=True)
    init.write_text('"""A kitchen."""\n\n__version__ = "1.4.0"\n')
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "One")
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    moment = "2026-11-30T15:47:05Z"
    who = {
        f"GIT_{role}_{part}": "a@b"
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    }
    when = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
    return subprocess.run(
        ["git", "-C", folder, *arguments],
        env=os.environ | who | when,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    ).stdout


def test_each_commit_is_a_version_of_its_own_below_the_release(checkout: Path) -> None:
    release = Release.of(checkout)
    short = git(checkout, "rev-parse", "HEAD")[:7]
    assert release.name == f"1.4.0.2611301547.{short}"
    assert release.version(13) == f"1.4.0~2611301547.{short}+deb13"
    git(checkout, "tag", "v1.4.0")
    assert Release.of(checkout).name == "1.4.0"
    assert Release.of(checkout).version(12) == "1.4.0+deb12"


def test_what_is_not_committed_is_not_built(checkout: Path) -> None:
    (checkout / "firmware/likelight/__init__.py").write_text('__version__ = "9.9.9"\n')
    with pytest.raises(ChangedError, match=r"firmware/likelight/__init__\.py has changes"):
        Release.of(checkout)


def test_a_device_gets_no_tool_of_the_build_and_nothing_that_is_the_systems() -> None:
    kept = {line.partition("==")[0] for line in pins(LOCK).splitlines() if "==" in line}
    assert {"aiohttp", "av", "gpiozero", "pillow", "luma-core"} <= kept
    assert not kept & {"hatchling", "editables", "setuptools", "lgpio", "spidev"}


def test_another_lock_or_python_is_another_tree_of_libraries() -> None:
    names = {
        tree_name(lock, LICENCE, python)
        for lock in (LOCK, LOCK + "x==1\n")
        for python in ("3.11", "3.13")
    }
    assert len(names) == 4
    assert all(len(name) == 10 for name in names)


def test_the_bill_of_materials_names_each_library_with_its_hashes() -> None:
    told = json.loads(materials("likelight-app-1.4.0", "1.4.0+deb13", pins(LOCK), 1_764_500_000))
    found = {part["name"]: part for part in told["components"]}
    assert len(found) == sum("==" in line for line in pins(LOCK).splitlines())
    assert found["aiohttp"]["purl"] == f"pkg:pypi/aiohttp@{found['aiohttp']['version']}"
    assert all(
        digest["alg"] == "SHA-256" and len(digest["content"]) == 64
        for part in found.values()
        for digest in part["hashes"]
    )
    assert told["bomFormat"] == "CycloneDX"
    assert told == json.loads(
        materials("likelight-app-1.4.0", "1.4.0+deb13", pins(LOCK), 1_764_500_000)
    ), "the same each time"


@needs_dpkg
def test_every_commit_makes_the_same_package_of_the_same_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "requirements.lock").write_text(f"x==1 --hash=sha256:{a_wheel(tmp_path)}\n")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    python = Uncompiled("trixie", "3.13", tmp_path)
    made = [
        Contents(source, Path(), commit, "1.4", f"{commit.epoch}+deb13", python).libraries(
            "arm64", tmp_path / f"work{commit.epoch}", tmp_path / f"out{commit.epoch}"
        )
        for commit in (Origin("Commit 1", 1, LICENCE), Origin("Commit 2", 2, LICENCE))
    ]
    assert made[0].name == made[1].name
    assert made[0].name.endswith("_1+deb13_arm64.deb")
    assert made[0].read_bytes() == made[1].read_bytes()


class Uncompiled(Interpreter):
    """Writes no bytecode, for which a Python of Debian would have to be fetched."""

    def compile(self, folder: Path, installed: Path) -> None:
        pass


def a_wheel(folder: Path) -> str:
    """Write the wheel of x 1 into `folder`; return its SHA-256."""
    file = folder / "x-1-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr("x.py", "")
        wheel.writestr("x-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: x\nVersion: 1\n")
        wheel.writestr("x-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("x-1.dist-info/RECORD", "")
    return hashlib.sha256(file.read_bytes()).hexdigest()


PACKAGE = Package("likelight-x", "1.4.0+deb13", "all", "a package", "Words of it. " * 20)


@needs_dpkg
def test_a_package_has_the_same_bytes_whoever_builds_it_and_when(tmp_path: Path) -> None:
    files = []
    for number, mask in enumerate((0o022, 0o077)):
        before = os.umask(mask)
        try:
            tree = a_tree(tmp_path / f"tree{number}")
            os.utime(tree / "usr/lib/x.py", (1e9 * number, 1e9 * number))
            files.append(build(PACKAGE, tree, origin(), tmp_path / f"out{number}"))
        finally:
            os.umask(before)
    assert files[0].read_bytes() == files[1].read_bytes()
    said = subprocess.run(
        ["dpkg-deb", "--info", files[0]], stdout=subprocess.PIPE, encoding="utf-8", check=True
    ).stdout
    assert "Package: likelight-x\n" in said
    assert max(map(len, said.splitlines())) < 100


@needs_dpkg
def test_a_version_that_somebody_may_have_never_gets_other_contents(tmp_path: Path) -> None:
    first = build(PACKAGE, a_tree(tmp_path / "one"), origin(), tmp_path)
    assert build(PACKAGE, a_tree(tmp_path / "same"), origin(), tmp_path) == first
    before = first.read_bytes()
    other = a_tree(tmp_path / "other")
    (other / "usr/lib/x.py").write_text("two\n")
    with pytest.raises(FileExistsError, match="is there already, with other contents"):
        build(PACKAGE, other, origin(), tmp_path)
    assert first.read_bytes() == before
    newer = replace(PACKAGE, version="1.4.1+deb13")
    assert build(newer, a_tree(tmp_path / "newer"), origin(), tmp_path) != first


def a_tree(folder: Path) -> Path:
    file = folder / "usr/lib/x.py"
    file.parent.mkdir(parents=True)
    file.write_text("one\n")
    return folder


def origin() -> Origin:
    return Origin("Commit 0123456789abcdef", 1_764_500_000, LICENCE)
