"""A panel's picture in the making: glow, icons and lines, in colour or in one bit."""

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw

from likelight.appreciation.screens import icon, palette
from likelight.appreciation.screens.breaking import ink_of
from likelight.appreciation.screens.layout import Line
from likelight.appreciation.screens.typeface import font
from likelight_hw.ports import DisplayInfo, Rgb

Drawn = tuple[Image.Image, tuple[str, ...]]
"""A picture and the lines of text on it."""

_GLOW_STRENGTH: Final = 0.26
"""The glow's share at its centre; ink on it keeps a contrast of 9, and it still reads as dark."""
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
        """Let the lamp's warm light fall off around a point."""
        if self._coloured:
            self.image.paste(palette.GLOW, (x - radius, y - radius), _falloff(radius))

    def icon(self, name: str, x: int, y: int, size: int, colour: Rgb) -> None:
        """Draw an icon with its upper left corner at (x, y)."""
        if self._coloured:
            self.image.paste(colour, (x, y), icon.mask(name, size))
        else:
            self.image.paste(1, (x, y), icon.bitmap(name, size))

    def text(self, lines: Iterable[Line], colour: Rgb) -> tuple[str, ...]:
        """Draw the lines and return their words."""
        fill = colour if self._coloured else 1
        drawn = []
        for line in lines:
            face = font(line.em, line.bold)
            left, _, right, _ = ink_of(line.text, line.em, line.bold)
            origin = (round(line.x - (left + right) / 2), line.baseline)
            self._draw.text(origin, line.text, fill=fill, font=face, anchor="ls")
            drawn.append(line.text)
        return tuple(drawn)


@lru_cache(maxsize=8)
def _falloff(radius: int) -> Image.Image:
    """Return the glow's coverage: a raised cosine, so that it has neither a peak nor a rim."""
    share = [min(level / _RIM, 1.0) for level in range(256)]
    curve = [round(255 * _GLOW_STRENGTH * (1 + math.cos(math.pi * far)) / 2) for far in share]
    distance = Image.radial_gradient("L").resize((2 * radius, 2 * radius), Image.Resampling.BICUBIC)
    return distance.point(curve)
