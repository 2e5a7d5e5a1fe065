"""One script out of ES modules, and one without its comments: a page then asks for one file.

It knows the ways in which our modules import and export, and refuses any other: static imports of
names, exports of classes, functions and constants where they are declared, no circles. What
`import("…")` names stays apart and is loaded when it is needed.
"""

import re
from collections.abc import Mapping
from posixpath import dirname, join, normpath
from typing import Final

_IMPORT: Final = re.compile(r'^import \{([^}]*)\} from "([^"]+)";$', re.MULTILINE)
_EXPORT: Final = re.compile(
    r"^export (?=(?:const|class|function|async function) (\w+))", re.MULTILINE
)
_LAZY: Final = re.compile(r'\bimport\("([^"]+)"\)')
_OTHER: Final = re.compile(r"^(?:import\b(?!\()|export\b|.*\bimport\.meta\b).*", re.MULTILINE)


class BundleError(ValueError):
    """A module does what the bundle can't hold; the message names the module and the line."""


def bundle(entry: str, modules: Mapping[str, str]) -> str:
    """Return a module that does what the module at the address `entry` does.

    `modules` are the sources by address, `/player/player.js`; all that is imported has to be there.
    Each is a function of its own, so that no name of one meets a name of another.
    """
    pieces: list[str] = []
    names: dict[str, str] = {}
    _add(entry, modules, (), names, pieces)
    return "".join(pieces)


def _add(
    address: str,
    modules: Mapping[str, str],
    above: tuple[str, ...],
    names: dict[str, str],
    pieces: list[str],
) -> str:
    """Append the module at `address` after those that it imports; return its name there."""
    if address in above:
        raise BundleError(f"{address} imports itself, by way of {above[-1]}")
    if address in names:
        return names[address]
    if address not in modules:
        raise BundleError(f"{above[-1]} imports {address}, which is not there")
    source = without_comments(address, modules[address])

    def imported(found: re.Match[str]) -> str:
        other = _absolute(address, found[2])
        name = _add(other, modules, (*above, address), names, pieces)
        return f"const {{{found[1].replace(' as ', ': ')}}} = {name};"

    source = _IMPORT.sub(imported, source)
    exported = ", ".join(_EXPORT.findall(source))
    source = _EXPORT.sub("", source)
    source = _LAZY.sub(lambda found: f'import("{_absolute(address, found[1])}")', source)
    if other := _OTHER.search(source):
        raise BundleError(f"{address} has a line that can't be bundled: {other[0].strip()}")
    name = names[address] = f"${len(names)}"
    pieces.append(f"const {name} = (() => {{\n{source}return {{ {exported} }};\n}})();\n")
    return name


def _absolute(address: str, specifier: str) -> str:
    return normpath(join(dirname(address), specifier))


def without_comments(address: str, source: str) -> str:
    """Return `source` without lines that are comments, indentation and empty lines.

    A comment after code stays: only a whole parser could tell it from the "//" of an address.
    """
    kept = []
    in_comment = False
    for line in source.splitlines():
        line = line.strip()
        if in_comment or line.startswith("/*"):
            in_comment = "*/" not in line
            if not in_comment and not line.endswith("*/"):
                raise BundleError(f"{address} has code after a comment on one line: {line}")
        elif line.replace("\\`", "").count("`") % 2:
            raise BundleError(f"{address} has a text over several lines: {line}")
        elif line and not line.startswith("//"):
            kept.append(line)
    return "".join(f"{line}\n" for line in kept)
