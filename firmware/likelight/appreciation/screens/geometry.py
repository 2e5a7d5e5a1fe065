"""How a panel is divided: its margin, the state's corner, the foot, the sizes of type."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from likelight.appreciation.screens.layout import Area, Ems
from likelight.assets.typeface import CAP_PER_EM, cap_height
from likelight_hw.ports import DisplayInfo

FLOOR_ARC_MIN: Final = 15.0
"""The least visual angle of a capital's height (NUREG-0700: 15 arc-minutes, 20 preferred)."""
WANTED_ARC_MIN: Final = 20.0
ORBIT: Final = 2
"""How far, in pixels, a picture may be moved either way on a panel that burns in."""
_FOOT_GAP: Final = 4
"""Least space between the words and the foot, in pixels."""
_TALLY_MM: Final = 3000 * math.tan(math.radians(5 / 60))
"""The on-air bar is 5 arc-minutes high at 3 m: five times what an eye can tell apart."""
_CEILING: Final = 1.08
"""The largest type, as a share of the easily read size; larger type would only disturb."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Measures of one panel, in pixels.

    An icon in the corner has the size `glyph` and stands at (`corner`, `corner`); one above the
    words has one of the sizes `crowns`, the larger the better. `gap` is the space around them.
    `side` and `rim` are the margins of text, at left and right, and above and below. The on-air bar
    is `tally` high and stands `inset` from the upper edge. The foot is a strip `foot` high that
    ends `corner` above the lower edge: a bar, steps, or dots of size `dot`.
    """

    width: int
    height: int
    side: int
    rim: int
    corner: int
    gap: int
    glyph: int
    crowns: tuple[int, ...]
    inset: int
    tally: int
    foot: int
    dot: int
    ems: Ems
    em_wanted: int

    @property
    def plain(self) -> Area:
        """All of the panel."""
        return Area(self.width, self.side, self.rim, self.height - self.rim)

    @property
    def beside_glyph(self) -> Area:
        """All of the panel except its upper left corner."""
        return replace(self.plain, corner=self.corner + self.glyph + self.gap)

    @property
    def below_tally(self) -> Area:
        """All of the panel below the on-air bar."""
        return replace(self.plain, top=max(self.rim, self.inset + self.tally + self.gap))

    @property
    def foot_top(self) -> int:
        """Where the foot begins."""
        return self.height - self.corner - self.foot

    def above_foot(self, area: Area) -> Area:
        """The part of `area` above the foot."""
        return replace(
            area, bottom=min(area.bottom, self.foot_top - max(_FOOT_GAP, self.gap * 4 // 3))
        )

    def below(self, crown: int) -> Area:
        """The space for words below an icon of this size."""
        return replace(self.plain, top=self.rim + crown + self.gap)


def em_for(panel: DisplayInfo, arc_minutes: float) -> int:
    """Return the least em, in pixels, whose capitals subtend `arc_minutes` where the crew reads."""
    height_mm = panel.reading_distance_m * 1000 * math.tan(math.radians(arc_minutes / 60))
    wanted_px = height_mm / panel.mm_per_px
    em = max(6, int(wanted_px / CAP_PER_EM) - 2)
    while cap_height(em) < wanted_px:
        em += 1
    return em


@lru_cache(maxsize=8)
def geometry(panel: DisplayInfo) -> Geometry:
    """Return the measures for `panel`.

    A panel that is too small for its distance gets the type that fits it. In one bit, icons have
    the sizes they are drawn for (16 and 32 px), and the margin is only as wide as the picture may
    move. In colour the corner's tile takes a sixth of the height, in half steps of the icons' grid,
    and the margins are wide. The on-air bar takes a tenth of the height at most.
    """
    width, height = panel.width, panel.height
    largest = min(width, height) * 3 // 5
    wanted = min(largest, em_for(panel, WANTED_ARC_MIN))
    ems = Ems(min(largest, em_for(panel, FLOOR_ARC_MIN)), round(wanted * _CEILING))
    tally = min(height // 10, math.ceil(_TALLY_MM / panel.mm_per_px))
    if panel.mode == "1":
        edge = ORBIT if panel.burns_in else 1
        gap = 3 if 3 * ems.floor < height else 2
        return Geometry(
            width,
            height,
            side=edge,
            rim=edge,
            corner=edge,
            gap=gap,
            glyph=16,
            crowns=(32,),
            inset=edge,
            tally=tally,
            foot=3,
            dot=3,
            ems=ems,
            em_wanted=wanted,
        )
    glyph = max(24, round(height / 6 / 12) * 12)
    return Geometry(
        width,
        height,
        side=width // 20,
        rim=height // 14,
        corner=height // 20,
        gap=glyph // 4,
        glyph=glyph,
        crowns=(glyph * 2, glyph * 5 // 4),
        inset=0,
        tally=tally,
        foot=height // 30,
        dot=height // 40,
        ems=ems,
        em_wanted=wanted,
    )
