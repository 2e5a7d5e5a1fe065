"""What a broken configuration still says about the lights, so that they can be switched off."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from likelight.hardware_config import Indicator, Lamp, with_kit
from likelight.section import Section
from likelight_hw import boards
from likelight_hw.wiring import IndicatorWiring, LampWiring

_HEADER: Final = re.compile(r"^[ \t]*(?=\[)", re.MULTILINE)
_LIGHT: Final = re.compile(r"lights|indicator")
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

    What may hide an `active_low` counts as unread, for off would then be on.
    """
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    said, unread = _sound_tables(text)
    settings = with_kit(said)
    key = settings.get("board")
    board = boards.board(key) if key in boards.boards() else None
    lamps = []
    for number, table in enumerate(_list(settings.get("lights", [])), 1):
        if (lamp := _read(Lamp, table)) is not None:
            lamps.append(lamp.wiring(board))
        else:
            unread.append(f"lamp {number} of [lights]")
    indicator = _read(Indicator, settings.get("indicator", {}))
    if indicator is None:
        unread.append("[indicator]")
        indicator = Indicator()
    return Lights(tuple(lamps), indicator.wiring(), tuple(unread))


def _sound_tables(text: str) -> tuple[dict[str, Any], list[str]]:
    """Return the tables that are valid by themselves, and which lights are in the others."""
    found: dict[str, Any] = {}
    unread = []
    for part in _HEADER.split(text):
        try:
            table = tomllib.loads(part)
        except tomllib.TOMLDecodeError:
            header = part.partition("\n")[0].strip()
            if not part.startswith("["):
                # What stands above the first table names the kit.
                unread.append("a kit's light")
            elif _LIGHT.search(header):
                unread.append(header)
            continue
        lamps = [*_list(found.get("lights", [])), *_list(table.pop("lights", []))]
        found |= table
        if lamps:
            found["lights"] = lamps
    return found, unread


def _read(model: type[_Part], table: object) -> _Part | None:
    """Return what `table` says, or at least what it says of the wires."""
    if not isinstance(table, Mapping):
        return None
    unknown = table.keys() - model.model_fields.keys()
    if any(get_close_matches(name, ["active_low"]) for name in unknown):
        return None
    for said in (table, {name: table[name] for name in _WIRES if name in table}):
        try:
            return model.model_validate(said)
        except ValidationError:
            continue
    return None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
