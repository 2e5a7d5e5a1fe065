"""The commit of a checkout. `build_hook.py` loads this file alone, before anything is installed."""

import subprocess
from pathlib import Path
from typing import Final

_GIT_WITHIN_S: Final = 5.0


def commit_of(checkout: Path) -> str | None:
    """Return the commit of a git checkout, None where git or its folder is missing."""
    if not (checkout / ".git").exists():  # not that of a repository around this folder
        return None
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],  # noqa: S607
            cwd=checkout,
            capture_output=True,
            encoding="ascii",
            timeout=_GIT_WITHIN_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return None
    return told.stdout.strip() or None
