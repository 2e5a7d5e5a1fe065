"""Night and light: how the room's colours look in the lamp's light, and the lamp itself."""

from dataclasses import dataclass

from PIL import Image, ImageChops

from likelight_hw.picture.planes import Planes, from_rgb, yuv
from likelight_hw.ports import LightFrame, Rgb
from likelight_hw.sim.scene.brush import Box, Brush, Stage
from likelight_hw.sim.scene.room import OVEN_MOUTH

LAMP = (924.0, 226.0)
GLOBE_R = 74.0
STEPS = 64
"""Levels of light in the picture; a finer fade would only cost bits."""

_GLASS: Rgb = (74, 68, 62)
_NIGHT: Rgb = (92, 84, 88)
_EMBERS: Rgb = (150, 92, 40)


@dataclass(frozen=True, slots=True)
class Glow:
    """The lamp as the picture shows it: 0..`STEPS`, and its colour at full strength."""

    step: int
    rgb: Rgb


def glow_of(lamp: LightFrame) -> Glow:
    """Return what `lamp` looks like. A dim colour is a dimmer lamp of the full colour."""
    strongest = max(lamp.rgb)
    step = round(min(max(lamp.level, 0.0), 1.0) * strongest / 255 * STEPS)
    if not step:
        return Glow(0, (255, 255, 255))
    r, g, b = (round(part * 255 / strongest) for part in lamp.rgb)
    return Glow(step, (r, g, b))


class Light:
    """The room by night, for every glow of the lamp.

    Two pictures are made beforehand: without the lamp's light, and with all of it, in white. Every
    glow is a blend of the two, with the lamp's colour laid over the chroma, and the globe on top:
    about 1.5 ms at 720p, and only when the lamp changes.
    """

    def __init__(self, stage: Stage, room: Image.Image) -> None:
        reach = _pool(stage, (*LAMP, 1000, 760), 158)
        night = _night(stage)
        lit = ImageChops.add(night, Image.merge("RGB", [reach] * 3))
        air = _pool(stage, (*LAMP, 330, 330), 150)
        dark, bright = ImageChops.multiply(room, night), ImageChops.multiply(room, lit)
        bright.paste((255, 255, 255), (0, 0), air)
        _hang(stage, dark)
        _hang(stage, bright)
        self._globe = _Globe(stage)
        self._dark = from_rgb(dark)
        self._bright = from_rgb(bright)
        self._dark_map = night.convert("L")
        self._bright_map = lit.convert("L")
        # How far the lamp's colour replaces a thing's own: a third on the walls, more in the air.
        tint = ImageChops.add(reach.point([value // 3 for value in range(256)]), air)
        self._tint = tint.reduce(2)

    def room(self, glow: Glow) -> Planes:
        """Return the lit room with the lamp in it."""
        weight = _weight(glow)
        pairs = zip(self._dark, self._bright, strict=True)
        planes = Planes(*(Image.blend(dark, bright, weight) for dark, bright in pairs))
        _, u, v = yuv(glow.rgb)
        tint = _tinted(self._tint, glow)
        planes.u.paste(u, (0, 0), tint)
        planes.v.paste(v, (0, 0), tint)
        self._globe.shine(planes, glow)
        return planes

    def shade(self, glow: Glow, box: tuple[int, int, int, int]) -> "Shade":
        """Return what this glow does to things in front of `box`, in pixels."""
        light = Image.blend(self._dark_map.crop(box), self._bright_map.crop(box), _weight(glow))
        half = (box[0] // 2, box[1] // 2, box[2] // 2, box[3] // 2)
        return Shade(light, light.reduce(2), _tinted(self._tint.crop(half), glow), yuv(glow.rgb))


@dataclass(frozen=True, slots=True)
class Shade:
    """The light that falls on one box: how much, at both sizes, and how strongly which colour."""

    light: Image.Image
    half_light: Image.Image
    tint: Image.Image
    yuv: tuple[int, int, int]

    def over(self, planes: Planes) -> Planes:
        """Return a thing of the box's size, drawn in daylight, as it looks in this light."""
        grey = Image.new("L", self.tint.size, 128)
        u = Image.composite(planes.u, grey, self.half_light)
        v = Image.composite(planes.v, grey, self.half_light)
        u.paste(self.yuv[1], (0, 0), self.tint)
        v.paste(self.yuv[2], (0, 0), self.tint)
        return Planes(ImageChops.multiply(planes.y, self.light), u, v)


class _Globe:
    """The glass, which glows in the lamp's colour around a middle that is nearly white."""

    def __init__(self, stage: Stage) -> None:
        (x, y), r = LAMP, GLOBE_R
        brush = Brush(stage, (x - r - 4, y - r - 4, x + r + 4, y + r + 4))
        brush.oval(LAMP, r + 1, r + 1, (255, 255, 255))
        self._corner = brush.box[:2]
        self._glass = brush.image().getchannel("A")
        self._middle = _pool(stage, (x, y, r * 1.15, r * 1.15), 225).crop(brush.box)

    def shine(self, planes: Planes, glow: Glow) -> None:
        strength = _strength(glow)
        for mask, rgb in (
            (self._glass, _towards_white(glow.rgb, 0.3)),
            (self._middle, _towards_white(glow.rgb, 0.85)),
        ):
            weak = mask.point([round(value * strength) for value in range(256)])
            small = weak.reduce(2)
            half = (self._corner[0] // 2, self._corner[1] // 2)
            y, u, v = yuv(rgb)
            planes.y.paste(y, self._corner, weak)
            planes.u.paste(u, half, small)
            planes.v.paste(v, half, small)


def _tinted(reach: Image.Image, glow: Glow) -> Image.Image:
    return reach.point([round(value * _strength(glow)) for value in range(256)])


def _strength(glow: Glow) -> float:
    """Return how strong the lamp looks, 0..1: at a tenth of its light it looks much brighter."""
    return float((glow.step / STEPS) ** 0.6)


def _hang(stage: Stage, picture: Image.Image) -> None:
    """Hang the dark lamp into an RGB picture: cord, cap and globe."""
    x, y = LAMP
    top = y - GLOBE_R
    brush = Brush(stage, (x - 100, 0, x + 100, y + 100))
    brush.rect((x - 2.5, -9, x + 2.5, top - 20), (34, 29, 26))
    brush.rect((x - 9, top - 36, x + 9, top - 20), (92, 68, 38), radius=3)
    brush.shape(
        [(x - 14, top - 26), (x + 14, top - 26), (x + 32, top + 10), (x - 32, top + 10)],
        (112, 83, 46),
    )
    brush.oval(LAMP, GLOBE_R, GLOBE_R, (62, 57, 53))
    brush.oval(LAMP, GLOBE_R - 4, GLOBE_R - 4, _GLASS)
    brush.oval((x - 27, y - 31), 13, 18, (104, 98, 91))
    lamp = brush.image()
    picture.paste(lamp, brush.box[:2], lamp)


def _night(stage: Stage) -> Image.Image:
    """Return the light without the lamp: little, and warm around the oven."""
    night = Image.new("RGB", (stage.width, stage.height), _NIGHT)
    x, y = OVEN_MOUTH
    embers = _pool(stage, (x, y + 30, 760, 520), 255)
    warm = [embers.point([value * part // 255 for value in range(256)]) for part in _EMBERS]
    return ImageChops.add(night, Image.merge("RGB", warm))


def _pool(stage: Stage, pool: Box, middle: int) -> Image.Image:
    """Return a soft pool of light, x, y, rx, ry: `middle` in its middle, 0 at its rim."""
    x, y, rx, ry = pool
    width, height = round(2 * rx * stage.sx), round(2 * ry * stage.sy)
    disc = Image.radial_gradient("L").point([_falloff(far, middle) for far in range(256)])
    disc = disc.resize((width, height), Image.Resampling.BICUBIC)
    pooled = Image.new("L", (stage.width, stage.height), 0)
    pooled.paste(disc, (round((x - rx) * stage.sx), round((y - ry) * stage.sy)))
    return pooled


def _falloff(far: int, middle: int) -> int:
    """Pillow's radial gradient measures 181 from its middle to the middle of each side."""
    near = max(0.0, 1 - far / 181)
    return round(middle * near * near * (3 - 2 * near))


def _weight(glow: Glow) -> float:
    """Return how bright the room is in this glow, 0..1: a deep blue lights it less than white."""
    luma = yuv(glow.rgb)[0] / 255
    return float((glow.step / STEPS) ** 0.8 * (0.45 + 0.55 * luma))


def _towards_white(rgb: Rgb, part: float) -> Rgb:
    r, g, b = (round(value + (255 - value) * part) for value in rgb)
    return r, g, b
