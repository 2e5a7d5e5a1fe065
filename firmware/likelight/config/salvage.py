"""What a broken configuration still says about the lights, so that they can be switched off."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from likelight.config.hardware import IndicatorSettings, LampSettings, with_kit
from likelight.config.section import Section
from likelight_hw import boards
from likelight_hw.wiring import IndicatorWiring, LampWiring

_HEADER: Final = re.compile(r"^[ \t]*(?=\[)", re.MULTILINE)
_NAMES: Final = re.compile(r"^[ \t]*\[*[ \t]*[\"']?([\w-]+)", re.MULTILINE)
_LIGHTS: Final[Mapping[str, Any]] = {"lights": [], "indicator": {}}
"""The tables with lights, and what stands in them where there is none."""
_WIRES: Final = ("driver", "pin", "pins", "active_low", "device", "leds")
"""What says where a light is and which way round; nothing else is needed to switch it off."""

_Part = TypeVar("_Part", bound=Section)


@dataclass(frozen=True, slots=True)
class Lights:
    """The lights that could be read, and in words those that could not."""

    lamps: tuple[LampWiring, ...]
    indicator: IndicatorWiring
    unread: tuple[str, ...]


def lights_in(path: Path) -> Lights:
    """Return the lights in a configuration that `load` refuses. Raises `OSError`.

    What may hide an `active_low` counts as unread, for off would then be on. So a kit's light is
    one only where nothing in the file could have changed it.
    """
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    said, doubtful = _sound_tables(text)
    settings = with_kit(said)
    for kind in doubtful.keys() & _LIGHTS:
        settings[kind] = said.get(kind, _LIGHTS[kind])
    key = settings.get("board")
    board = boards.board(key) if key in boards.boards() else None
    unread = list(chain.from_iterable(doubtful.values()))
    lamps = []
    for number, table in enumerate(_list(settings.get("lights", [])), 1):
        if (lamp := _read(LampSettings, table)) is not None:
            lamps.append(lamp.wiring(board))
        else:
            unread.append(f"lamp {number} of [lights]")
    indicator = _read(IndicatorSettings, settings.get("indicator", {}))
    if indicator is None:
        unread.append("[indicator]")
        indicator = IndicatorSettings()
    return Lights(tuple(lamps), indicator.wiring(), tuple(unread))


def _sound_tables(text: str) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Return the tables that are valid by themselves, and in words which lights are elsewhere.

    Those are in tables that are broken, or there twice, or named nearly as they should be.
    """
    found: dict[str, Any] = {}
    doubtful: dict[str, list[str]] = {}
    for part in _HEADER.split(text):
        header = part.partition("\n")[0].strip()
        try:
            table = tomllib.loads(part)
        except tomllib.TOMLDecodeError:
            if not header.startswith("["):
                # What stands above the first table names the kit.
                doubtful.setdefault("kit", []).append("a kit's light")
            for kind in {_meant(name) for name in _NAMES.findall(part)} & _LIGHTS.keys():
                doubtful.setdefault(kind, []).append(header)
            continue
        for key, value in table.items():
            kind = _meant(key)
            if kind != key:
                doubtful.setdefault(kind, []).append(header)
            elif key in _LIGHTS and key in found and not _both_lists(found[key], value):
                doubtful.setdefault(kind, []).append(header)
                found[key] = _LIGHTS[key]
            else:
                found[key] = [*found.get(key, []), *value] if isinstance(value, list) else value
    return found, doubtful


def _meant(key: str) -> str:
    """Return which of the tables with lights is meant by a key; the key where it is none."""
    return next(iter(get_close_matches(key.lower(), _LIGHTS, 1, cutoff=0.75)), key)


def _both_lists(one: object, other: object) -> bool:
    return isinstance(one, list) and isinstance(other, list)


def _read(model: type[_Part], table: object) -> _Part | None:
    """Return what `table` says, or at least what it says of the wires."""
    if not isinstance(table, Mapping):
        return None
    unknown = table.keys() - model.model_fields.keys()
    if any(get_close_matches(name.lower(), ["active_low"]) for name in unknown):
        return None
    for said in (table, {name: table[name] for name in _WIRES if name in table}):
        try:
            return model.model_validate(said)
        except ValidationError:
            continue
    return None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
