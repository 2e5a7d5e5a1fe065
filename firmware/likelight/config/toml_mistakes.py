"""Reads TOML that people write by hand: all that can be read, and each mistake with its fix.

tomllib stops at the first mistake, and says in a parser's words what it is. Here the broken
statement is taken out and the rest is read again, until nothing is wrong any more.
"""

import re
import tomllib
from dataclasses import dataclass
from typing import Any

MOST_MISTAKES = 50
_LONGEST_STATEMENT = 200
"""How many lines before an error its statement may begin."""
_DIGITS = 400
"""Python refuses to read a number of 4,300 digits; no setting takes one of a tenth of that."""

_STATEMENT = re.compile(
    r"""\s*(?:\[\[?\s*[A-Za-z][\w."' -]*\]?|[\w."'-]+(?:\s*\.\s*[\w-]+)*\s*=)"""
)
_HEADER = re.compile(r"\s*\[+\s*([A-Za-z][\w-]*)")
_TYPOGRAPHIC = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb\uff02"
_LOOKS_LIKE_A_SPACE = "\u00a0\u2007\u202f\u3000\u200b\u2060\ufeff"
_SWITCHES = {"yes": "true", "on": "true", "true": "true"} | dict.fromkeys(
    ("no", "off", "false"), "false"
)


@dataclass(frozen=True, slots=True)
class LineMistake:
    """What is wrong on a line, counted from 1, and what to type."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class ReadToml:
    """What could be read; `text` has only that, each setting on the line where it stood."""

    settings: dict[str, Any]
    text: str
    mistakes: list[LineMistake]


def read_toml(text: str) -> ReadToml:
    """Read all that can be read of `text`; the mistakes are in the order of their lines."""
    lines = text.replace("\r\n", "\n").split("\n")
    found = _unreadable(lines)
    while len(found) < MOST_MISTAKES:
        try:
            left = "\n".join(lines)
            return ReadToml(tomllib.loads(left), left, sorted(found, key=_by_line))
        except tomllib.TOMLDecodeError as error:
            found.append(_take_out(lines, error))
        except RecursionError:
            line = max(range(len(lines)), key=lambda i: lines[i].count("[") + lines[i].count("{"))
            found.append(LineMistake(line + 1, "brackets are nested too deeply here"))
            lines[line] = ""
    return ReadToml({}, "", sorted(found, key=_by_line))


def _by_line(mistake: LineMistake) -> int:
    return mistake.line


def _unreadable(lines: list[str]) -> list[LineMistake]:
    """Take out the lines whose numbers are too long for Python to read."""
    found = []
    for index, line in enumerate(lines):
        longest = max(map(len, re.findall(r"[\d_]+", line)), default=0)
        if longest > _DIGITS:
            words = f"a number of {longest} digits stands here; no setting takes one of that size"
            found.append(LineMistake(index + 1, words))
            lines[index] = ""
    return found


def _take_out(lines: list[str], error: tomllib.TOMLDecodeError) -> LineMistake:
    """Remove the broken statement from `lines`; return what is wrong with it."""
    last = _line_of(error, lines)
    first = _start_of_statement(lines, last)
    if first < last and _STATEMENT.match(lines[last]):
        words = "what is opened on this line isn't closed: a ], a } or a quote is missing"
        lines[first] = ""
        return LineMistake(first + 1, words)
    words = _words(lines[last], str(error), lines[:last])
    if _HEADER.match(lines[first]):
        _mend_header(lines, first)
    else:
        end = first + 1
        while first < last and end < len(lines) and not _STATEMENT.match(lines[end]):
            end += 1
        lines[first:end] = [""] * (end - first)
    return LineMistake(last + 1, words)


def _line_of(error: tomllib.TOMLDecodeError, lines: list[str]) -> int:
    if at := re.search(r"\(at line (\d+), column \d+\)", str(error)):
        return min(int(at[1]), len(lines)) - 1
    return max((i for i, line in enumerate(lines) if line.strip()), default=0)


def _start_of_statement(lines: list[str], last: int) -> int:
    """Return the index of the line on which the statement that breaks at `last` begins."""
    for first in range(last, max(-1, last - _LONGEST_STATEMENT), -1):
        try:
            tomllib.loads("\n".join(lines[:first]))
        except (tomllib.TOMLDecodeError, RecursionError):
            continue
        return first
    return last


def _mend_header(lines: list[str], index: int) -> None:
    """Give the table at `index` its right name if that can be guessed; else take it out whole.

    Its settings would otherwise count as those of the table before it.
    """
    name = _HEADER.match(lines[index])
    guess = f"[{name[1]}]" if name else ""
    try:
        tomllib.loads("\n".join([*lines[:index], guess]))
    except tomllib.TOMLDecodeError:
        guess = ""
    if guess and guess != lines[index].strip():
        lines[index] = guess
        return
    end = index + 1
    while end < len(lines) and not _HEADER.match(lines[end]):
        end += 1
    lines[index:end] = [""] * (end - index)


def _words(line: str, said: str, before: list[str]) -> str:
    """Return what is wrong with `line` and what to type, for what tomllib says about it."""
    if marks := "".join(dict.fromkeys(c for c in line if c in _TYPOGRAPHIC)):
        return f'type straight quotes, ", in place of {" and ".join(marks)}'
    if any(c in _LOOKS_LIKE_A_SPACE for c in line):
        return "a no-break space stands here, which only looks like a space: type a space instead"
    if said.startswith("Cannot"):
        return _twice(line, said, before)
    if "\\" in line and re.match("Unescaped|Invalid hex|Escaped", said):
        return (
            "a \\ in a text needs single quotes, 'C:\\Users'; a path of the device is written with "
            "/, such as /home/pi"
        )
    name, equals, value = (part.strip() for part in line.partition("="))
    if said.startswith(("Unterminated", "Illegal character '\\n'")):
        return "the quote at the end is missing"
    if said.startswith("Illegal"):
        return "a character that can't be seen stands here: type the line again"
    if said.startswith("Expected ']"):
        return "a table is [NAME], closed with the same brackets and without spaces in its name"
    if said.startswith("Expected '='"):
        colon = " (= in place of :)" if ":" in line else ""
        return f"a setting is NAME = VALUE{colon}"
    if said.startswith("Expected newline"):
        return _too_much(line, value)
    if equals and said.startswith("Invalid value"):
        return _no_value(name, value)
    if said.startswith("Unclosed"):
        return "a ] or } is missing"
    return "this is neither NAME = VALUE nor [TABLE]; a remark begins with #"


def _twice(line: str, said: str, before: list[str]) -> str:
    stripped = line.strip()
    if said.startswith("Cannot declare ('lights',)"):
        return "several lamps are [[lights]] each, with two brackets"
    if stripped.startswith("["):
        earlier = next((i + 1 for i, old in enumerate(before) if old.strip() == stripped), None)
        where = f" (line {earlier})" if earlier else ""
        return f"the table {stripped} stands twice: move its settings to the first one{where}"
    name = line.partition("=")[0].strip()
    same = re.compile(rf"\s*{re.escape(name)}\s*=")
    earlier = max((i + 1 for i, old in enumerate(before) if same.match(old)), default=None)
    where = f", line {earlier}" if earlier else ""
    return f"{name} is set twice: remove this line or the other{where}"


def _too_much(line: str, value: str) -> str:
    if line.strip().startswith("["):
        return "the name of the table stands alone on its line, its settings in the lines below"
    if re.match(r"[+-]?\d+,\d", value):
        return "a number has a point and not a comma, such as 0.5"
    if re.match(r"0\d", value):
        return "a number doesn't begin with 0; a text stands in quotes"
    if re.fullmatch(r"[\w.:/-]+", value):
        return "a text stands in quotes"
    return "the line goes on after the value: one setting on each line, and a remark begins with #"


def _no_value(name: str, value: str) -> str:
    if not value:
        return f"the value is missing: {name} = VALUE"
    if value.lower() in _SWITCHES:
        return f"a switch is true or false, in small letters: {name} = {_SWITCHES[value.lower()]}"
    if re.match(r"[+-]?\.\d", value):
        return "a number begins with a digit, such as 0.5"
    words = "a text stands in quotes, a switch is true or false"
    # What stands there may be a secret that belongs in another file, so only short words are shown.
    return f'{words}: {name} = "{value}"' if re.fullmatch(r"[\w.-]{1,12}", value) else words
