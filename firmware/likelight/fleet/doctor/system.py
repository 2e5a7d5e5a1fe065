"""The system that the doctor examines. Only here do the checks touch it.

Files are read below `root`, so that a test can lay out a system in a directory. What is not a file
is a function, which a test can replace.
"""

import grp
import os
import pwd
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from likelight.config.settings import Config
from likelight.fleet.doctor import ioctls, modules, probes
from likelight.runtime.clock import Now, utc_now
from likelight.web.control.messages import HealthAnswer
from likelight_hw.rpi import kernel_names

UNITS = tuple(
    Path(place, "likelight.service")
    for place in ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
)
SERVICE_USER = "likelight"
COMMAND_S = 8.0
"""`rpicam-hello --list-cameras` takes up to 2 s on a Zero 2 W."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user and all groups that its processes are in."""

    name: str
    uid: int
    gids: frozenset[int]


def this_account() -> Account:
    """Return the account that runs this process."""
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return Account(name, uid, frozenset({os.getegid(), *os.getgroups()}))


def run_command(words: Sequence[str]) -> str:
    """Return what a command printed, errors included.

    Raises `FileNotFoundError` without such a command, and `subprocess.TimeoutExpired`.
    """
    done = subprocess.run(  # noqa: S603  a fixed command of ours
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=COMMAND_S,
        check=False,
    )
    return done.stdout.decode(errors="replace")


class NotConfigured(Exception):
    """What is asked needs a configuration without mistakes, and there is none."""


@dataclass(frozen=True)
class System:
    """One device and its configuration, as the checks may see them."""

    configured: Config | None
    """None when the configuration can't be read, or has `mistakes`."""
    root: Path = Path("/")
    socket: Path | None = None
    """The running daemon's control socket; None where none can run, as in the self-test."""
    mistakes: str = ""
    """What is wrong with the configuration, in words."""
    demo: bool = False
    """It is the demo, which is simulated on purpose."""
    now: Now = utc_now
    me: Account = field(default_factory=this_account)
    run: Callable[[Sequence[str]], str] = run_command
    open_pins: Callable[[], object] = probes.open_pins
    chip_label: Callable[[int], str] = kernel_names.label_of
    holder: Callable[[int], str | None] = ioctls.holder
    i2c_answers: Callable[[Path, int], bool] = ioctls.i2c_answers
    has_module: Callable[[str], bool] = probes.has_module
    before_apt: Callable[[], tuple[modules.Copy, ...] | None] = modules.before_apt
    free_mb: Callable[[Path], int] = probes.free_mb
    kernel: Callable[[], str] = probes.kernel
    is_free: Callable[[str, int], bool] = probes.is_free
    answers_as: Callable[[str, int], str | None] = probes.answers_as
    ask_daemon: Callable[[Path], HealthAnswer] = probes.ask_daemon
    resolve: Callable[[str], frozenset[int]] = probes.resolve
    handshake: Callable[[str, int, Path | None], None] = probes.handshake
    issuer_of: Callable[[str, int], str | None] = probes.issuer_of
    ask_cloud: Callable[[probes.CloudAccess], None] = probes.ask_cloud
    ask_upload: Callable[[probes.CloudAccess], None] = probes.ask_upload

    @property
    def config(self) -> Config:
        """The configuration. Raises `NotConfigured` without one."""
        if self.configured is None:
            raise NotConfigured
        return self.configured

    def at(self, path: Path | str) -> Path:
        """Return where `path` is below the root."""
        return self.root / Path(path).relative_to("/")

    def text(self, *paths: Path | str) -> str | None:
        """Return what the first of `paths` that can be read holds; None when none can."""
        for path in paths:
            try:
                return self.at(path).read_text(encoding="utf-8", errors="replace").strip("\0\n ")
            except OSError:
                continue
        return None

    @cached_property
    def model(self) -> str | None:
        """The model of this Raspberry Pi, None on any other computer."""
        model = self.text("/proc/device-tree/model", "/sys/firmware/devicetree/base/model")
        return model if model and model.startswith("Raspberry Pi") else None

    @cached_property
    def unit(self) -> str | None:
        """The systemd unit, None when likelight isn't installed as a service."""
        return self.text(*UNITS)

    def unit_setting(self, name: str) -> str | None:
        """Return a setting of the unit."""
        for line in (self.unit or "").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == name:
                return value.strip()
        return None

    @cached_property
    def groups(self) -> dict[str, tuple[int, tuple[str, ...]]]:
        """The groups of the system by name: number and members."""
        rows = (row.split(":") for row in (self.text("/etc/group") or "").splitlines())
        return {
            row[0]: (int(row[2]), tuple(row[3].split(",")))
            for row in rows
            if len(row) >= 4 and row[2].isdigit()
        }

    @cached_property
    def account(self) -> Account:
        """The account that the daemon runs as: the service's user, otherwise the one that asks."""
        if self.unit is None:
            return self.me
        user = self.unit_setting("User") or SERVICE_USER
        for row in (self.text("/etc/passwd") or "").splitlines():
            name, *fields = row.split(":")
            if name == user and len(fields) > 2:
                uid, gid = int(fields[1]), int(fields[2])
                break
        else:
            return self.me
        granted = (self.unit_setting("SupplementaryGroups") or "").split()
        gids = {
            number
            for group, (number, members) in self.groups.items()
            if group in granted or user in members
        }
        return Account(user, uid, frozenset({gid, *gids}))

    def may_use(self, path: Path | str) -> bool:
        """Return whether the daemon's account may read and write the node at `path`."""
        return self._may(path, 0o6)

    def closed_to_daemon(self, path: Path) -> Path | None:
        """Return what keeps the daemon's account from reading `path`: a folder above, or itself.

        Raises `OSError` when the account that asks can't see it.
        """
        for folder in reversed(path.parents[:-1]):
            if not self._may(folder, 0o1):
                return folder
        return None if self._may(path, 0o5 if self.at(path).is_dir() else 0o4) else path

    def _may(self, path: Path | str, bits: int) -> bool:
        """Return whether the daemon's account has `bits` (4 read, 2 write, 1 enter) at `path`."""
        account, node = self.account, self.at(path).stat()
        if account.uid == 0:
            return True
        if node.st_uid == account.uid:
            shift = 6
        elif node.st_gid in account.gids:
            shift = 3
        else:
            shift = 0
        return node.st_mode >> shift & bits == bits

    def group_of(self, path: Path | str) -> str:
        """Return the name of the group that the node at `path` belongs to."""
        gid = self.at(path).stat().st_gid
        for name, (number, _) in self.groups.items():
            if number == gid:
                return name
        try:
            return grp.getgrgid(gid).gr_name
        except KeyError:
            return str(gid)
