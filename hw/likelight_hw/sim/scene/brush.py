"""A brush for flat, soft-edged shapes on a stage of 1280 x 720, at any real size."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from likelight_hw.picture.planes import Sprite
from likelight_hw.ports import Rgb

STAGE = (1280, 720)
Point = tuple[float, float]
Box = tuple[float, float, float, float]

_FINE = 3
"""Pillow draws hard edges; each shape is drawn this many times as large, then averaged."""


class Stage:
    """Turns lengths of the stage into pixels of a picture of `width` x `height`."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.sx = width / STAGE[0]
        self.sy = height / STAGE[1]

    def pixels(self, box: Box) -> tuple[int, int, int, int]:
        """Return `box` in pixels, its corners even."""
        x0, y0, x1, y1 = box
        return (
            int(x0 * self.sx) & ~1,
            int(y0 * self.sy) & ~1,
            min((math.ceil(x1 * self.sx) + 1) & ~1, self.width),
            min((math.ceil(y1 * self.sy) + 1) & ~1, self.height),
        )


class Brush:
    """Draws one part of the stage, `box`, and hands it out at the picture's size."""

    def __init__(self, stage: Stage, box: Box, ground: Rgb | None = None) -> None:
        self.box = stage.pixels(box)
        x0, y0, x1, y1 = self.box
        size = ((x1 - x0) * _FINE, (y1 - y0) * _FINE)
        self._kx = stage.sx * _FINE
        self._ky = stage.sy * _FINE
        self._x0 = x0 * _FINE
        self._y0 = y0 * _FINE
        self._image = (
            Image.new("RGB", size, ground) if ground else Image.new("RGBA", size, (0, 0, 0, 0))
        )
        self._draw = ImageDraw.Draw(self._image)

    def rect(self, box: Box, fill: Rgb, radius: float = 0) -> None:
        """Fill a rectangle, its corners rounded."""
        self._draw.rounded_rectangle(self._box(box), radius=radius * self._ky, fill=fill)

    def oval(self, centre: Point, rx: float, ry: float, fill: Rgb) -> None:
        """Fill an ellipse."""
        (x, y) = centre
        self._draw.ellipse(self._box((x - rx, y - ry, x + rx, y + ry)), fill=fill)

    def arc(self, box: Box, start: float, end: float, fill: Rgb, width: float) -> None:
        """Stroke a part of an ellipse; degrees run clockwise from three o'clock."""
        self._draw.arc(self._box(box), start, end, fill=fill, width=self._thick(width))

    def shape(self, points: Sequence[Point], fill: Rgb) -> None:
        """Fill a polygon."""
        self._draw.polygon([self._at(point) for point in points], fill=fill)

    def limb(self, points: Sequence[Point], width: float, fill: Rgb) -> None:
        """Stroke a line with round joints and round ends."""
        path = [self._at(point) for point in points]
        self._draw.line(path, fill=fill, width=self._thick(width), joint="curve")
        for x, y in (path[0], path[-1]):
            rx, ry = width * self._kx / 2, width * self._ky / 2
            self._draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=fill)

    def heart(self, centre: Point, size: float, fill: Rgb) -> None:
        """Fill a heart, about 2 x `size` wide."""
        self.shape(heart(centre, size), fill)

    def image(self) -> Image.Image:
        """Return what was drawn, at the picture's size."""
        return self._image.reduce(_FINE)

    def sprite(self) -> Sprite:
        """Return what was drawn as a sprite."""
        return Sprite.from_rgba(self.image())

    def _at(self, point: Point) -> Point:
        return point[0] * self._kx - self._x0, point[1] * self._ky - self._y0

    def _box(self, box: Box) -> Box:
        return (*self._at((box[0], box[1])), *self._at((box[2], box[3])))

    def _thick(self, width: float) -> int:
        return max(1, round(width * self._ky))


def heart(centre: Point, size: float) -> list[Point]:
    """Return a heart's outline."""
    points = []
    for step in range(48):
        t = math.tau * step / 48
        x = math.sin(t) ** 3
        y = (13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16
        points.append((centre[0] + size * x, centre[1] - size * y))
    return points
