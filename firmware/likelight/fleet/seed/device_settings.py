"""What a seed's `likelight.txt` means for the configuration of a device."""

import json
import tomllib
from collections.abc import Mapping
from typing import Final

from likelight.config.toml_text import quoted
from likelight.fleet.seed.boot_masks import Polygons, masks_of
from likelight.fleet.seed.boot_text import MASKS

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


Tables = dict[str, dict[str, object]]
"""The tables of a configuration, by their names; the one without a name stands first."""


def device_settings(settings: Mapping[str, str]) -> Tables:
    """Return the tables that the settings of a `likelight.txt` mean."""
    tables: Tables = {"": {}}
    for name, (table, key) in _PLACES.items():
        if name in settings:
            tables.setdefault(table, {})[key] = settings[name]
    if MASKS in settings:
        tables["camera"] = camera_masks(masks_of(settings[MASKS]))
    return tables


def camera_masks(masks: Polygons) -> dict[str, object]:
    """Return the settings of the camera that `masks` mean."""
    return {"masks": [[list(corner) for corner in mask] for mask in masks]}


def device_settings_in(toml: str) -> Tables:
    """Return the tables of what `as_toml` has written."""
    tables: Tables = {"": {}}
    for name, value in tomllib.loads(toml).items():
        if isinstance(value, dict):
            tables[name] = value
        else:
            tables[""][name] = value
    return tables


def _value(value: object) -> str:
    # Lists of numbers are written in TOML as in JSON.
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def as_toml(tables: Tables) -> str:
    """Return the tables as TOML."""
    return "\n".join(
        (f"[{name}]\n" if name else "")
        + "".join(f"{key} = {_value(value)}\n" for key, value in settings.items())
        for name, settings in tables.items()
    )
