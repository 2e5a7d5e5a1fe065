"""What is wrong with a configuration, for the person who has to fix it: line, setting, message."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from likelight.config.pins import Mistake
from likelight.config.toml_lines import Key, line_numbers
from likelight.contract import KITS
from likelight_hw import boards
from likelight_hw.suggest import did_you_mean

_KINDS = {
    "string_type": 'this takes a text in quotes, such as "pi-4"',
    "literal_error": "this takes a text in quotes, one of: {expected}",
    "int_type": "this takes a whole number, without quotes",
    "float_type": "this takes a number, without quotes",
    "bool_type": "this takes true or false, without quotes",
    "tuple_type": "this takes a list in brackets",
    "path_type": "this takes a path in quotes",
}
_TABLE = "this is a table: a line [{name}], and its settings in the lines below"
"""What pydantic says in Python's terms, in the terms of TOML."""

_TOML = {
    "Invalid value": "a text stands in quotes, a switch is true or false",
    "Cannot declare ('lights',) twice": "several lamps are [[lights]] each, with two brackets",
}
"""What to do about an error of tomllib, by how its words begin."""


def toml_error_in_words(error: tomllib.TOMLDecodeError) -> str:
    """Return what keeps a text from being TOML, with the fix where there is a usual one."""
    said = str(error)
    return "; ".join((said, *(fix for start, fix in _TOML.items() if said.startswith(start))))


def validation_mistakes(error: ValidationError, model: type[BaseModel]) -> Iterator[Mistake]:
    """Return the mistakes that pydantic found on its way through `model`."""
    for mistake in error.errors():
        key = mistake["loc"]
        words = mistake["msg"].removeprefix("Value error, ")
        if mistake["type"] == "extra_forbidden":
            words = "no such setting" + _suggestion(model, key)
        elif mistake["type"] == "literal_error" and isinstance(mistake["input"], str):
            names = re.findall(r"'([^']*)'", mistake["ctx"]["expected"])
            words = f"no {key[-1]} is called {mistake['input']!r}"
            words += did_you_mean(str(mistake["input"]), names)
        elif mistake["type"] in ("model_type", "dict_type"):
            words = _TABLE.format(name=".".join(str(part) for part in key if part != 0))
        elif mistake["type"] in _KINDS:
            words = _KINDS[mistake["type"]].format(**mistake.get("ctx", {}))
        yield Mistake(key, words)


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

    def __init__(self, text: str, settings: Mapping[str, Any]) -> None:
        self._lines = line_numbers(text)
        self._settings = settings
        kit = settings.get("kit")
        self._of_kit = boards.kit(str(kit)).settings if kit in KITS else {}

    def text_of(self, mistakes: Iterable[Mistake]) -> str:
        """Return one line for each mistake, in the order of the file."""
        rows = [self._line_of_text(mistake) for mistake in mistakes]
        return "\n".join(words for _, words in sorted(rows, key=lambda row: row[0]))

    def _line_of_text(self, mistake: Mistake) -> tuple[int, str]:
        key, other = mistake.key, mistake.other
        if other is not None and self._from_kit(key) and not self._from_kit(other):
            key, other = other, key
        line = self._line(key)
        words = f"{self._name(key)}: {mistake.words}"
        if other is not None:
            words += f" {self._name(other)}"
            if (elsewhere := self._line(other)) is not None and not self._from_kit(other):
                words += f" (line {elsewhere})"
        return (line or 0), f"  line {line}: {words}" if line else f"  {words}"

    def _from_kit(self, key: Key) -> bool:
        return key[0] in self._of_kit and self._as_in_file(key) not in self._lines

    def _line(self, key: Key) -> int | None:
        """Return the line of `key`, of the table that lacks it, or of the kit it comes from."""
        named = self._as_in_file(key)
        for length in range(len(named), 0, -1):
            if named[:length] in self._lines:
                return self._lines[named[:length]]
        return self._lines.get(("kit",)) if self._from_kit(key) else None

    def _name(self, key: Key) -> str:
        name = ".".join(str(part) for part in self._as_in_file(key))
        source = f" (of kit {self._settings['kit']})" if self._from_kit(key) else ""
        return name + source

    def _as_in_file(self, key: Key) -> Key:
        """Return `key` as the file has it: a single `[lights]` is a table, not a list of one."""
        if key[:2] == ("lights", 0) and not isinstance(self._settings.get("lights"), list):
            return ("lights", *key[2:])
        return key
