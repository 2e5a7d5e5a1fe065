"""The empty kitchen: wall, window, shelves, oven and counter, in the colours of full daylight.

light.py makes it night: it multiplies these colours with the light that reaches them.
"""

import random

from PIL import Image

from likelight_hw.ports import Rgb
from likelight_hw.sim.scene.brush import Brush, Stage

PIZZA = (640.0, 557.0)
OVEN_MOUTH = (196.0, 452.0)
POT = (1130.0, 452.0)

_PLASTER: Rgb = (236, 219, 196)
_TILE: Rgb = (240, 229, 211)
_GROUT: Rgb = (206, 190, 168)
_BRICK: tuple[Rgb, ...] = ((196, 122, 92), (184, 110, 82), (206, 134, 102), (176, 104, 80))
_MORTAR: Rgb = (222, 196, 170)
_WOOD: Rgb = (190, 138, 92)
_WOOD_EDGE: Rgb = (150, 104, 66)
_FRONT: Rgb = (84, 112, 98)
_STEEL: Rgb = (196, 200, 200)


def draw_room(stage: Stage, rng: random.Random) -> Image.Image:
    """Return the room as an RGB image of the stage's size; `rng` arranges the shelves."""
    brush = Brush(stage, (0, 0, 1280, 720), _PLASTER)
    _tiles(brush)
    _window(brush)
    _shelves(brush, rng)
    _oven(brush, rng)
    _counter(brush)
    _on_the_counter(brush)
    return brush.image()


def _tiles(brush: Brush) -> None:
    brush.rect((0, 372, 1280, 520), _GROUT)
    for row in range(5):
        y = 376 + row * 30
        for column in range(-1, 22):
            x = column * 62 + (31 if row % 2 else 0)
            brush.rect((x, y, x + 59, y + 27), _TILE, radius=3)
    brush.rect((0, 364, 1280, 374), (212, 194, 168))


def _window(brush: Brush) -> None:
    """Night outside, so that the kitchen is the warm place."""
    brush.rect((396, 96, 540, 316), (250, 240, 224), radius=6)
    brush.rect((406, 106, 530, 306), (58, 82, 128), radius=3)
    brush.oval((500, 146), 15, 15, (248, 240, 214))
    brush.oval((493, 142), 14, 14, (58, 82, 128))
    for x, y in ((424, 132), (452, 122), (438, 168), (474, 196), (516, 188), (420, 206)):
        brush.oval((x, y), 1.6, 1.6, (230, 232, 240))
    for x, top, wide in ((406, 262, 30), (434, 240, 34), (466, 270, 26), (490, 250, 40)):
        brush.rect((x, top, x + wide, 306), (40, 56, 92))
        for dx, dy in ((7, 10), (19, 10), (7, 26), (19, 42)):
            if (x + dx + dy) % 3 and top + dy < 300:
                brush.rect((x + dx, top + dy, x + dx + 5, top + dy + 7), (255, 214, 140))
    brush.rect((465, 106, 471, 306), (250, 240, 224))
    brush.rect((406, 203, 530, 209), (250, 240, 224))
    brush.rect((386, 312, 550, 324), (250, 240, 224), radius=4)


def _shelves(brush: Brush, rng: random.Random) -> None:
    for y in (212, 330):
        for x in (1062, 1246):
            brush.rect((x, y, x + 6, y + 26), (120, 92, 66))
        brush.rect((1036, y, 1280, y + 11), _WOOD, radius=2)
        brush.rect((1036, y + 8, 1280, y + 11), _WOOD_EDGE)
    _jars(brush, 212, rng)
    for i in range(6):
        brush.rect((1052, 322 - i * 7, 1122, 328 - i * 7), (252, 246, 236), radius=3)
        brush.rect((1052, 326 - i * 7, 1122, 328 - i * 7), (214, 202, 186), radius=2)
    for x, fill in ((1142, (200, 72, 62)), (1178, (200, 72, 62)), (1160, (214, 160, 70))):
        top = 286 if fill[1] < 100 else 244
        brush.rect((x, top, x + 34, top + 43), fill, radius=4)
        brush.rect((x, top + 12, x + 34, top + 31), (252, 240, 220))
        brush.oval((x + 17, top + 21), 6, 6, fill)
    _basil(brush, 1242, 330)


def _jars(brush: Brush, shelf: float, rng: random.Random) -> None:
    fills: list[Rgb] = [(206, 92, 60), (226, 182, 96), (122, 148, 82), (236, 224, 200)]
    rng.shuffle(fills)
    x = 1050.0
    for fill in fills:
        wide = rng.choice((38, 44, 50))
        tall = rng.choice((58, 68, 78))
        brush.rect((x, shelf - tall, x + wide, shelf), (222, 226, 220), radius=8)
        brush.rect((x + 3, shelf - tall * 0.72, x + wide - 3, shelf - 3), fill, radius=6)
        brush.rect((x + 3, shelf - tall - 8, x + wide - 3, shelf - tall + 5), _WOOD_EDGE, radius=3)
        brush.rect((x + 7, shelf - tall + 12, x + 11, shelf - 12), (250, 250, 246), radius=2)
        x += wide + 12


def _basil(brush: Brush, x: float, shelf: float) -> None:
    for dx, dy, r in ((-16, -52, 12), (0, -64, 14), (15, -50, 12), (-7, -44, 11), (8, -42, 12)):
        brush.oval((x + dx, shelf + dy), r, r * 0.8, (88, 142, 72))
        brush.oval((x + dx - 2, shelf + dy - 3), r * 0.6, r * 0.4, (122, 172, 92))
    brush.shape(
        [(x - 20, shelf - 36), (x + 20, shelf - 36), (x + 15, shelf), (x - 15, shelf)],
        (200, 116, 78),
    )
    brush.rect((x - 23, shelf - 40, x + 23, shelf - 31), (214, 132, 92), radius=3)


def _oven(brush: Brush, rng: random.Random) -> None:
    """A brick oven: flue, dome, and the mouth in which the fire burns."""
    x, y = OVEN_MOUTH
    brush.rect((x - 44, 0, x + 44, 300), _MORTAR)
    for row in range(13):
        for column in range(-1, 2):
            left = x - 42 + column * 46 + (23 if row % 2 else 0)
            box = (max(left, x - 42), row * 22.0, min(left + 43, x + 42), row * 22.0 + 19)
            if box[2] > box[0] + 4:
                brush.rect(box, rng.choice(_BRICK), radius=2)
    brush.oval((x, y), 202, 226, _MORTAR)
    for row in range(11):
        top = y - 222 + row * 25
        reach = 198 * max(0.0, 1 - ((top + 11 - y) / 224) ** 2) ** 0.5
        left = x - reach + (-22 if row % 2 else 0)
        while left < x + reach:
            box = (max(left, x - reach), top, min(left + 44, x + reach), top + 22)
            if box[2] > box[0] + 5:
                brush.rect(box, rng.choice(_BRICK), radius=3)
            left += 47
    brush.rect((x - 206, 508, x + 206, 540), _MORTAR)
    _mouth(brush)


def _mouth(brush: Brush) -> None:
    x, y = OVEN_MOUTH
    brush.oval((x, y + 6), 122, 112, (166, 96, 72))
    brush.rect((x - 122, y + 6, x + 122, 520), (166, 96, 72))
    brush.oval((x, y + 8), 100, 90, (92, 54, 40))
    brush.rect((x - 100, y + 8, x + 100, 520), (92, 54, 40))
    brush.heart((x, y - 128), 18, (226, 92, 120))


def _counter(brush: Brush) -> None:
    brush.rect((0, 508, 1280, 604), (214, 166, 116))
    for i, y in enumerate((522, 540, 561, 584)):
        brush.rect((0, y, 1280, y + 1.5), (202, 152, 102))
        for x in range(90 + i * 110, 1280, 420):
            brush.rect((x, y - 20, x + 1.5, y), (202, 152, 102))
    brush.rect((0, 508, 1280, 512), (232, 190, 142))
    brush.rect((0, 600, 1280, 622), _WOOD_EDGE)
    brush.rect((0, 622, 1280, 720), _FRONT)
    for x in range(-40, 1280, 220):
        brush.rect((x, 640, x + 204, 730), (74, 100, 87), radius=6)
        brush.rect((x + 8, 648, x + 196, 730), (90, 120, 105), radius=4)
    brush.rect((0, 622, 1280, 632), (62, 84, 73))


def _on_the_counter(brush: Brush) -> None:
    _boxes(brush)
    _pizza(brush)
    _bowl(brush, (824, 548), 44, (206, 72, 58), (176, 54, 46))
    _bowl(brush, (912, 570), 40, (252, 236, 186), (236, 214, 150))
    _bowl(brush, (984, 544), 34, (98, 148, 76), (76, 122, 60))
    _stove(brush)


def _boxes(brush: Brush) -> None:
    for i in range(5):
        y = 566 - i * 17
        brush.rect((416 + i % 2 * 4, y - 15, 516 + i % 2 * 4, y), (226, 196, 156), radius=2)
        brush.rect((416 + i % 2 * 4, y - 4, 516 + i % 2 * 4, y), (196, 164, 124), radius=2)
    brush.shape([(416, 483), (520, 483), (508, 472), (428, 472)], (238, 212, 176))
    brush.heart((468, 478), 5, (208, 66, 100))


def _pizza(brush: Brush) -> None:
    x, y = PIZZA
    brush.oval((x, y + 9), 146, 35, (150, 104, 66))
    brush.oval((x, y + 4), 146, 35, (186, 136, 90))
    brush.oval((x, y), 124, 29, (232, 184, 118))
    brush.oval((x, y - 1), 111, 24, (206, 78, 52))
    for dx, dy, rx in ((-70, -3, 24), (-30, 9, 30), (-8, -11, 26), (34, 5, 32), (72, -4, 24)):
        brush.oval((x + dx, y + dy), rx, rx * 0.26, (254, 240, 204))
    for dx, dy in ((-84, 4), (-46, -9), (8, 13), (20, -12), (58, 10), (90, 3)):
        brush.oval((x + dx, y + dy), 7, 3, (112, 160, 78))


def _bowl(brush: Brush, centre: tuple[float, float], r: float, food: Rgb, shade: Rgb) -> None:
    x, y = centre
    brush.oval((x, y + r * 0.72), r * 0.6, r * 0.16, (166, 116, 74))
    brush.shape(
        [(x - r, y), (x + r, y), (x + r * 0.56, y + r * 0.74), (x - r * 0.56, y + r * 0.74)],
        (236, 228, 216),
    )
    brush.oval((x, y), r, r * 0.3, (250, 246, 238))
    brush.oval((x, y), r * 0.88, r * 0.23, shade)
    brush.oval((x, y - r * 0.08), r * 0.74, r * 0.2, food)


def _stove(brush: Brush) -> None:
    x, y = POT
    brush.rect((x - 110, 532, x + 150, 548), (70, 66, 62), radius=6)
    brush.rect((x - 62, y, x + 62, y + 84), _STEEL, radius=10)
    brush.rect((x - 62, y + 54, x + 62, y + 84), (172, 176, 178), radius=10)
    brush.rect((x - 48, y + 12, x - 40, y + 70), (228, 232, 232), radius=4)
    brush.rect((x - 82, y + 16, x + 82, y + 26), (92, 88, 84), radius=5)
    brush.rect((x - 62, y + 12, x + 62, y + 34), _STEEL)
    brush.rect((x - 48, y + 12, x - 40, y + 34), (228, 232, 232))
    brush.oval((x, y), 62, 13, (216, 220, 220))
    brush.oval((x, y + 1), 54, 10, (186, 70, 50))
