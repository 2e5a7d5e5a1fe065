"""The typefaces at a size in pixels.

The font files are in memory; sizing and drawing touch no disk. All but Arabic is laid out by
Pillow's basic engine, so that a picture does not depend on which libraries the system has. Arabic
needs Raqm, whose letters join: Pillow's wheels contain it, except libfribidi0.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from PIL import ImageDraw, ImageFont, features

from likelight.assets import fonts
from likelight.assets.fonts import Face

CAP_PER_EM: Final = 0.668
"""Height of a capital divided by the em, before hinting rounds it to whole pixels."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How a face is set: its em divided by Atkinson's, the distance of its lines in Atkinson's em,
    and how high its letters usually are, in heights of a capital.

    The first makes the faces look equally large: `sample`, the letter that stands for the face,
    is never lower than Atkinson's capitals, by which the floor is measured. The second keeps a
    line's marks clear of what hangs down from the line above.
    """

    sample: str
    scale: float
    leading: float
    rise: float


_CUTS: Final = {
    Face.LATIN: Cut("H", 1.0, 1.08, 1.0),
    Face.WIDE: Cut("H", CAP_PER_EM / 0.714, 1.16, 1.15),
    Face.ARABIC: Cut("ا", 1.0, 1.3, 1.2),
    Face.JAPANESE: Cut("国", CAP_PER_EM / 0.741, 1.12, 1.12),
}

_BASIC: Final = ImageFont.Layout.BASIC


def shaping_available() -> bool:
    """Return whether Arabic can be drawn, with joined letters and from right to left."""
    return bool(features.check("raqm") and features.check("fribidi"))


def leading(face: Face) -> float:
    """Return the distance from baseline to baseline, in em."""
    return _CUTS[face].leading


# Making a font takes 0.1 ms, and a cache of four is as quick as one of five hundred. It is read
# from a file: bytes that Pillow is given, it keeps twice for each size, which is 10 MB for all the
# sizes that a layout tries.
@lru_cache(maxsize=4)
def font(em: int, bold: bool, face: Face = Face.LATIN) -> ImageFont.FreeTypeFont:
    """Return a face that looks as large as Atkinson with an em of `em` pixels."""
    if face is Face.LATIN:
        return _sized(em, bold, face)
    size, least = math.ceil(em * _CUTS[face].scale), cap_height(em)
    while -_sized(size, bold, face).getbbox(_CUTS[face].sample, anchor="ls")[1] < least:
        size += 1
    return _sized(size, bold, face)


def _sized(size: int, bold: bool, face: Face) -> ImageFont.FreeTypeFont:
    """Return a face with an em of `size` pixels.

    When the files of the face are damaged, Pillow's own font takes its place.
    """
    file = fonts.FILES.get((face, bold), fonts.FILES.get((face, not bold)))
    if file is None:
        spare = ImageFont.load_default(size)
        assert isinstance(spare, ImageFont.FreeTypeFont)
        return spare
    engine = ImageFont.Layout.RAQM if _shaped(face) else _BASIC
    return ImageFont.truetype(file, size, layout_engine=engine)


@lru_cache(maxsize=4096)
def length(text: str, em: int, bold: bool, face: Face = Face.LATIN) -> float:
    """Return the width that a piece of text advances, in pixels."""
    direction, language = _reading(face)
    return font(em, bold, face).getlength(text, direction=direction, language=language)


@lru_cache(maxsize=4096)
def ink_of(
    text: str, em: int, bold: bool, face: Face = Face.LATIN
) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of what is drawn, from the start on the baseline."""
    direction, language = _reading(face)
    return font(em, bold, face).getbbox(text, anchor="ls", direction=direction, language=language)


def draw_line(
    draw: ImageDraw.ImageDraw,
    x: int,
    baseline: int,
    text: str,
    em: int,
    bold: bool,
    fill: tuple[int, int, int] | int,
    face: Face = Face.LATIN,
) -> None:
    """Draw one line whose left end is at `x`; `text` is in reading order in every script."""
    direction, language = _reading(face)
    draw.text(
        (x, baseline),
        text,
        fill=fill,
        font=font(em, bold, face),
        anchor="ls",
        direction=direction,
        language=language,
    )


@lru_cache(maxsize=256)
def cap_height(em: int) -> int:
    """Return the height of a capital H in pixels as drawn, hinting included."""
    return -round(font(em, bold=True).getbbox("H", anchor="ls")[1])


def rise(em: int, face: Face) -> int:
    """Return how far letters usually rise above their baseline, in pixels."""
    return round(cap_height(em) * _CUTS[face].rise)


@lru_cache(maxsize=8)
def _shaped(face: Face) -> bool:
    return face is Face.ARABIC and shaping_available()


def _reading(face: Face) -> tuple[str | None, str | None]:
    """Return direction and language, which Pillow takes for a shaped face only."""
    return ("rtl", "ar") if _shaped(face) else (None, None)
