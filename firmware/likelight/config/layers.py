"""Where a setting can stand, and which place wins.

The defaults, the board and the kit lie lowest; then the kitchen that an operator has made of the
device (`paired.py`), the file, the files of `conf.d` beside it in
the order of their names, the environment, and `--set`.
"""

import codecs
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from likelight.config.toml_lines import Key, line_numbers
from likelight.config.toml_mistakes import LineMistake, read_toml

PREFIX = "LIKELIGHT_"
"""LIKELIGHT_WEB__PORT=8081 is web.port: two underscores between a table and its setting."""
_ABOVE_THE_TABLES = ("board", "kit", "state_dir")
MOST_BYTES = 1 << 20
_SAVE_AS_UTF_8 = "in Notepad choose File, Save as, and the encoding UTF-8"


@dataclass(frozen=True, slots=True)
class Layer:
    """The settings that stand in one place; `lines` has no line for what is not in a file."""

    name: str
    settings: dict[str, Any]
    lines: Mapping[Key, int] | Mapping[Key, None]
    mistakes: Sequence[LineMistake] = field(default=())

    def place(self, line: int | None) -> str:
        """Return how a person finds `line` in this layer."""
        return self.name if line is None else f"{self.name}, line {line}"


def read_layers(file: Path, environ: Mapping[str, str], assignments: Iterable[str]) -> list[Layer]:
    """Return all layers, the lowest first. Raises `OSError` when `file` can't be read."""
    return [layer_of_file(file, ""), *layers_over(file, environ, assignments)]


def layers_over(file: Path, environ: Mapping[str, str], assignments: Iterable[str]) -> list[Layer]:
    """Return the layers that lie over `file`, the lowest first."""
    folder, layers = file.parent / "conf.d", list[Layer]()
    try:
        names = sorted(more.name for more in folder.iterdir() if more.name.endswith(".toml"))
    except FileNotFoundError:
        names = []
    except OSError as error:
        # What can't be listed may hold a mask.
        names, layers = [], [_unreadable(folder.name, error)]
    for name in names:
        try:
            layers.append(layer_of_file(folder / name, f"{folder.name}/{name}"))
        except OSError as error:
            layers.append(_unreadable(f"{folder.name}/{name}", error))
    layers += [_from_words(name, _key_of(name), value) for name, value in _variables(environ)]
    for assignment in assignments:
        key, _, value = assignment.partition("=")
        layers.append(_from_words(f"--set {key}", tuple(key.strip().split(".")), value))
    return layers


def merged(layers: Iterable[Layer]) -> dict[str, Any]:
    """Return the settings of all layers; what stands higher wins, setting by setting."""
    settings: dict[str, Any] = {}
    for layer in layers:
        settings = _over(settings, layer.settings)
    return settings


def layer_of(layers: Sequence[Layer], key: Key) -> tuple[Layer, int | None] | None:
    """Return the highest layer that has exactly `key`, and the line there; None without one."""
    for layer in reversed(layers):
        if key in layer.lines:
            return layer, layer.lines[key]
        if _replaces(layer.settings, key):
            return None
    return None


def _replaces(settings: Any, key: Key) -> bool:
    """Return whether a list of `settings` stands for all that lower layers say about `key`."""
    for part in key:
        if isinstance(settings, list):
            return True
        if not isinstance(settings, dict) or part not in settings:
            return False
        settings = settings[part]
    return False


def _unreadable(name: str, error: OSError) -> Layer:
    return Layer(name, {}, {}, [LineMistake(0, f"can't be read: {error.strerror}")])


def _over(low: dict[str, Any], high: dict[str, Any]) -> dict[str, Any]:
    both = dict(low)
    for name, value in high.items():
        old = both.get(name)
        tables = isinstance(old, dict) and isinstance(value, dict)
        both[name] = _over(old, value) if tables and isinstance(old, dict) else value
    return both


def layer_of_file(file: Path, name: str) -> Layer:
    """Return what stands in `file`, with its mistakes. Raises `OSError`."""
    with file.open("rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        return Layer(name, {}, {}, [LineMistake(0, "the file is larger than 1 MiB")])
    text, unreadable = _decoded(content)
    read = read_toml(text)
    return Layer(name, read.settings, line_numbers(read.text), [*unreadable, *read.mistakes])


def _decoded(content: bytes) -> tuple[str, list[LineMistake]]:
    """Return the text of a file, and its mistakes of encoding."""
    # A power cut can leave a file of zeros; a file of UTF-16 has a zero beside each letter.
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content[:64]:
        empty = not content.strip(b"\0")
        words = (
            "the file is empty or damaged: write it anew"
            if empty
            else (f'the file is saved as UTF-16 ("Unicode"): {_SAVE_AS_UTF_8}')
        )
        return "", [LineMistake(1, words)]
    # Windows' Notepad begins a file with a byte order mark.
    content = content.removeprefix(codecs.BOM_UTF8)
    mistakes = []
    for number, line in enumerate(content.split(b"\n"), 1):
        try:
            line.decode()
        except UnicodeDecodeError:
            words = f"a letter here is not saved as UTF-8: {_SAVE_AS_UTF_8}"
            mistakes.append(LineMistake(number, words))
    return content.decode(errors="replace"), mistakes


def _variables(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the variables that are settings; one that has no table must be known."""
    return [
        (name, value)
        for name, value in sorted(environ.items())
        if name.startswith(PREFIX) and ("__" in name or _key_of(name)[0] in _ABOVE_THE_TABLES)
    ]


def _key_of(variable: str) -> tuple[str, ...]:
    return tuple(variable.removeprefix(PREFIX).lower().split("__"))


def _from_words(name: str, key: tuple[str, ...], text: str) -> Layer:
    """Return a layer of one setting, whose value is as in TOML; what is not is a text."""
    settings: Any = _value(text)
    for part in reversed(key):
        settings = {part: settings}
    lines: dict[Key, None] = {key[:length]: None for length in range(1, len(key) + 1)}
    return Layer(name, settings, lines)


def _value(text: str) -> Any:
    try:
        values = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return values["value"] if len(values) == 1 else text
