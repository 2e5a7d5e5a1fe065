"""Where a device keeps its files: the configuration, what must last, and what a daemon leaves.

Imports nothing heavy, so that the command line can name these places quickly.
"""

import os
from pathlib import Path

DEFAULT_FILE = Path("/etc/likelight/likelight.toml")
SERVICE_STATE = Path("/var/lib/likelight")
"""systemd's state directory for the service (`StateDirectory=likelight`)."""
SERVICE_RUNTIME = Path("/run/likelight")
"""systemd's runtime directory for the service (`RuntimeDirectory=likelight`)."""
BOOT_REPORT = Path("/run/likelight-boot/report.json")
"""What `likelight boot-volume`, as root, has to tell the daemon."""
STICKS = Path("/run/likelight-stick")
"""What it has to tell of the USB sticks that are plugged in; a copy of each one's file, too."""
BOOT_AGREED = "boot-agreed"
"""The name of the daemon's answer to either, in its runtime directory."""
CONTROL_SOCKET = "control.sock"
"""The name of the daemon's unix socket, in the runtime directory."""


def default_state_dir() -> Path:
    """Return systemd's state directory for this service, or the user's own."""
    if directory := os.environ.get("STATE_DIRECTORY"):
        return Path(directory.split(":")[0])
    state_home = Path(os.environ.get("XDG_STATE_HOME", ""))
    if not state_home.is_absolute():  # the XDG specification: such a path is to be ignored
        try:
            state_home = Path.home() / ".local" / "state"
        except RuntimeError:  # an account without a home, as in some containers
            return SERVICE_STATE
    return state_home / "likelight"


def runtime_dir(state_dir: Path) -> Path:
    """Return where a daemon puts what ends with it: systemd's runtime directory, or `state_dir`."""
    if directory := os.environ.get("RUNTIME_DIRECTORY"):
        return Path(directory.split(":")[0])
    return state_dir
