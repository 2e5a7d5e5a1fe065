"""The typeface at a size in pixels, and the size that a reading distance asks for.

The font files are read once, at import; sizing and drawing touch no disk. Layout is Pillow's basic
one, so that a picture does not depend on which libraries the system has.
"""

import math
from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import ImageFont

from likelight.assets import fonts
from likelight_hw.ports import DisplayInfo

FLOOR_ARC_MIN: Final = 15.0
"""Least height of capitals as the eye sees them (NUREG-0700: 15 arc-minutes, 20 preferred)."""
WANTED_ARC_MIN: Final = 20.0

CAP_PER_EM: Final = 0.668
"""Height of a capital over the em, before hinting rounds it to whole pixels."""

_REGULAR: Final = fonts.REGULAR.read_bytes()
_BOLD: Final = fonts.BOLD.read_bytes()


@lru_cache(maxsize=256)
def font(em: int, bold: bool) -> ImageFont.FreeTypeFont:
    """Return the typeface with an em of `em` pixels."""
    data = BytesIO(_BOLD if bold else _REGULAR)
    return ImageFont.truetype(data, em, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=256)
def cap_height(em: int) -> int:
    """Return the height of a capital H in pixels as drawn, hinting included."""
    return -round(font(em, bold=True).getbbox("H", anchor="ls")[1])


def em_for(panel: DisplayInfo, arc_minutes: float) -> int:
    """Return the least em, in pixels, whose capitals subtend `arc_minutes` at the crew's place."""
    height_mm = panel.reading_distance_m * 1000 * math.tan(math.radians(arc_minutes / 60))
    wanted_px = height_mm / panel.mm_per_px
    em = max(6, int(wanted_px / CAP_PER_EM) - 2)
    while cap_height(em) < wanted_px:
        em += 1
    return em
