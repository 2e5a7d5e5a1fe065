"""A kitchen at night, a cook at work, and the lamp: what the simulated camera sees.

Drawn straight into I420. What does not change is drawn once: the room twice, for a dark and for a
full lamp; the cook's poses and the flames when they are first needed.
"""

import random
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from likelight_hw.picture.lettering import Font, load_font
from likelight_hw.picture.planes import Planes, Sprite
from likelight_hw.ports import DARK, LightFrame, Rgb
from likelight_hw.sim.scene.brush import STAGE, Box, Brush, Stage
from likelight_hw.sim.scene.cook import COOK_BOX, POSES, ROUND_S, draw_cook
from likelight_hw.sim.scene.fire import FIRE_BOX, FIRE_ROUND_S, FLAMES, Steam, draw_fire
from likelight_hw.sim.scene.light import GLOBE_R, LAMP, STEPS, Glow, Light, Shade, glow_of
from likelight_hw.sim.scene.room import draw_room

LAMP_BOX = (
    (LAMP[0] - GLOBE_R) / STAGE[0],
    (LAMP[1] - GLOBE_R) / STAGE[1],
    (LAMP[0] + GLOBE_R) / STAGE[0],
    (LAMP[1] + GLOBE_R) / STAGE[1],
)
"""The lamp's globe, x0, y0, x1, y1 as fractions of the picture: its mean luma tells the level."""

_CLOCK_BOX: Box = (568, 60, 712, 112)
_CLOCK_CASE: Rgb = (38, 32, 28)
_CLOCK_DIGITS: Rgb = (255, 190, 104)


class KitchenScene:
    """The scene at one size; what it shows depends only on time and lamp.

    `width` and `height` are even; `font` is a TrueType file for the clock; `seed` arranges the
    shelves.
    """

    def __init__(self, width: int, height: int, *, font: Path | None = None, seed: int = 0) -> None:
        self._stage = Stage(width, height)
        self._light = Light(self._stage, draw_room(self._stage, random.Random(seed)))
        self._steam = Steam(self._stage)
        self._cook_box = self._stage.pixels(COOK_BOX)
        self._clock_box = self._stage.pixels(_CLOCK_BOX)
        self._fire_box = self._stage.pixels(FIRE_BOX)
        self._font: Font = load_font(font, 30 * self._stage.sy)
        self._clock_case = _draw_clock_case(self._stage)
        self._cooks: dict[int, Sprite] = {}
        self._fires: dict[int, Sprite] = {}
        self._clock: tuple[str, Sprite] | None = None
        self._lit = self._light_up(glow_of(DARK))

    def paint(self, planes: Planes, at: float, lamp: LightFrame) -> None:
        """Paint the kitchen at wall time `at`, seconds since the epoch, over all of `planes`."""
        glow = glow_of(lamp)
        if glow != self._lit.glow:
            self._lit = self._light_up(glow)
        planes.paste(self._lit.room)
        self._fire(at).paste(planes, self._fire_box[:2])
        cook = self._cook(at)
        Sprite(self._lit.shade.over(cook.planes), cook.mask, cook.half_mask).paste(
            planes, self._cook_box[:2]
        )
        self._steam.paint(planes, at, glow.step / STEPS)
        self._clock_face(at).paste(planes, self._clock_box[:2])

    def _light_up(self, glow: Glow) -> "_Lit":
        return _Lit(glow, self._light.room(glow), self._light.shade(glow, self._cook_box))

    def _cook(self, at: float) -> Sprite:
        pose = int(at / ROUND_S % 1.0 * POSES)
        if pose not in self._cooks:
            self._cooks[pose] = draw_cook(self._stage, pose)
        return self._cooks[pose]

    def _fire(self, at: float) -> Sprite:
        flame = int(at / FIRE_ROUND_S % 1.0 * FLAMES)
        if flame not in self._fires:
            self._fires[flame] = draw_fire(self._stage, flame)
        return self._fires[flame]

    def _clock_face(self, at: float) -> Sprite:
        """Return the clock, drawn again when the second has changed."""
        words = time.strftime("%H:%M:%S", time.localtime(at))
        if self._clock is None or self._clock[0] != words:
            x0, y0, x1, y1 = self._clock_box
            face = self._clock_case.copy()
            middle = ((x1 - x0) / 2, (y1 - y0) / 2)
            ImageDraw.Draw(face).text(middle, words, (*_CLOCK_DIGITS, 255), self._font, anchor="mm")
            self._clock = (words, Sprite.from_rgba(face))
        return self._clock[1]


def _draw_clock_case(stage: Stage) -> Image.Image:
    brush = Brush(stage, _CLOCK_BOX)
    x0, y0, x1, y1 = _CLOCK_BOX
    brush.rect(_CLOCK_BOX, (112, 83, 46), radius=13)
    brush.rect((x0 + 4, y0 + 4, x1 - 4, y1 - 4), _CLOCK_CASE, radius=10)
    return brush.image()


@dataclass(frozen=True, slots=True)
class _Lit:
    """What only changes with the lamp."""

    glow: Glow
    room: Planes
    shade: Shade
