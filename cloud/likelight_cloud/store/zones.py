"""The time zones of kitchens, each read from the disk once."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_ZONES: dict[str | None, tzinfo] = {None: UTC}
MAX_ZONES = 1000
"""There are about 600."""


def zone_called(name: str | None) -> tzinfo:
    """Return the zone that IANA calls `name`; UTC without a name, or where this computer does not
    know it. Blocks the first time: see `is_read`."""
    if (zone := _ZONES.get(name)) is not None or name is None:
        return zone or UTC
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # The name of a directory raises OSError, and a path ValueError.
        zone = UTC
    if len(_ZONES) < MAX_ZONES:
        _ZONES[name] = zone
    return zone


def is_read(name: str | None) -> bool:
    """Return whether `zone_called` answers without the disk."""
    return name in _ZONES
