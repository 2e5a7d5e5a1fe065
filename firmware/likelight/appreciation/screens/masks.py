"""A question about masks: in words, and on a panel with colours over the picture, or a sketch."""

import io
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageOps

from likelight.appreciation.screens import message, palette
from likelight.appreciation.screens.canvas import Canvas, Drawn
from likelight.appreciation.screens.geometry import geometry
from likelight.appreciation.screens.models import MasksScreen, Polygons
from likelight_hw.ports import DisplayInfo

_WIDE, _HIGH = 16, 9
_SHARE: Final = 0.86
"""How much of the panel the picture takes."""


def masks(screen: MasksScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw the words; then where colours can tell them apart, what stays covered, and in the lamp's
    light what would be seen. Raises `OSError` for a picture that can't be read."""
    said = message.status(screen.asks, panel)
    return [*said, _drawn(screen, panel)] if panel.mode == "RGB" else said


def _drawn(screen: MasksScreen, panel: DisplayInfo) -> Drawn:
    sizes = geometry(panel)
    most = round(_SHARE * sizes.width), round(_SHARE * sizes.height)
    picture = _picture(screen.picture, most) if screen.picture else _sketch(most)
    size = picture.size
    at = (sizes.width - size[0]) // 2, (sizes.height - size[1]) // 2
    image = Canvas(panel).image
    image.paste(picture, at)
    held, asked = _covered(screen.held, size), _covered(screen.asked, size)
    image.paste(palette.MUTED, at, asked)
    image.paste(palette.GLOW, at, ImageChops.subtract(held, asked))
    return image, ()


def _picture(jpeg: bytes, most: tuple[int, int]) -> Image.Image:
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        # The decoder does most of the shrinking.
        image.draft("RGB", most)
        return ImageOps.contain(image.convert("RGB"), most)


def _sketch(most: tuple[int, int]) -> Image.Image:
    unit = min(most[0] / _WIDE, most[1] / _HIGH)
    return Image.new("RGB", (round(_WIDE * unit), round(_HIGH * unit)), palette.LINE)


def _covered(polygons: Polygons, size: tuple[int, int]) -> Image.Image:
    covered = Image.new("L", size)
    draw = ImageDraw.Draw(covered)
    for polygon in polygons:
        draw.polygon([(x * size[0], y * size[1]) for x, y in polygon], fill=255)
    return covered
