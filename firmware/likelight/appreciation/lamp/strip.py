"""An effect as a picture: the lamp over time, its level as height and its light as colour."""

from PIL import Image, ImageDraw, ImageFont

from likelight.appreciation.lamp.effects import Base, Effect
from likelight.appreciation.lamp.palette import BRAND, Palette
from likelight.appreciation.lamp.scene import Scene
from likelight.assets import fonts
from likelight_hw.lamps.gamma import duty_cycles
from likelight_hw.ports import LightFrame, Rgb

SECONDS = 10
"""All strips have the same scale, so that they can be compared; no effect lasts longer."""
LEAD_S = 0.5
"""How much of the base is drawn before the effect and after the end of the scale."""
PX_PER_S = 60
LEVEL_PX = 100
MARGIN, AXIS_PX = 12, 26
DOT_PX = 3

PAPER: Rgb = (0x17, 0x14, 0x11)
LINE: Rgb = (0x3A, 0x33, 0x2C)
MUTED: Rgb = (0xB8, 0xAB, 0x9B)


def strip(effect: Effect, *, base: Base = Base.QUIET, palette: Palette = BRAND) -> Image.Image:
    """Return `effect` over `base` as a picture (RGB) with a scale in seconds.

    The height is the perceived level. The area has the colour as it looks at that level; the curve
    on top of it has the colour at full strength.
    """
    width = round((SECONDS + 2 * LEAD_S) * PX_PER_S)
    image = Image.new("RGB", (width + 2 * MARGIN, MARGIN + LEVEL_PX + AXIS_PX), PAPER)
    draw = ImageDraw.Draw(image)
    floor = MARGIN + LEVEL_PX
    _scale(draw, floor)
    scene = Scene(base=base, palette=palette).with_effect(effect, 0.0)
    last = floor - round(scene.base_frame(0.0).level * LEVEL_PX)
    for x in range(width):
        frame = scene.frame(x / PX_PER_S - LEAD_S)
        top = floor - round(frame.level * LEVEL_PX)
        left = MARGIN + x
        draw.line((left, floor - 1, left, top), fill=seen(frame))
        draw.line((left, max(top, last), left, min(top, last) - DOT_PX + 1), fill=frame.rgb)
        last = top
    return image


def seen(frame: LightFrame) -> Rgb:
    """Return the colour on a screen that looks like the light of `frame`."""
    red, green, blue = (_srgb(light) for light in duty_cycles(frame))
    return red, green, blue


def _srgb(light: float) -> int:
    share = 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return round(255 * share)


def _scale(draw: ImageDraw.ImageDraw, floor: int) -> None:
    font = ImageFont.truetype(str(fonts.REGULAR), 14)
    for second in range(SECONDS + 1):
        x = MARGIN + round((second + LEAD_S) * PX_PER_S)
        draw.line((x, MARGIN, x, floor + 4), fill=LINE)
        words = f"{second} s" if second == SECONDS else str(second)
        draw.text((x, floor + 6), words, MUTED, font, anchor="ma")
