"""Privacy masks: polygons of flat colour over every picture, painted before any encoder sees it."""

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from likelight_hw.picture.lettering import PAPER
from likelight_hw.picture.planes import Planes, blank, yuv

_SPREAD = 2

Polygon = tuple[tuple[float, float], ...]
"""Three or more corners x, y, each 0..1: fractions of the picture's width and height."""


def check(polygons: Sequence[Polygon]) -> None:
    """Raise `ValueError` for a polygon that can't be painted: which one, and what to correct."""
    for number, polygon in enumerate(polygons, 1):
        if len(polygon) < 3:
            raise ValueError(f"mask {number} has {len(polygon)} corners; a polygon needs 3 or more")
        if not all(0 <= x <= 1 and 0 <= y <= 1 for x, y in polygon):
            raise ValueError(
                f"mask {number} leaves the picture: its corners are fractions of it, 0 to 1"
            )


def uncovers(old: Sequence[Polygon], new: Sequence[Polygon], width: int, height: int) -> bool:
    """Return whether a picture of this even size shows anything with `new` that `old` covers."""
    before, after = blank(width, height), blank(width, height)
    Masks(old, width, height).paint(before)
    Masks(new, width, height).paint(after)
    empty = blank(width, height)
    for covered, still, bare in zip(before, after, empty, strict=True):
        hidden = ImageChops.difference(covered, bare)
        if ImageChops.subtract(hidden, ImageChops.difference(still, bare)).getbbox():
            return True
    return False


class Masks:
    """`polygons` for pictures of one size, in pixels; every pixel that they touch is covered."""

    def __init__(self, polygons: Sequence[Polygon], width: int, height: int) -> None:
        # Pillow rounds corners to pixels and then the line between them: with two more pixels all
        # round no pixel stays uncovered. The stencil is larger by the same, so that this also holds
        # along the picture's edge.
        stencil = Image.new("L", (width + 2 * _SPREAD, height + 2 * _SPREAD))
        draw = ImageDraw.Draw(stencil)
        for polygon in polygons:
            corners = [(x * width + _SPREAD, y * height + _SPREAD) for x, y in polygon]
            draw.polygon(corners, fill=255)
            draw.line([*corners, corners[0]], fill=255)
        stencil = stencil.filter(ImageFilter.MaxFilter(2 * _SPREAD + 1))
        stencil = stencil.crop((_SPREAD, _SPREAD, width + _SPREAD, height + _SPREAD))
        x0, y0, x1, y1 = stencil.getbbox() or (0, 0, 0, 0)
        self._at = (x0 & ~1, y0 & ~1)
        self._stencil = stencil.crop((*self._at, x1 + 1 & ~1, y1 + 1 & ~1))
        # A chroma sample belongs to four pixels: it is hidden with the first of them.
        wide, high = self._stencil.size
        halved = self._stencil.filter(ImageFilter.MaxFilter(3))
        self._half_stencil = halved.resize((wide // 2, high // 2), Image.Resampling.NEAREST)
        self._colour = yuv(PAPER)

    def paint(self, planes: Planes) -> None:
        """Cover the polygons in `planes`, whose memory may be a sensor's own buffer."""
        y, u, v = self._colour
        half = (self._at[0] // 2, self._at[1] // 2)
        planes.y.paste(y, self._at, self._stencil)
        planes.u.paste(u, half, self._half_stencil)
        planes.v.paste(v, half, self._half_stencil)
