"""The cook, in one pose of an endless loop: sprinkling cheese, turning the pizza."""

import math

from likelight_hw.picture.planes import Sprite
from likelight_hw.ports import Rgb
from likelight_hw.sim.scene.brush import Box, Brush, Point, Stage
from likelight_hw.sim.scene.room import PIZZA

COOK_BOX: Box = (484, 150, 816, 580)
POSES = 96
ROUND_S = 4.0

_JACKET: Rgb = (248, 242, 232)
_FOLD: Rgb = (222, 212, 198)
_APRON: Rgb = (176, 48, 82)
_APRON_SHADE: Rgb = (150, 38, 68)
_SKIN: Rgb = (206, 150, 112)
_SKIN_SHADE: Rgb = (182, 126, 92)
_HAIR: Rgb = (72, 48, 36)
_CHEESE: Rgb = (255, 240, 196)


def draw_cook(stage: Stage, pose: int) -> Sprite:
    """Return the cook in `pose` of `POSES`, to be laid at the corner of `COOK_BOX`."""
    brush = Brush(stage, COOK_BOX)
    turn = math.tau * pose / POSES
    sway = 3.0 * math.sin(turn)
    strew = (PIZZA[0] + 34 + 46 * math.sin(2 * turn), 486 + 9 * math.cos(4 * turn))
    rim = (PIZZA[0] - 106 + 12 * math.sin(turn), 533 + 5 * math.cos(turn))
    _body(brush, sway)
    _head(brush, (640 + 1.6 * sway, 268 + 2 * math.cos(2 * turn)))
    _arm(brush, (588 + sway, 352), rim, -1)
    _cheese(brush, strew, pose)
    _arm(brush, (692 + sway, 352), strew, 1)
    return brush.sprite()


def _body(brush: Brush, sway: float) -> None:
    x = 640 + sway
    brush.rect((x - 19, 296, x + 19, 340), _SKIN_SHADE, radius=10)
    brush.shape(
        [(x - 26, 326), (x + 26, 326), (x + 66, 350), (706, 512), (574, 512), (x - 66, 350)],
        _JACKET,
    )
    brush.oval((x - 56, 356), 22, 26, _JACKET)
    brush.oval((x + 56, 356), 22, 26, _JACKET)
    brush.shape([(x - 26, 324), (x, 352), (x + 26, 324), (x + 16, 318), (x - 16, 318)], _SKIN_SHADE)
    brush.limb([(x - 24, 326), (x - 36, 392)], 9, _APRON_SHADE)
    brush.limb([(x + 24, 326), (x + 36, 392)], 9, _APRON_SHADE)
    brush.rect((x - 44, 384, x + 44, 452), _APRON, radius=8)
    brush.shape([(x - 54, 440), (x + 54, 440), (698, 520), (582, 520)], _APRON)
    brush.rect((x - 55, 436, x + 55, 444), _APRON_SHADE, radius=3)
    brush.heart((x, 411), 13, (255, 217, 160))


def _head(brush: Brush, centre: Point) -> None:
    x, y = centre
    brush.oval((x, y - 4), 46, 46, _HAIR)
    brush.oval((x - 41, y + 6), 9, 12, _SKIN_SHADE)
    brush.oval((x + 41, y + 6), 9, 12, _SKIN_SHADE)
    brush.oval((x, y + 4), 40, 46, _SKIN)
    brush.shape([(x - 40, y - 8), (x - 32, y - 32), (x + 32, y - 32), (x + 40, y - 8)], _HAIR)
    brush.oval((x, y + 2), 38, 22, _SKIN)
    for side in (-1, 1):
        eye = x + side * 16
        brush.arc((eye - 7, y - 4, eye + 7, y + 8), 15, 165, (64, 42, 34), 3)
        brush.limb([(eye - 7, y - 12), (eye + 7, y - 12 + side * 0.5)], 3.4, _HAIR)
        brush.oval((x + side * 25, y + 17), 8, 5, (218, 138, 108))
    brush.oval((x, y + 13), 5, 6, _SKIN_SHADE)
    brush.arc((x - 14, y + 10, x + 14, y + 32), 25, 155, (140, 70, 60), 3.4)
    _toque(brush, (x, y - 30))


def _toque(brush: Brush, brim: Point) -> None:
    x, y = brim
    for dx, dy, r in ((-30, -42, 25), (30, -42, 25), (0, -54, 30)):
        brush.oval((x + dx, y + dy), r, r, _FOLD)
        brush.oval((x + dx - 2, y + dy - 2), r - 2, r - 2, _JACKET)
    brush.shape([(x - 40, y - 34), (x + 40, y - 34), (x + 41, y - 4), (x - 41, y - 4)], _JACKET)
    for dx in (-22, 0, 22):
        brush.limb([(x + dx, y - 34), (x + dx * 0.9, y - 16)], 2.5, _FOLD)
    brush.rect((x - 43, y - 16, x + 43, y + 6), _JACKET, radius=6)
    brush.rect((x - 43, y + 1, x + 43, y + 6), _FOLD, radius=3)


def _arm(brush: Brush, shoulder: Point, hand: Point, side: int) -> None:
    elbow = _elbow(shoulder, hand, side)
    wrist = (elbow[0] + (hand[0] - elbow[0]) * 0.86, elbow[1] + (hand[1] - elbow[1]) * 0.86)
    cuff = (elbow[0] + (hand[0] - elbow[0]) * 0.3, elbow[1] + (hand[1] - elbow[1]) * 0.3)
    brush.limb([elbow, wrist], 25, _SKIN)
    brush.oval(hand, 17, 15, _SKIN)
    brush.oval((hand[0] - side * 10, hand[1] + 8), 7, 8, _SKIN_SHADE)
    brush.limb([shoulder, elbow, cuff], 42, _FOLD)
    brush.limb([(shoulder[0], shoulder[1] - 2), (elbow[0] - side, elbow[1] - 2), cuff], 37, _JACKET)
    brush.limb([cuff, (cuff[0] + (hand[0] - cuff[0]) * 0.1, cuff[1] + 3)], 32, _FOLD)


def _elbow(shoulder: Point, hand: Point, side: int) -> Point:
    """Return where an arm of two equal bones bends, outwards."""
    bone = 104.0
    dx, dy = hand[0] - shoulder[0], hand[1] - shoulder[1]
    reach = math.hypot(dx, dy)
    bow = math.sqrt(max(0.0, bone**2 - (reach / 2) ** 2))
    # The bow stands square on the line from shoulder to hand, and dy > 0: hands are below.
    x = shoulder[0] + dx / 2 + side * bow * dy / reach
    return x, shoulder[1] + dy / 2 - side * bow * dx / reach


def _cheese(brush: Brush, hand: Point, pose: int) -> None:
    """Flakes fall from the hand, each in a third of a second."""
    for flake in range(9):
        fall = (pose / POSES * 12 + flake / 9 * 5.3) % 1.0
        x = hand[0] - 10 + 29 * ((flake * 0.618) % 1.0)
        y = hand[1] + 10 + fall**1.6 * (PIZZA[1] - hand[1] - 14)
        brush.limb([(x, y), (x + 3, y + 4)], 3.2, _CHEESE)
