"""A question about masks: in words, and on a panel with colours as a sketch of the picture, too."""

from typing import Final

from PIL import Image, ImageChops, ImageDraw

from likelight.appreciation.screens import message, palette
from likelight.appreciation.screens.canvas import Canvas, Drawn
from likelight.appreciation.screens.geometry import geometry
from likelight.appreciation.screens.models import MasksScreen, Polygons
from likelight_hw.ports import DisplayInfo

_WIDE, _HIGH = 16, 9
_SHARE: Final = 0.86
"""How much of the panel the sketch takes."""


def masks(screen: MasksScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw the words; then where colours can tell them apart, what stays covered, and in the lamp's
    light what would be seen."""
    said = message.status(screen.asks, panel)
    return [*said, _sketch(screen, panel)] if panel.mode == "RGB" else said


def _sketch(screen: MasksScreen, panel: DisplayInfo) -> Drawn:
    sizes = geometry(panel)
    unit = min(_SHARE * sizes.width / _WIDE, _SHARE * sizes.height / _HIGH)
    size = round(_WIDE * unit), round(_HIGH * unit)
    at = (sizes.width - size[0]) // 2, (sizes.height - size[1]) // 2
    image = Canvas(panel).image
    image.paste(palette.LINE, (*at, at[0] + size[0], at[1] + size[1]))
    held, asked = _covered(screen.held, size), _covered(screen.asked, size)
    image.paste(palette.MUTED, at, asked)
    image.paste(palette.GLOW, at, ImageChops.subtract(held, asked))
    return image, ()


def _covered(polygons: Polygons, size: tuple[int, int]) -> Image.Image:
    covered = Image.new("L", size)
    draw = ImageDraw.Draw(covered)
    for polygon in polygons:
        draw.polygon([(x * size[0], y * size[1]) for x, y in polygon], fill=255)
    return covered
