"""On which line of a TOML file a setting stands; tomllib doesn't say."""

import re
import tomllib
from collections.abc import Mapping

Key = tuple[str | int, ...]
"""The way to a setting: names of tables and keys, and indices into arrays."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_NAME = re.compile(r'[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL
)
_BARE = re.compile(r"[^,\]}#\n]+")


def line_numbers(text: str) -> Mapping[Key, int]:
    """Return where each table, key and array element of `text` first stands, counted from 1.

    `text` has to be valid TOML. What can't be followed is left out, never guessed.
    """
    scan = _Scan(text)
    try:
        scan.document()
    except (AttributeError, IndexError, KeyError):
        return {}
    return scan.found


class _Scan:
    """One pass over a text that tomllib has taken; so brackets match and strings end."""

    def __init__(self, text: str) -> None:
        self.found: dict[Key, int] = {}
        self._text = text
        self._at = 0
        self._counts: dict[Key, int] = {}
        """How many tables each array of tables has got so far."""

    def document(self) -> None:
        table: Key = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._sees("[["):
                table = self._array_header()
            elif self._sees("["):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Key:
        self._at += 1
        table = self._resolve(self._dotted())
        self._at += 1
        return table

    def _array_header(self) -> Key:
        self._at += 2
        names = self._dotted()
        array = (*self._resolve(names[:-1]), names[-1])
        index = self._counts.get(array, 0)
        self._counts[array] = index + 1
        self._note(array)
        self._note((*array, index))
        self._at += 2
        return (*array, index)

    def _resolve(self, names: Key) -> Key:
        """Go into the newest table of each array of tables on the way; note what is passed."""
        path: Key = ()
        for name in names:
            path = (*path, name)
            self._note(path)
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path

    def _pair(self, table: Key) -> None:
        path = table
        for name in self._dotted():
            path = (*path, name)
            self._note(path)
        self._at += 1
        self._skip(_SPACE)
        self._value(path)

    def _dotted(self) -> Key:
        names: list[str] = []
        while True:
            self._skip(_SPACE)
            names.append(_unquoted(self._take(_NAME)))
            self._skip(_SPACE)
            if not self._sees("."):
                return tuple(names)
            self._at += 1

    def _value(self, path: Key) -> None:
        if self._sees("["):
            self._array(path)
        elif self._sees("{"):
            self._inline_table(path)
        elif self._sees('"') or self._sees("'"):
            self._take(_STRING)
        else:
            self._take(_BARE)

    def _array(self, path: Key) -> None:
        self._at += 1
        index = 0
        self._skip(_BLANK)
        while not self._sees("]"):
            self._note((*path, index))
            self._value((*path, index))
            index += 1
            self._skip_comma()
        self._at += 1

    def _inline_table(self, path: Key) -> None:
        self._at += 1
        self._skip(_BLANK)
        while not self._sees("}"):
            self._pair(path)
            self._skip_comma()
        self._at += 1

    def _skip_comma(self) -> None:
        self._skip(_BLANK)
        if self._sees(","):
            self._at += 1
        self._skip(_BLANK)

    def _note(self, path: Key) -> None:
        self.found.setdefault(path, self._text.count("\n", 0, self._at) + 1)

    def _sees(self, start: str) -> bool:
        return self._text[self._at : self._at + len(start)] == start

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        if match is not None:
            self._at = match.end()

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise IndexError(self._at)
        self._at = match.end()
        return match.group()


def _unquoted(name: str) -> str:
    """Return the key that `name` spells: bare, or quoted with escapes."""
    if name[0] in "\"'":
        return str(tomllib.loads(f"name = {name}")["name"])
    return name
