"""The systemd units, as tests and benches need it."""

import os
import shlex
from pathlib import Path

UNIT = Path(__file__).parents[2] / "systemd" / "likelight.service"
CLOUD_UNIT = UNIT.with_name("likelight-cloud.service")


def environment() -> dict[str, str]:
    """Return what the daemon has on a device: what its unit sets, and a PATH."""
    settings = [
        setting
        for line in UNIT.read_text("utf-8").splitlines()
        if line.startswith("Environment=")
        for setting in shlex.split(line.removeprefix("Environment="))
    ]
    return {"PATH": os.defpath, **dict(setting.split("=", 1) for setting in settings)}
