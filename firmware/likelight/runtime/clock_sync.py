"""Whether the clock is right: a Pi without a battery boots with the time of its last shutdown."""

import sys
from contextlib import suppress
from pathlib import Path

from likelight.runtime.atomic_file import replace_file

SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
"""Made by systemd-timesyncd when it first sets the clock after a boot (systemd-timesyncd(8)).
Asking the kernel, adjtimex(2), would be more general, but is forbidden to a service under
`ProtectClock` and `@system-service`: the call ends the process."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""A new random id at each boot (random(4))."""
SET_IN_BOOT = "clock-set"
"""The file in a daemon's runtime directory that holds the id of the boot in which the clock was
found to be set."""


def clock_is_set(folder: Path, root: Path = Path("/")) -> bool:
    """Return whether a time server has set the clock since the boot. May block for a moment.

    What the daemon with the runtime directory `folder` has found counts until the next boot:
    timesyncd takes its sign away whenever it is restarted, and gives it back only when a time
    server answers. The sign and the boot's id are read below `root`.
    """
    if sys.platform != "linux" or _below(root, SYNCHRONISED).exists():
        return True
    try:
        return (folder / SET_IN_BOOT).read_text() == _below(root, BOOT_ID).read_text()
    except (OSError, UnicodeDecodeError):
        return False


class BootClock:
    """Whether the clock was set since the boot, as a daemon finds it and remembers it.

    `folder` is its runtime directory, so that the next process knows it, too.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_set = False

    def is_set(self) -> bool:
        """Return whether it is or was set; True from then on. May block for a moment."""
        if not self._is_set and clock_is_set(self._folder):
            self._is_set = True
            # Where it can't be written, the next process looks for the sign itself.
            with suppress(OSError):
                replace_file(self._folder / SET_IN_BOOT, BOOT_ID.read_text(), mode=0o644)
        return self._is_set


def _below(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")
