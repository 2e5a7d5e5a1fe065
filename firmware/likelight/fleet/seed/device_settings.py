"""What a seed's `likelight.txt` means for the configuration of a device."""

from collections.abc import Mapping
from typing import Final

_PLACES: Final = {
    "board": ("", "board"),
    "kit": ("", "kit"),
    "store": ("kitchen", "id"),
    "name": ("kitchen", "name"),
    "language": ("kitchen", "language"),
    "timezone": ("kitchen", "timezone"),
    "cloud": ("cloud", "url"),
}
"""Table and key of each setting; the country and the code are not for the daemon."""


def device_settings(settings: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the tables of a configuration, by their names; the one without a name stands first."""
    tables: dict[str, dict[str, str]] = {"": {}}
    for name, (table, key) in _PLACES.items():
        if name in settings:
            tables.setdefault(table, {})[key] = settings[name]
    return tables
