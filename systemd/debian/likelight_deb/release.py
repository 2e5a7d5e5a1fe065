"""What is built: the last commit, and the version that it makes."""

import re
import subprocess
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

_GIT_WITHIN_S = 60.0


class ChangedError(Exception):
    """The checkout is not what its last commit has; the message names a file."""


@dataclass(frozen=True)
class Release:
    """The last commit of `checkout`."""

    checkout: Path
    number: str
    """`likelight.__version__` there, 0.1.0 say."""
    commit: str
    epoch: int
    """When it was made, in seconds since 1970."""
    tagged: bool
    """Whether it is the one that has the number as its tag, v0.1.0 say."""

    @classmethod
    def of(cls, checkout: Path) -> "Release":
        """Return the last commit of `checkout`.

        Raises `ChangedError` where something is not committed, and `CalledProcessError`.
        """
        changed = _git(checkout, "status", "--porcelain", "--untracked-files=no").decode()
        if changed:
            raise ChangedError(
                f"{changed.split()[1]} has changes that are not committed; commit first"
            )
        init = _git(checkout, "show", "HEAD:firmware/likelight/__init__.py").decode()
        (number,) = re.findall(r'^__version__ = "([0-9.]+)"$', init, re.M)
        commit, epoch = _git(checkout, "log", "-1", "--format=%H %ct").decode().split()
        tags = _git(checkout, "tag", "--points-at", "HEAD").decode().split()
        return cls(checkout, number, commit, int(epoch), f"v{number}" in tags)

    @property
    def name(self) -> str:
        """The version as it stands in names of packages and folders.

        Every commit has its own, so that a name and version never gets other contents.
        """
        return self.number if self.tagged else f"{self.number}.{self._moment}"

    def version(self, debian: int) -> str:
        """Return the version for this release of Debian; ~ sorts before what comes without it."""
        upstream = self.number if self.tagged else f"{self.number}~{self._moment}"
        return f"{upstream}+deb{debian}"

    def unpacked(self, folder: Path) -> Path:
        """Unpack the commit into `folder`, without what is not committed, and return it."""
        with tarfile.open(fileobj=BytesIO(_git(self.checkout, "archive", "HEAD"))) as archive:
            archive.extractall(folder, filter="data")
        return folder

    @property
    def _moment(self) -> str:
        return f"{datetime.fromtimestamp(self.epoch, UTC):%y%m%d%H%M}.{self.commit[:7]}"


def _git(checkout: Path, *arguments: str) -> bytes:
    return subprocess.run(
        ["git", "-C", checkout, *arguments],
        stdout=subprocess.PIPE,
        timeout=_GIT_WITHIN_S,
        check=True,
    ).stdout
