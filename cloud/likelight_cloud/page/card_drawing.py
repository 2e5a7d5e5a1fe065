"""The picture that a link to a kitchen's page has in a chat: a lamp that glows, the kitchen's name,
what one can do there. It is drawn, and never a picture of the kitchen.

Importing this needs Pillow, and takes its time: do it off the event loop.
"""

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from likelight.assets.breaking import Words, split, wrap
from likelight.assets.fonts import Face, missing
from likelight.assets.icon_pixels import mask
from likelight.assets.typeface import draw_line, ink_of, leading, shaping_available

SIZE: Final = (1200, 630)
"""In pixels: what Facebook's and X's documents ask of a large picture, 1.91 to 1."""

_Rgb = tuple[int, int, int]
# The dark theme of LOOK.md.
_PAPER: Final[_Rgb] = (0x17, 0x14, 0x11)
_INK: Final[_Rgb] = (0xFF, 0xF3, 0xE2)
_MUTED: Final[_Rgb] = (0xB8, 0xAB, 0x9B)
_HEART: Final[_Rgb] = (0xC2, 0x25, 0x5C)
_METAL: Final[_Rgb] = (0x6B, 0x62, 0x58)
_GLOW: Final[_Rgb] = (0xFF, 0xD9, 0xA0)

_MARGIN: Final = 80
_TEXT_WIDTH: Final = 640
_LAMP_X: Final = 950
_LAMP_Y: Final = 290
_BULB: Final = 130
_REACH: Final = 620
_STRENGTH: Final = 0.55
_SMOOTHING: Final = 4
_COLOURS: Final = 160
"""Enough for a glow without visible steps, in a file of some 40 KB."""

_NAME_EMS: Final = (84, 76, 68, 60, 54, 48)
_NAME_LINES: Final = 2
_LEAD_EMS: Final = (40, 36, 32, 28)
_LEAD_LINES: Final = 3
_GAP: Final = 40


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines of one text, in one face and size."""

    lines: tuple[str, ...]
    face: Face
    em: int
    bold: bool
    colour: _Rgb

    @property
    def step(self) -> int:
        """From baseline to baseline."""
        return round(self.em * leading(self.face) * 1.1)

    @property
    def height(self) -> int:
        return self.step * len(self.lines)


def draw_card(name: str, instead: str, lead: str, *, rtl: bool) -> bytes:
    """Return the card of the kitchen `name` as a PNG; `lead` says what one can do there.

    A text that the fonts cannot write, or that does not fit, is left out; `instead` then stands for
    the name.
    """
    image = Image.new("RGB", SIZE, _PAPER)
    _draw_lamp(image, SIZE[0] - _LAMP_X if rtl else _LAMP_X)
    title = _title(name) or _title(instead)
    blocks = (
        title,
        _block(lead, _LEAD_EMS, _LEAD_LINES, bold=False, colour=_MUTED),
    )
    _draw_blocks(image, [block for block in blocks if block is not None], rtl=rtl)
    file = io.BytesIO()
    image.quantize(_COLOURS, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def _title(text: str) -> _Block | None:
    return _block(text, _NAME_EMS, _NAME_LINES, bold=True, colour=_INK)


def _block(
    text: str, ems: tuple[int, ...], most: int, *, bold: bool, colour: _Rgb
) -> _Block | None:
    """Return `text` in the largest of `ems` in which it takes at most `most` lines."""
    words = split(text)
    if missing(text) or not words or (words.face is Face.ARABIC and not shaping_available()):
        return None
    for em in ems:
        lines = _lines(words, most, em, bold)
        if lines is not None:
            return _Block(lines, words.face, em, bold, colour)
    return None


def _lines(words: Words, most: int, em: int, bold: bool) -> tuple[str, ...] | None:
    for count in range(1, most + 1):
        lines = wrap(words, [_TEXT_WIDTH] * count, em, bold)
        if lines is not None:
            return lines
    return None


def _draw_blocks(image: Image.Image, blocks: list[_Block], *, rtl: bool) -> None:
    """Write the blocks one below the other, the whole in the middle of the height."""
    draw = ImageDraw.Draw(image)
    gaps = _GAP * (len(blocks) - 1)
    y = (SIZE[1] - sum(block.height for block in blocks) - gaps) // 2
    for block in blocks:
        for number, line in enumerate(block.lines):
            left, _, right, _ = ink_of(line, block.em, block.bold, block.face)
            x = SIZE[0] - _MARGIN - right if rtl else _MARGIN - left
            baseline = y + number * block.step + round(block.em * leading(block.face) * 0.85)
            draw_line(
                draw, round(x), baseline, line, block.em, block.bold, block.colour, block.face
            )
        y += block.height + _GAP


def _draw_lamp(image: Image.Image, x: int) -> None:
    """Hang a lamp with a heart on it at `x`, and let it light the wall."""
    falloff = Image.radial_gradient("L").resize((2 * _REACH, 2 * _REACH), Image.Resampling.BICUBIC)
    # Pillow's gradient is 0 in the middle and 181 at the middle of each edge.
    strengths = [round(255 * _STRENGTH * max(0.0, 1 - far / 181) ** 2) for far in range(256)]
    image.paste(_GLOW, (x - _REACH, _LAMP_Y - _REACH), falloff.point(strengths))

    large = Image.new("RGBA", (2 * _BULB * _SMOOTHING, SIZE[1] * _SMOOTHING))
    draw = ImageDraw.Draw(large)
    middle = _BULB * _SMOOTHING

    def box(left: int, top: int, right: int, bottom: int) -> tuple[int, int, int, int]:
        return (
            middle + left * _SMOOTHING,
            top * _SMOOTHING,
            middle + right * _SMOOTHING - 1,
            bottom * _SMOOTHING - 1,
        )

    top, bottom = _LAMP_Y - _BULB, _LAMP_Y + _BULB
    draw.rectangle(box(-3, 0, 3, top), fill=_METAL)
    draw.ellipse(box(-_BULB, top, _BULB, bottom), fill=_GLOW)
    draw.rounded_rectangle(box(-36, top - 26, 36, top + 22), 8 * _SMOOTHING, fill=_METAL)
    lamp = large.reduce(_SMOOTHING)
    image.paste(lamp, (x - _BULB, 0), lamp)
    heart = round(_BULB * 1.05)
    at = (x - heart // 2, _LAMP_Y - heart // 2 + 8)
    image.paste(_HEART, at, mask("heart", heart))
