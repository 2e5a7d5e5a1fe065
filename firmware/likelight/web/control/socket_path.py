"""Commands to a running daemon: JSON over HTTP on a unix socket, never on the network."""

import os
from pathlib import Path

from likelight.config.settings import Config

SOCKET = "control.sock"
SERVICE_SOCKET = Path("/run/likelight") / SOCKET
"""Where systemd's unit has it (`RuntimeDirectory=likelight`)."""


def socket_path(config: Config) -> Path:
    """Return where the daemon of `config` listens: systemd's runtime directory, or `state_dir`."""
    if directory := os.environ.get("RUNTIME_DIRECTORY"):
        return Path(directory.split(":")[0]) / SOCKET
    return config.state_dir / SOCKET
