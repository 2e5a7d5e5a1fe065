"""Every setting of a device with its value, and the place that the value comes from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from likelight.config.layers import Layer, layer_of
from likelight.config.settings import Config, ReadConfig
from likelight.config.toml_lines import Key
from likelight_hw import boards
from likelight_hw.push.target import PushTarget

NOT_SET = "(not set)"


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """A setting as a person reads it; `value` is as in TOML, and shows no secret."""

    name: str
    value: str
    origin: str


def shown_settings(read: ReadConfig, file: Path) -> Iterator[ShownSetting]:
    """Yield the settings of `read`, whose main file is `file`, in the order of SETTINGS.md."""
    for key, value in _leaves(read.config, ()):
        name = ".".join(str(part) for part in key)
        yield ShownSetting(name, _shown(key, value), _origin(read, key, file))


def _leaves(model: BaseModel, prefix: Key) -> Iterator[tuple[Key, object]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, (*prefix, name))
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            for index, one in enumerate(value):
                yield from _leaves(one, (*prefix, name, index))
        else:
            yield (*prefix, name), value


def _shown(key: Key, value: object) -> str:
    if value is None:
        return NOT_SET
    if key == ("push", "url"):
        # Its path may hold the stream key.
        value = PushTarget(str(value), Path()).server + "/..."
    return json.dumps(value, ensure_ascii=False, default=str)


def _origin(read: ReadConfig, key: Key, file: Path) -> str:
    found = _stands(read.layers, key)
    if found is not None:
        layer, line = found
        name = layer.name or str(file)
        return name if line is None else f"{name}:{line}"
    board, kit = read.config.board, read.config.kit
    if not _is_set(read.config, key):
        return "default"
    if kit is not None and key[0] in boards.kit(kit).settings:
        return f"kit {kit}"
    return f"board {board}" if board is not None and key[0] == "camera" else "default"


def _stands(layers: tuple[Layer, ...], key: Key) -> tuple[Layer, int | None] | None:
    """Return where `key` stands; a single lamp may be written as a table, not a list of one."""
    found = layer_of(layers, key)
    if found is None and key[:2] == ("lights", 0):
        found = layer_of(layers, ("lights", *key[2:]))
    return found


def _is_set(config: Config, key: Key) -> bool:
    """Return whether something has set `key`, be it the kit or the board."""
    inside: object = config
    for part in key[:-1]:
        inside = inside[int(part)] if isinstance(inside, tuple) else getattr(inside, str(part))
    return isinstance(inside, BaseModel) and key[-1] in inside.model_fields_set
