"""What moves by itself: the fire in the oven, the steam over the pot."""

import math

from PIL import Image, ImageFilter

from likelight_hw.picture.planes import Planes, Sprite
from likelight_hw.ports import Rgb
from likelight_hw.sim.scene.brush import Box, Brush, Stage
from likelight_hw.sim.scene.room import OVEN_MOUTH, POT

FLAMES = 48
FIRE_ROUND_S = 4.0
FIRE_BOX: Box = (86, 350, 306, 524)

_LAYERS: tuple[tuple[float, float, Rgb], ...] = (
    (1.0, 86.0, (206, 78, 26)),
    (0.74, 66.0, (240, 136, 40)),
    (0.46, 42.0, (255, 206, 104)),
)
_PUFFS = 6
_RISE_S = 6.0
_STAGES = 24


def draw_fire(stage: Stage, flame: int) -> Sprite:
    """Return flame `flame` of `FLAMES`, to be laid at the corner of `FIRE_BOX`."""
    brush = Brush(stage, FIRE_BOX)
    x, y = OVEN_MOUTH
    turn = math.tau * flame / FLAMES
    brush.oval((x, y + 8), 100, 90, (60, 26, 16))
    brush.rect((x - 100, y + 8, x + 100, 516), (60, 26, 16))
    brush.oval((x, y + 48), 88, 46, (112, 44, 20))
    for wide, tall, fill in _LAYERS:
        points = [(x - 84 * wide, 506.0)]
        for i in range(41):
            at = i / 20 - 1
            lick = 0.6 + 0.4 * math.sin(at * 9 + turn * 3 + wide) * math.sin(at * 5 - turn * 2)
            points.append((x + at * 84 * wide, 506 - tall * (1 - at * at) ** 0.7 * lick))
        points.append((x + 84 * wide, 506))
        brush.shape(points, fill)
    for dx, dy in ((-46, 0), (6, 2), (42, -1)):
        brush.limb([(x + dx - 26, 506 + dy), (x + dx + 26, 502 + dy)], 13, (74, 40, 26))
    soft = brush.image().filter(ImageFilter.GaussianBlur(1.2 * stage.sy))
    return Sprite.from_rgba(soft)


class Steam:
    """Puffs that rise from the pot, grow and vanish."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        disc = Image.radial_gradient("L").point([(255 - value) ** 2 // 255 for value in range(256)])
        self._masks: list[Image.Image] = []
        for step in range(_STAGES):
            age = (step + 0.5) / _STAGES
            r = 20 + 46 * age
            size = (max(2, round(2 * r * stage.sx)), max(2, round(2 * r * stage.sy)))
            strength = 0.42 * math.sin(math.pi * age**0.7)
            faint = disc.point([round(value * strength) for value in range(256)])
            self._masks.append(faint.resize(size, Image.Resampling.BILINEAR))

    def paint(self, planes: Planes, at: float, light: float) -> None:
        """Paint the steam of time `at` into the luma; `light` is 0..1."""
        tone = round(140 + 110 * light)
        for puff in range(_PUFFS):
            age = (at / _RISE_S + puff / _PUFFS) % 1.0
            mask = self._masks[int(age * _STAGES)]
            x = POT[0] + 18 * math.sin(age * 5 + puff * 2.1) * (0.4 + age) + 12 * age
            y = POT[1] - 14 - 190 * age
            corner = (
                round(x * self._stage.sx - mask.width / 2),
                round(y * self._stage.sy - mask.height / 2),
            )
            planes.y.paste(tone, corner, mask)
