"""The time zone of the kitchen: the one that is configured, or else the computer's own."""

import os
from datetime import UTC, tzinfo
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LOCALTIME = Path("/etc/localtime")


def kitchen_zone(name: str | None) -> tzinfo:
    """Return the zone called `name` (IANA), or the computer's when it is None; UTC without one.

    Raises `ValueError`, which says what to write, for a name that is not a zone. A named zone is
    read from the disk the first time.
    """
    return _SYSTEM if name is None else _named(name)


@cache  # ZoneInfo's own cache forgets zones, and would read them again on the event loop
def _named(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # The name of a directory raises OSError, and a path ValueError.
        raise ValueError(
            f"{name!r} is not a time zone that this computer knows; write one such as"
            ' "Europe/Berlin" or "America/New_York"'
        ) from None


def _system() -> tzinfo:
    name = os.environ.get("TZ", "").removeprefix(":")
    try:
        if name:
            return _named(name)
        with LOCALTIME.open("rb") as rules:
            return ZoneInfo.from_file(rules)
    except (OSError, ValueError):
        return UTC


_SYSTEM = _system()
"""Read here, before any event loop runs: the file is read from the disk."""
