"""One Debian package from a folder, the same bytes each time it is built from the same commit."""

import email.utils
import gzip
import hashlib
import os
import subprocess
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MAINTAINER = "The likelight makers <makers@likelight.invalid>"
_BUILT_WITHIN_S = 1800.0


@dataclass(frozen=True)
class Package:
    """What dpkg knows of a package; deb-control(5) has the words of `fields`."""

    name: str
    version: str
    architecture: str
    """amd64, arm64 or all."""
    summary: str
    description: str
    """One paragraph."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Depends, Recommends …; an empty one is left out."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """The tags of lintian that do not apply here, each with the reason."""

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}_{self.version}_{self.architecture}.deb"


@dataclass(frozen=True)
class Origin:
    """What packages are built from."""

    what: str
    """The commit, in the words of a change log."""
    epoch: int
    """When it was made, in seconds since 1970: the time of every file in a package."""
    licence: Path


def build(package: Package, tree: Path, origin: Origin, into: Path) -> Path:
    """Build the package of the files in `tree`; return its file in `into`.

    `tree` has the files as they will lie below /, and perhaps maintainer scripts in DEBIAN/.
    Raises `FileExistsError` where that file is there with other bytes: a name and version that
    somebody may have installed never gets another content, or dpkg writes over what runs.
    """
    _document(package, tree, origin)
    control = tree / "DEBIAN"
    control.mkdir(exist_ok=True)
    (control / "control").write_text(_control(package, tree), encoding="utf-8")
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    (control / "md5sums").write_text(
        "".join(
            f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  "
            f"{path.relative_to(tree)}\n"
            for path in files
            if control not in path.parents
        )
    )
    _unify(tree, origin.epoch)
    into.mkdir(parents=True, exist_ok=True)
    made = into / f".{package.file}"
    subprocess.run(
        # lintian refuses zstd. xz on one thread and on two write other bytes: the number is pinned.
        # Level 6 makes 39 MB of libraries instead of 44, and takes five times as long.
        ["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--threads-max=2", "--build", tree, made],
        env=os.environ | {"SOURCE_DATE_EPOCH": str(origin.epoch), "LC_ALL": "C"},
        stdout=subprocess.DEVNULL,
        timeout=_BUILT_WITHIN_S,
        check=True,
    )
    return _publish(made, into / package.file)


def _publish(made: Path, file: Path) -> Path:
    if file.exists() and _sha256(file) != _sha256(made):
        made.unlink()
        raise FileExistsError(
            f"{file} is there already, with other contents. Two packages of one version would "
            "break the device that has the first: commit the change, or delete the file if "
            "nobody has it"
        )
    made.replace(file)
    return file


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _control(package: Package, tree: Path) -> str:
    size = sum(path.lstat().st_size for path in tree.rglob("*") if path.is_file())
    fields = {
        "Package": package.name,
        "Version": package.version,
        "Architecture": package.architecture,
        "Maintainer": MAINTAINER,
        "Section": "misc",
        "Priority": "optional",
        "Installed-Size": str(-(-size // 1024)),
        **package.fields,
        "Description": "\n ".join([package.summary, *textwrap.wrap(package.description, 78)]),
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


def _document(package: Package, tree: Path, origin: Origin) -> None:
    """Add what Debian wants of each package: licence, last change, what lintian need not say."""
    folder = tree / "usr/share/doc" / package.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "copyright").write_bytes(origin.licence.read_bytes())
    date = email.utils.formatdate(origin.epoch)
    changes = (
        f"{package.name} ({package.version}) stable; urgency=medium\n\n"
        f"  * {origin.what}.\n\n"
        f" -- {MAINTAINER}  {date}\n"
    )
    (folder / "changelog.gz").write_bytes(gzip.compress(changes.encode(), 9, mtime=0))
    if package.overrides:
        overrides = tree / "usr/share/lintian/overrides" / package.name
        overrides.parent.mkdir(parents=True, exist_ok=True)
        overrides.write_text(
            "".join(
                f"# {reason}\n{package.name}: {tag} *\n"
                for tag, reason in package.overrides.items()
            )
        )


def _unify(tree: Path, epoch: int) -> None:
    """Give every file the modes and the time that do not depend on who builds, and when."""
    for path in (*tree.rglob("*"), tree):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        os.utime(path, (epoch, epoch), follow_symlinks=False)
