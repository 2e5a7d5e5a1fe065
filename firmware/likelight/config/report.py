"""What is wrong with a configuration, for the person who has to fix it: line, setting, message."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from likelight.config.layers import Layer, layer_of
from likelight.config.pins import Mistake
from likelight.config.toml_lines import Key
from likelight.contract import KITS
from likelight_hw import boards
from likelight_hw.suggest import did_you_mean

_KINDS = {
    "string_type": 'this takes a text in quotes, such as "pi-4"',
    "literal_error": "this takes a text in quotes, one of: {expected}",
    "int_type": "this takes a whole number, without quotes",
    "int_from_float": "this takes a whole number, without a point",
    "float_type": "this takes a number, without quotes",
    "finite_number": "this takes a number",
    "bool_type": "this takes true or false, without quotes",
    "tuple_type": "this takes a list in brackets",
    "path_type": "this takes a path in quotes",
    "greater_than": "use more than {gt}",
    "greater_than_equal": "use {ge} or more",
    "less_than": "use less than {lt}",
    "less_than_equal": "use {le} or less",
    "multiple_of": "use a multiple of {multiple_of}",
    "string_too_short": "this is empty; use 1 letter or more",
    "string_too_long": "this is too long; use {max_length} letters or less",
    "too_short": "here are {actual_length}; give {min_length} or more",
    "too_long": "here are too many; give {max_length} or less",
    "missing": "a value is missing here",
}
_TABLE = "this is a table: a line [{name}], and its settings in the lines below"
"""What pydantic says in Python's terms, in the terms of TOML."""
_KITCHEN_ID = (
    "an id stands in addresses: up to 40 of a-z, 0-9 and -, in small letters and without spaces, "
    'such as "store-17"'
)
_OTHER = "this can't be used; SETTINGS.md says what this setting takes"


def validation_mistakes(error: ValidationError, model: type[BaseModel]) -> Iterator[Mistake]:
    """Return the mistakes that pydantic found on its way through `model`."""
    found = error.errors()
    for mistake in found:
        key, kind = mistake["loc"], mistake["type"]
        if kind == "too_short" and any(_is_inside(other["loc"], key) for other in found):
            continue  # pydantic counts only those of a list that are right
        if kind == "value_error":
            words = mistake["msg"].removeprefix("Value error, ")
        elif kind == "extra_forbidden":
            words = _no_such_setting(model, key)
        elif kind == "literal_error" and isinstance(mistake["input"], str):
            names = re.findall(r"'([^']*)'", mistake["ctx"]["expected"])
            words = f"no {key[-1]} is called {mistake['input']!r}"
            words += did_you_mean(str(mistake["input"]), names)
        elif kind in ("model_type", "dict_type"):
            words = _TABLE.format(name=".".join(str(part) for part in key if part != 0))
        elif kind == "string_pattern_mismatch" and key == ("kitchen", "id"):
            words = _KITCHEN_ID
        else:
            words = _KINDS.get(kind, _OTHER).format(**mistake.get("ctx", {}))
        yield Mistake(key, words)


def _is_inside(inner: Key, outer: Key) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _no_such_setting(model: type[BaseModel], key: Key) -> str:
    top = model.model_fields.get(str(key[-1]))
    if len(key) > 1 and top is not None and _model_in(top.annotation) is None:
        return f"{key[-1]} belongs above the first table: move this line to the top of the file"
    return "no such setting" + _suggestion(model, key)


def _suggestion(model: type[BaseModel], key: Key) -> str:
    for part in key[:-1]:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = None if field is None else _model_in(field.annotation)
        if inner is None:
            return ""
        model = inner
    close = did_you_mean(str(key[-1]), model.model_fields)
    return close if "did you mean" in close else ""


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that a field holds, or holds several of."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


class MistakeReport:
    """Names settings as their file does, and finds the lines they stand on."""

    def __init__(self, layers: Sequence[Layer], settings: Mapping[str, Any]) -> None:
        self._layers = layers
        self._settings = settings
        kit = settings.get("kit")
        self._of_kit = boards.kit(str(kit)).settings if kit in KITS else {}

    def text_of(self, mistakes: Iterable[Mistake]) -> str:
        """Return one line for each mistake, those of reading too, in the order of the layers."""
        rows = [self._row(mistake) for mistake in mistakes]
        broken = {
            (index, wrong.line): wrong.words
            for index, layer in enumerate(self._layers)
            for wrong in layer.mistakes
        }
        # What stands on a line that was not understood has no second mistake.
        rows = [row for row in rows if row[:2] not in broken]
        rows += [(index, line, words) for (index, line), words in broken.items()]
        rows.sort(key=lambda row: row[:2])
        return "\n".join(f"  {self._place(index, line)}{words}" for index, line, words in rows)

    def _row(self, mistake: Mistake) -> tuple[int, int, str]:
        key, other = mistake.key, mistake.other
        if other is not None and self._from_kit(key) and not self._from_kit(other):
            key, other = other, key
        index, line = self._find(key) or (0, 0)
        words = f"{self._name(key)}: {mistake.words}"
        if other is not None:
            words += f" {self._name(other)}"
            elsewhere = None if self._from_kit(other) else self._find(other)
            if elsewhere is not None:
                place = self._place(elsewhere[0], elsewhere[1]).removesuffix(": ")
                words += f" ({place})"
        return index, line, words

    def _place(self, index: int, line: int) -> str:
        name = self._layers[index].name if self._layers else ""
        parts = [name, f"line {line}" if line else ""]
        place = ", ".join(part for part in parts if part)
        return f"{place}: " if place else ""

    def _from_kit(self, key: Key) -> bool:
        return key[0] in self._of_kit and layer_of(self._layers, self._as_in_file(key)) is None

    def _find(self, key: Key) -> tuple[int, int] | None:
        """Return layer and line of `key`, of the table that lacks it, or of the kit it comes from.

        The line is 0 where a layer has none.
        """
        named = self._as_in_file(key)
        names = [named[:length] for length in range(len(named), 0, -1)]
        if self._from_kit(key):
            names.append(("kit",))
        for name in names:
            if (found := layer_of(self._layers, name)) is not None:
                layer, line = found
                return self._layers.index(layer), line or 0
        return None

    def _name(self, key: Key) -> str:
        name = ".".join(str(part) for part in self._as_in_file(key))
        source = f" (of kit {self._settings['kit']})" if self._from_kit(key) else ""
        return name + source

    def _as_in_file(self, key: Key) -> Key:
        """Return `key` as the file has it: a single `[lights]` is a table, not a list of one."""
        if key[:2] == ("lights", 0) and not isinstance(self._settings.get("lights"), list):
            return ("lights", *key[2:])
        return key
