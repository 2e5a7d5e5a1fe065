"""What a seed's `likelight.txt` means for the configuration of a device."""

import tomllib
from collections.abc import Mapping
from typing import Final

from likelight.config.toml_text import quoted

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


Tables = dict[str, dict[str, str]]
"""The tables of a configuration, by their names; the one without a name stands first."""


def device_settings(settings: Mapping[str, str]) -> Tables:
    """Return the tables that the settings of a `likelight.txt` mean."""
    tables: Tables = {"": {}}
    for name, (table, key) in _PLACES.items():
        if name in settings:
            tables.setdefault(table, {})[key] = settings[name]
    return tables


def device_settings_in(toml: str) -> Tables:
    """Return the tables of what `as_toml` has written."""
    tables: Tables = {"": {}}
    for name, value in tomllib.loads(toml).items():
        if isinstance(value, dict):
            tables[name] = value
        else:
            tables[""][name] = value
    return tables


def as_toml(tables: Tables) -> str:
    """Return the tables as TOML."""
    return "\n".join(
        (f"[{name}]\n" if name else "")
        + "".join(f"{key} = {quoted(value)}\n" for key, value in settings.items())
        for name, settings in tables.items()
    )
