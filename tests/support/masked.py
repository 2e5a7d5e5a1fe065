"""For tests of the privacy masks: two masks over what moves in the drawn kitchen, and checks."""

from PIL import Image, ImageChops

from likelight_hw.picture.lettering import PAPER
from likelight_hw.picture.planes import yuv

Box = tuple[float, float, float, float]

CLOCK = ((0.42, 0.06), (0.58, 0.06), (0.58, 0.18), (0.42, 0.18))
COOK = ((0.5, 0.2), (0.85, 0.95), (0.2, 0.95))
"""A triangle: most of the cook."""
MASKS = (CLOCK, COOK)

_INSIDE: tuple[Box, ...] = ((0.44, 0.08, 0.56, 0.16), (0.42, 0.6, 0.58, 0.93))
"""Boxes within the masks, clear of the few pixels that a codec smears over an edge."""
_SMEAR = 8
"""Levels of luma; flat areas come back from both codecs within 2 or 3."""


def peeps_out(picture: Image.Image) -> bool:
    """Return whether anything but the mask's flat colour is seen within a mask; `picture` is RGB
    or luma."""
    luma = picture.convert("L")
    shade = yuv(PAPER)[0]
    extrema = [_part(luma, box).getextrema() for box in _INSIDE]
    return any(
        abs(level - shade) > _SMEAR
        for low, high in extrema
        for level in (int(low), int(high))  # type: ignore[arg-type]
    )


def moves_inside(before: Image.Image, after: Image.Image) -> bool:
    """Return whether two pictures differ within a mask by more than the codec's noise."""
    difference = ImageChops.difference(before.convert("L"), after.convert("L"))
    return any(int(_part(difference, box).getextrema()[1]) > 40 for box in _INSIDE)  # type: ignore[arg-type]


def _part(image: Image.Image, box: Box) -> Image.Image:
    x0, y0, x1, y1 = box
    return image.crop(
        (
            int(x0 * image.width),
            int(y0 * image.height),
            int(x1 * image.width),
            int(y1 * image.height),
        )
    )
