"""How a panel is divided: its margin, the corner of the state's glyph, the sizes of type."""

from dataclasses import dataclass, replace
from functools import lru_cache

from likelight.appreciation.screens.layout import Area, Ems
from likelight.appreciation.screens.typeface import FLOOR_ARC_MIN, WANTED_ARC_MIN, em_for
from likelight_hw.ports import DisplayInfo

_CEILING = 1.08
"""The largest type, as a share of what is easily read: larger only shouts."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Measures of one panel, in pixels.

    An icon in the corner has the size `glyph` and stands at (`corner`, `corner`); one above the
    words has one of the sizes `crowns`, the larger the better. `gap` is the space around them.
    `side` and `rim` are the margins of text, at left and right, and above and below.
    """

    width: int
    height: int
    side: int
    rim: int
    corner: int
    gap: int
    glyph: int
    crowns: tuple[int, ...]
    ems: Ems
    em_wanted: int

    @property
    def plain(self) -> Area:
        """All of the panel."""
        return Area(self.width, self.side, self.rim, self.height - self.rim)

    @property
    def beside_glyph(self) -> Area:
        """All of the panel but its upper left corner."""
        return replace(self.plain, corner=self.corner + self.glyph + self.gap)

    def below(self, crown: int) -> Area:
        """What an icon of this size above the words leaves them."""
        return replace(self.plain, top=self.rim + crown + self.gap)


@lru_cache(maxsize=8)
def geometry(panel: DisplayInfo) -> Geometry:
    """Return the measures for `panel`.

    A panel that is too small for its distance gets the type that it can hold. In one bit, icons
    have the sizes they are drawn for (16 and 32 px) and every pixel of width counts; in colour the
    corner takes a seventh of the height, in half steps of the icons' grid.
    """
    width, height = panel.width, panel.height
    bearable = min(width, height) * 3 // 5
    wanted = min(bearable, em_for(panel, WANTED_ARC_MIN))
    ems = Ems(min(bearable, em_for(panel, FLOOR_ARC_MIN)), round(wanted * _CEILING))
    if panel.mode == "1":
        return Geometry(width, height, 1, 1, 1, 3, 16, (32,), ems, wanted)
    glyph = max(24, round(height / 7 / 12) * 12)
    return Geometry(
        width,
        height,
        side=width // 20,
        rim=height // 18,
        corner=height // 20,
        gap=glyph // 4,
        glyph=glyph,
        crowns=(glyph * 9 // 4, glyph * 3 // 2),
        ems=ems,
        em_wanted=wanted,
    )
