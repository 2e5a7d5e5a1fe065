"""The picture of one page: glow, icons, lines and the foot, in colour or in one bit."""

import math
import zlib
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Final

from PIL import Image, ImageDraw

from likelight.appreciation.screens import palette
from likelight.appreciation.screens.geometry import Geometry
from likelight.appreciation.screens.layout import Line
from likelight.assets import icon_pixels
from likelight.assets.breaking import ink_of
from likelight.assets.typeface import draw_line
from likelight_hw.ports import DisplayInfo, Rgb

Drawn = tuple[Image.Image, tuple[str, ...]]
"""A picture and the lines of text on it."""

_GLOW_STRENGTH: Final = 0.26
"""The glow's share at its centre; ink on it keeps a contrast of 9, and it still reads as dark."""
_TILE_ICON: Final = 0.64
"""Edge of a state's icon, in edges of the tile that it stands on."""
_TILE_RADIUS: Final = 0.2
_SUPERSAMPLING: Final = 4
_RIM: Final = 179
"""Pillow's radial gradient at the middle of its edges; its 255 is at the corners."""


class Canvas:
    """One page. On a 1-bit panel every colour is white and there is no glow."""

    def __init__(self, panel: DisplayInfo) -> None:
        self._coloured = panel.mode == "RGB"
        paper = palette.PAPER if self._coloured else 0
        self.image = Image.new(panel.mode, (panel.width, panel.height), paper)
        self._draw = ImageDraw.Draw(self.image)

    def glow(self, x: int, y: int, radius: int) -> None:
        """Draw the lamp's warm light around a point; it fades with the distance."""
        if self._coloured:
            size = (2 * radius, 2 * radius)
            falloff = Image.frombytes("L", size, zlib.decompress(_falloff(radius)))
            self.image.paste(palette.GLOW, (x - radius, y - radius), falloff)

    def icon(self, name: str, x: int, y: int, size: int, colour: Rgb) -> None:
        """Draw an icon with its upper left corner at (x, y)."""
        if self._coloured:
            self.image.paste(colour, (x, y), icon_pixels.mask(name, size))
        else:
            self.image.paste(1, (x, y), icon_pixels.bitmap(name, size))

    def tile(self, name: str, sizes: Geometry) -> None:
        """Draw a state's icon in its corner: dark on a tile of its colour, to be seen from afar.

        In one bit draw the icon alone: a lit square would burn in and hide the icon's shape.
        """
        colour, size = palette.icon_colour(name), sizes.glyph
        if not self._coloured:
            self.icon(name, sizes.corner, sizes.corner, size, colour)
            return
        self._pill((sizes.corner, sizes.corner), (size, size), round(size * _TILE_RADIUS), colour)
        inner = round(size * _TILE_ICON / 2) * 2
        at = sizes.corner + (size - inner) // 2
        self.icon(name, at, at, inner, palette.PAPER)

    def tally(self, sizes: Geometry) -> None:
        """Draw the on-air bar along the whole upper edge."""
        right, bottom = sizes.width - sizes.inset - 1, sizes.inset + sizes.tally - 1
        colour = palette.ON_AIR if self._coloured else 1
        self._draw.rectangle((sizes.inset, sizes.inset, right, bottom), fill=colour)

    def dots(self, number: int, of: int, sizes: Geometry) -> None:
        """Show in the foot which page of how many this is: its dot is longer than the others."""
        dot, gap = sizes.dot, max(2, round(sizes.dot * 0.8))
        pill = round(dot * 2.4)
        x = (sizes.width - (of - 1) * (dot + gap) - pill) // 2
        y = sizes.foot_top + (sizes.foot - dot) // 2
        for page in range(1, of + 1):
            here = page == number
            wide = pill if here else dot
            self._pill((x, y), (wide, dot), dot // 2, palette.GLOW if here else palette.MUTED)
            x += wide + gap

    def bar(self, share: float, sizes: Geometry) -> None:
        """Fill the foot's bar by `share`, 0..1."""
        wide = sizes.width - 2 * sizes.side
        done = max(sizes.foot, round(wide * min(1.0, max(0.0, share))))
        at = (sizes.side, sizes.foot_top)
        if self._coloured:
            self._pill(at, (wide, sizes.foot), sizes.foot // 2, palette.LINE)
        else:
            middle = sizes.foot_top + sizes.foot // 2
            self._draw.line((sizes.side, middle, sizes.side + wide - 1, middle), fill=1)
        self._pill(at, (done, sizes.foot), sizes.foot // 2, palette.GLOW)

    def steps(self, step: int, of: int, sizes: Geometry) -> None:
        """Cut the foot's bar into `of` parts and light the first `step`."""
        gap = sizes.dot
        edges = [
            sizes.side + (sizes.width - 2 * sizes.side + gap) * part // of for part in range(of + 1)
        ]
        for part, (left, right) in enumerate(pairwise(edges)):
            wide, high = right - gap - left, sizes.foot
            if part < step:
                self._pill((left, sizes.foot_top), (wide, high), high // 3, palette.GLOW)
            elif self._coloured:
                self._pill((left, sizes.foot_top), (wide, high), high // 3, palette.LINE)
            else:
                middle = sizes.foot_top + high // 2
                self._draw.line((left, middle, left + wide - 1, middle), fill=1)

    def _pill(self, at: tuple[int, int], size: tuple[int, int], radius: int, colour: Rgb) -> None:
        if self._coloured:
            self.image.paste(colour, at, _rounded(size, radius))
        else:
            right, bottom = at[0] + size[0] - 1, at[1] + size[1] - 1
            self._draw.rectangle((*at, right, bottom), fill=1)

    def text(self, lines: Iterable[Line], colour: Rgb) -> tuple[str, ...]:
        """Draw the lines and return their words."""
        fill = colour if self._coloured else 1
        drawn = []
        for line in lines:
            left, _, right, _ = ink_of(line.text, line.em, line.bold, line.face)
            x = round(line.x - (left + right) / 2)
            draw_line(self._draw, x, line.baseline, line.text, line.em, line.bold, fill, line.face)
            drawn.append(line.text)
        return tuple(drawn)


@lru_cache(maxsize=32)
def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """Return the coverage of a rectangle with rounded corners."""
    large = Image.new("L", (size[0] * _SUPERSAMPLING, size[1] * _SUPERSAMPLING))
    box = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(box, radius * _SUPERSAMPLING, fill=255)
    return large.reduce(_SUPERSAMPLING)


@lru_cache(maxsize=8)
def _falloff(radius: int) -> bytes:
    """Return the glow's coverage: a raised cosine, which has no visible centre and no visible edge.

    It is compressed, because it is larger than the panel: 56 KB instead of 706 KB at 800x480.
    """
    share = [min(level / _RIM, 1.0) for level in range(256)]
    curve = [round(255 * _GLOW_STRENGTH * (1 + math.cos(math.pi * far)) / 2) for far in share]
    distance = Image.radial_gradient("L").resize((2 * radius, 2 * radius), Image.Resampling.BICUBIC)
    return zlib.compress(distance.point(curve).tobytes(), level=1)
