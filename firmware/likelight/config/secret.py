"""Secrets that stand in files of their own, so that no configuration and no log shows them."""

import os
from pathlib import Path

from likelight.config.settings import ConfigError


def read_secret(file: Path, what: str) -> str:
    """Return the one line in `file`, which holds `what`.

    Raises `ConfigError` when it is unreadable, empty, or readable by others.
    """
    try:
        # systemd lets the service's user in by an ACL, whose mask shows as the group's bits; it is
        # the credentials' directory that keeps others out.
        credentials = os.environ.get("CREDENTIALS_DIRECTORY")
        given_by_systemd = credentials is not None and file.is_relative_to(credentials)
        if not given_by_systemd and file.stat().st_mode & 0o077:
            raise ConfigError(f"{file} can be read by others; run: chmod 600 {file}")
        secret = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"can't read {what} in {file}: {error}") from error
    if not secret:
        raise ConfigError(f"{file} is empty; it should hold {what}")
    return secret
