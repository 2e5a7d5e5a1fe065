"""The fonts of likelight (faces), and which of them has the letters of a text.

Atkinson Hyperlegible, made by the Braille Institute for low vision, comes first. Noto Sans has what
it lacks: Vietnamese and rarer Latin letters, Arabic, Japanese. It also has a zero without a slash:
across a kitchen Atkinson's reads as an 8 or an Ø. A whole text is drawn in one face, because a
sentence in two faces is harder to read. All licences are the SIL OFL 1.1;
`fonts/README.md` lists the sources. TTF is for the panels, WOFF2 for the pages.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from likelight.assets import sfnt

_FOLDER = Path(__file__).with_name("fonts")

REGULAR: Final = _FOLDER / "AtkinsonHyperlegible-Regular.ttf"
BOLD: Final = _FOLDER / "AtkinsonHyperlegible-Bold.ttf"

MAY_BREAK: Final = "\u200b"
"""A line may end here, with nothing to see (zero width space): between Japanese phrases."""
MAY_HYPHENATE: Final = "\u00ad"
"""A line may end here, with a hyphen then (soft hyphen)."""
UNSEEN: Final = frozenset(MAY_BREAK + MAY_HYPHENATE)
_FIGURE: Final = re.compile(r"(?<![A-Z0-9-])\d")
"""A figure that belongs to no code such as N1 or K7QF-2MXP, where a slash tells 0 from O."""


class Face(StrEnum):
    """A face, in order of preference. The value is the beginning of its files' names."""

    LATIN = "AtkinsonHyperlegible"
    WIDE = "NotoSans"
    ARABIC = "NotoSansArabic"
    JAPANESE = "NotoSansJP"


def path(face: Face, bold: bool) -> Path:
    """Return the file of a face. Arabic and Japanese are bold only, as notes are."""
    one_weight = face in (Face.ARABIC, Face.JAPANESE)
    return _FOLDER / f"{face.value}-{'Bold' if bold or one_weight else 'Regular'}.ttf"


@lru_cache(maxsize=4096)
def face_of(text: str) -> Face:
    """Return the first face with all letters of `text`, or else the one that lacks the fewest.

    A text with figures is never in Atkinson.
    """
    faces = [face for face in Face if face is not Face.LATIN or not _FIGURE.search(text)]
    return min(faces, key=lambda face: len(_lacking(text, face)))


def missing(text: str) -> str:
    """Return the letters of `text` that the face for it lacks, each once, in order."""
    return "".join(dict.fromkeys(_lacking(text, face_of(text))))


def _lacking(text: str, face: Face) -> list[str]:
    known = _LETTERS[face]
    return [
        letter
        for letter in text
        if ord(letter) not in known and letter not in UNSEEN and not letter.isspace()
    ]


def _read() -> tuple[dict[tuple[Face, bool], Path], dict[Face, frozenset[int]], list[str]]:
    sound: dict[tuple[Face, bool], Path] = {}
    known: dict[Face, frozenset[int]] = {}
    trouble = []
    for face in Face:
        weights = []
        # Bold only is one file for both.
        files = {path(face, bold): bold for bold in (False, True)}
        for file, bold in files.items():
            try:
                weights.append(sfnt.letters(file.read_bytes()))
            except OSError as error:
                trouble.append(f"{file} can't be read: {error.strerror}")
            except ValueError as error:
                trouble.append(f"{file} can't be used: {error}")
            else:
                sound[face, bold] = file
        known[face] = weights[0].intersection(*weights) if weights else frozenset()
    return sound, known, trouble


_sound, _LETTERS, _trouble = _read()
FILES: Final[Mapping[tuple[Face, bool], Path]] = MappingProxyType(_sound)
"""The files by face and weight; a damaged one is left out."""
TROUBLE: Final = tuple(_trouble)
"""What is wrong with the installed files, in words; to fix it, install likelight again."""
