"""Icons as pixels: the paths of `likelight.assets.icons`, rasterised at any size."""

import re
from functools import lru_cache
from typing import Final

from PIL import Image, ImageChops, ImageDraw

from likelight.assets import icons_16
from likelight.assets.icons import GRID, PATHS

_SUPERSAMPLING: Final = 8
"""64 samples a pixel: more levels of grey than anybody sees on an edge."""

_CURVE_STEPS: Final = 16
"""Chords per cubic curve; at 400 px and 8 samples they differ from it by less than 0.1 px."""

_TOKEN = re.compile(r"[MLCZ]|-?\d+(?:\.\d+)?")

Point = tuple[float, float]


@lru_cache(maxsize=64)
def mask(name: str, size: int) -> Image.Image:
    """Return the icon's coverage as a `size` x `size` image of mode "L". Don't draw on it."""
    wide = size * _SUPERSAMPLING
    shape = Image.new("1", (wide, wide))
    for outline in outlines(PATHS[name]):
        part = Image.new("1", (wide, wide))
        scaled = [(x * wide / GRID - 0.5, y * wide / GRID - 0.5) for x, y in outline]
        ImageDraw.Draw(part).polygon(scaled, fill=1)
        shape = ImageChops.logical_xor(shape, part)
    return shape.convert("L").reduce(_SUPERSAMPLING)


@lru_cache(maxsize=64)
def bitmap(name: str, size: int) -> Image.Image:
    """Return the icon as a `size` x `size` image of mode "1", for panels without grey.

    At 16 px it is the one drawn by hand, if there is one.
    """
    if size == icons_16.SIZE and (rows := icons_16.ROWS.get(name)):
        drawn = Image.new("1", (size, size))
        drawn.putdata([255 * (pixel == "#") for row in rows for pixel in row])
        return drawn
    return mask(name, size).point(lambda level: 255 if level >= 128 else 0, mode="1")


def outlines(path: str) -> list[list[Point]]:
    """Return the closed polygons of an SVG path of absolute M, L, C and Z; curves as chords."""
    tokens = iter(_TOKEN.findall(path))
    polygons: list[list[Point]] = []

    def point() -> Point:
        return float(next(tokens)), float(next(tokens))

    for command in tokens:
        if command == "M":
            polygons.append([point()])
        elif command == "L":
            polygons[-1].append(point())
        elif command == "C":
            polygons[-1] += _chords(polygons[-1][-1], point(), point(), point())
        elif command != "Z":
            raise ValueError(f"a command must stand before {command!r} in {path!r}")
    return polygons


def _chords(p0: Point, p1: Point, p2: Point, p3: Point) -> list[Point]:
    chords = []
    for step in range(1, _CURVE_STEPS + 1):
        t = step / _CURVE_STEPS
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
        chords.append(
            (
                a * p0[0] + b * p1[0] + c * p2[0] + d * p3[0],
                a * p0[1] + b * p1[1] + c * p2[1] + d * p3[1],
            )
        )
    return chords
