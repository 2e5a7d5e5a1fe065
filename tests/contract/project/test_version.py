"""A wheel and a source archive say the commit that they are made from."""

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from likelight.runtime import version
from likelight.runtime.git_commit import commit_of

PROJECT = Path(__file__).parents[3]
# Hatchling's own command, which needs neither a package index nor an environment.
BUILD = (sys.executable, "-m", "hatchling", "build", "-d")


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A project that is built as ours is, as small as it can be, without git."""
    source = tmp_path / "source"
    for name in ("firmware/likelight", "hw/likelight_hw", "cloud/likelight_cloud"):
        (source / name).mkdir(parents=True)
        (source / name / "__init__.py").write_text('__version__ = "0.1.0"\n')
    tells = Path("firmware/likelight/runtime/git_commit.py")
    (source / tells).parent.mkdir()
    forced = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]
    forced = forced["build"]["targets"]["wheel"]["force-include"]
    for file in (tells, Path("pyproject.toml"), Path("build_hook.py"), *map(Path, forced)):
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        (source / file).write_bytes((PROJECT / file).read_bytes())
    for file in ("README.md", "LICENSE"):
        (source / file).touch()
    return source


def commit_in(wheel: Path) -> str | None:
    with zipfile.ZipFile(wheel) as archive:
        assert "likelight_cloud/deployment/likelight-cloud.service" in archive.namelist()
        if "likelight/commit.txt" not in archive.namelist():
            return None
        return archive.read("likelight/commit.txt").decode().strip()


def test_what_is_built_from_a_commit_says_it(source: Path, tmp_path: Path) -> None:
    run("git", "init", "-q", cwd=source)
    run("git", "add", ".", cwd=source)
    who = ("-c", "user.name=A", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
    run("git", *who, "commit", "-qm", "One", cwd=source)
    head = run("git", "rev-parse", "--short=12", "HEAD", cwd=source)
    assert commit_of(source) == head

    built = tmp_path / "built"
    run(*BUILD, built, cwd=source)
    (wheel,) = built.glob("*.whl")
    assert commit_in(wheel) == head
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    run(*BUILD, tmp_path / "again", "-t", "wheel", cwd=unpacked)
    (wheel,) = (tmp_path / "again").glob("*.whl")
    assert commit_in(wheel) == head, "an archive passes it on"

    (source / "README.md").write_text("Changed")
    assert commit_of(source) == f"{head}-dirty"


def test_without_git_it_is_built_and_says_none(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*BUILD, tmp_path / "built", "-t", "wheel", cwd=source)
    (wheel,) = (tmp_path / "built").glob("*.whl")
    assert commit_in(wheel) is None
    assert commit_of(source) is None
    monkeypatch.setattr(version, "_CHECKOUT", source)
    assert version.commit() is None
    monkeypatch.setenv("PATH", "")
    (source / ".git").mkdir()
    assert commit_of(source) is None, "a checkout on a machine without git"
