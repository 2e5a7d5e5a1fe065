"""apt in a folder of its own: it resolves and downloads for another computer, and installs nothing.

An archive's signature is checked with the keyring that is named for it alone, and each package by
the hash in that archive's signed index. This computer's own sources and keys do not count.
"""

import os
import re
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from likelight.fleet.bundle.apt_words import in_words
from likelight.fleet.flash.errors import FlashError

Tell = Callable[[float], None]
"""Is told which part of the work is done, 0 to 1."""

_NETWORK_TIMEOUT_S: Final = 30
_ENDS_WITHIN_S: Final = 10.0
_PLANNED: Final = re.compile(r"^'([^']+)' (\S+) (\d+) (?:SHA256:([0-9a-f]{64}))?$", re.MULTILINE)
_OFFLINE: Final = ("-o", "Dir::Etc::SourceList=/dev/null", "-o", "Dir::Etc::SourceParts=/dev/null")


@dataclass(frozen=True, slots=True)
class Archive:
    """A Debian archive: its address, what is taken of it, and whose signature it must have."""

    url: str
    suites: tuple[str, ...]
    keyring: Path

    def lines(self) -> str:
        """Return it as apt's sources have it."""
        # apt would use a local archive's files where they are; a copy is what a bundle needs.
        url = re.sub("^file:", "copy:", self.url)
        return (
            f"Types: deb\nURIs: {url}\nSuites: {' '.join(self.suites)}\nComponents: main\n"
            f"Signed-By: {self.keyring}\n"
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """A package that is to be downloaded."""

    file: str
    size: int
    """In bytes."""
    sha256: str


class Apt:
    """apt for a computer of `architecture`, in `folder`: a new one, or one of a run that was cut
    short, which it goes on with. Each call blocks, and raises `FlashError`."""

    def __init__(self, folder: Path, architecture: str, archives: Sequence[Archive]) -> None:
        self.downloaded = folder / "downloaded"
        self._nothing = folder / "nothing"
        self._status = folder / "status"
        self._said = folder / "apt.log"
        config = folder / "apt.conf"
        for made in (
            *("etc/apt.conf.d", "etc/preferences.d", "etc/sources.list.d"),
            *("lists/partial", "cache", "downloaded/partial", "nothing/partial"),
        ):
            (folder / made).mkdir(parents=True, exist_ok=True)
        sources = "\n".join(archive.lines() for archive in archives)
        (folder / "etc/sources.list.d/bundle.sources").write_text(sources)
        self._status.touch()
        settings = {
            "Dir": f"{folder}/",
            "Dir::Etc": "etc",
            "Dir::State": "",
            "Dir::State::lists": "lists",
            "Dir::State::status": self._status,
            "Dir::State::extended_states": "extended_states",
            "Dir::Cache": "cache",
            "Dir::Cache::archives": self.downloaded,
            "Dir::Log": "log",
            "Dir::Etc::trusted": "/dev/null",
            "Dir::Etc::trustedparts": "/dev/null",
            "APT::Architecture": architecture,
            "APT::Architectures": architecture,
            "APT::Sandbox::User": "root",
            "APT::Get::Assume-Yes": "true",
            "APT::Install-Recommends": "false",
            "APT::Get::Remove": "false",
            "APT::Cmd::Disable-Script-Warning": "true",
            "Acquire::Languages": "none",
            "Acquire::Retries": "1",
            # While it waits before a retry, apt 2.6 can wait for ever (seen on loopback).
            "Acquire::Retries::Delay": "false",
            "Acquire::http::Timeout": _NETWORK_TIMEOUT_S,
            "Acquire::https::Timeout": _NETWORK_TIMEOUT_S,
        }
        config.write_text("".join(f'{name} "{value}";\n' for name, value in settings.items()))
        self._environment = os.environ | {"APT_CONFIG": str(config), "LC_ALL": "C.UTF-8"}

    def update(self) -> None:
        """Fetch the archives' indexes, and check their signatures."""
        self._run("apt-get", "--error-on=any", "update")

    def available(self) -> str:
        """Return what all archives offer, as paragraphs of their indexes."""
        return self._run("apt-cache", "dumpavail")

    def has_installed(self, status: str) -> None:
        """Go on as on a computer with this `status` of dpkg."""
        self._status.write_text(status)

    def plan(self, wanted: Sequence[str]) -> tuple[Planned, ...]:
        """Return what must be downloaded so that `wanted`, names and files, can be installed."""
        # Without ForceHash it prints MD5 sums, or none; and it leaves out what is downloaded.
        anew = ("-o", "Acquire::ForceHash=SHA256", "-o", f"Dir::Cache::archives={self._nothing}")
        said = self._run("apt-get", *anew, "--print-uris", "install", *wanted)
        planned = list[Planned]()
        for uri, file, size, sha256 in _PLANNED.findall(said):
            if uri.startswith("file:"):  # ours, which are here
                continue
            if not sha256:
                raise FlashError(f"the archive tells no SHA-256 of {file}: take another copy of it")
            planned.append(Planned(file, int(size), sha256))
        return tuple(planned)

    def download(self, wanted: Sequence[str], tell: Tell) -> None:
        """Download what `plan` has named; what is there whole already stays."""
        self._run("apt-get", "--download-only", "install", *wanted, tell=tell)

    def try_offline(self, files: Sequence[Path]) -> None:
        """Have apt resolve, as the first boot does, that `files` can be installed without any
        archive."""
        self._run("apt-get", *_OFFLINE, "--simulate", "install", *map(str, files))

    def _run(self, program: str, *words: str, tell: Tell | None = None) -> str:
        """Run `program`; return what it has said."""
        told, tells = os.pipe()
        with self._said.open("w+", encoding="utf-8", errors="replace") as said:
            try:
                running = subprocess.Popen(  # noqa: S603
                    [program, "-o", f"APT::Status-Fd={tells}", *words],
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    pass_fds=(tells,),
                    # Ctrl-C ends this program, which then ends apt in order.
                    start_new_session=True,
                )
            except FileNotFoundError:
                os.close(told)
                raise FlashError(
                    f"{program} is missing: run this on Debian, Ubuntu or Raspberry Pi OS"
                ) from None
            finally:
                os.close(tells)
            try:
                with os.fdopen(told, encoding="utf-8", errors="replace") as lines:
                    for line in lines:
                        kind, _, rest = line.partition(":")
                        if kind == "dlstatus" and tell is not None:
                            tell(float(rest.split(":")[1]) / 100)
                code = running.wait()
            finally:
                _end(running)
            said.seek(0)
            text = said.read()
        if code:
            raise FlashError(in_words(text))
        return text


def _end(running: subprocess.Popen[bytes]) -> None:
    """End `running` and all that it has started, if it is not done."""
    if running.poll() is not None:
        return
    os.killpg(running.pid, signal.SIGTERM)
    try:
        running.wait(_ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
