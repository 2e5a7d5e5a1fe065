"""A setting's line is found in whatever way TOML lets it be written, or it isn't claimed."""

import itertools
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likelight.config.toml_lines import Key, line_numbers


class Writer:
    """Writes a document in which every integer is the number of the line it is on."""

    def __init__(self, data: st.DataObject) -> None:
        self._draw = data.draw
        self._serial = itertools.count()
        self.text = ""

    def document(self) -> str:
        self._pairs()
        arrays: list[str] = []
        for _ in range(self._pick(range(6))):
            kind = self._pick(["table", "dotted table", "new array", "old array", "inside array"])
            if kind == "table":
                self.text += f"[ {self._name()} ] # of tables\n"
            elif kind == "dotted table":
                self.text += f"[{self._name()} . {self._name()}]\n"
            elif kind == "new array" or not arrays:
                arrays.append(self._name())
                self.text += f"[[{arrays[-1]}]]\n"
            elif kind == "old array":
                self.text += f"  [[ {self._pick(arrays)} ]]\n"
            else:
                self.text += f"[{self._pick(arrays)}.{self._name()}]\n"
            self._pairs()
        return self.text

    def _pairs(self) -> None:
        for _ in range(self._pick(range(4))):
            self.text += self._pick(["", "\n", "# a = [ \n", "\t", "\r\n"])
            self._pair()
            self.text += self._pick(["\n", " # = 1, ]\n", "\r\n"])

    def _pair(self) -> None:
        dots = self._pick([0, 0, 1, 2])
        self.text += " . ".join(self._name() for _ in range(dots + 1))
        self.text += self._pick([" = ", "="])
        self._value(2)

    def _value(self, depth: int) -> None:
        kind = self._pick(["line", "line", "noise", "array", "table"] if depth else ["line"])
        if kind == "line":
            self.text += str(self.text.count("\n") + 1)
        elif kind == "noise":
            self.text += self._pick(NOISE)
        elif kind == "array":
            self.text += "["
            for _ in range(self._pick(range(4))):
                self.text += self._pick(["", "\n  ", " # ]\n"])
                self._value(depth - 1)
                self.text += self._pick([",", "\n,", " , # ,\n"])
            self.text += "]"
        else:
            self.text += "{ "
            for index in range(self._pick(range(3))):
                self.text += ", " if index else ""
                self.text += f"{self._name()} = "
                self._value(0)
            self.text += " }"

    def _name(self) -> str:
        """Return a name that nothing else has."""
        return self._pick(["n{}", "{}", '"a.b # {}"', "'= [{}'", '"\\"{}\\u00e9"']).format(
            next(self._serial)
        )

    def _pick(self, what: Any) -> Any:
        return self._draw(st.sampled_from(what))


NOISE = [
    "true",
    "-0.5e3",
    "1979-05-27 07:32:00",
    '"[a] # \\" }"',
    "'\\'",
    '""',
    '"""\n[x]\n\\""\\n = 1"""',
    "'''\n# '' [[x]]\n'''",
]


def leaves(value: Any, path: Key = ()) -> Iterator[tuple[Key, int]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    elif type(value) is int:
        yield path, value


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_every_key_is_found_on_its_line(data: st.DataObject) -> None:
    text = Writer(data).document()
    assert {path: line_numbers(text).get(path) for path, _ in leaves(tomllib.loads(text))} == dict(
        leaves(tomllib.loads(text))
    )


TEXT = """\
buttons = { driver = "gpio", pin_thanks = 5 }
web.port = 8080
[kitchen]
id = "x"

[[lights]]
driver = "sim"
[[lights]]
pins = [
  1, 2,
  3]
[display]
bus = "spi" # [quiet]
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("buttons",), 1),
        (("buttons", "pin_thanks"), 1),
        (("web", "port"), 2),
        (("kitchen",), 3),
        (("kitchen", "id"), 4),
        (("lights", 0), 6),
        (("lights", 1), 8),
        (("lights", 1, "pins"), 9),
        (("lights", 1, "pins", 2), 11),
        (("display", "bus"), 13),
        (("quiet",), None),
        (("lights", 2), None),
    ],
)
def test_tables_arrays_dots_and_inline_tables(key: Key, line: int | None) -> None:
    assert line_numbers(TEXT).get(key) == line


def test_what_is_not_toml_has_no_lines() -> None:
    assert line_numbers("[web\nport = ") == {}
    assert line_numbers("web = {{") == {}
