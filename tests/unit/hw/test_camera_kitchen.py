"""The simulated kitchen: the same for the same time and lamp, and a lamp that can be measured."""

import itertools

import pytest

from likelight_hw.picture.lettering import badge_corner, badge_sprite, placeholder_planes
from likelight_hw.picture.planes import Planes, blank
from likelight_hw.ports import DARK, LightFrame, PlaceholderSpec, Rgb
from likelight_hw.sim.kitchen import LAMP_BOX, KitchenScene
from support.camera import SPECS
from support.camera_pictures import mean, read_barcode

NOON = 1_700_000_000.25
WARM: Rgb = (255, 217, 160)


@pytest.fixture(scope="module")
def kitchen() -> KitchenScene:
    return KitchenScene(640, 360)


def shot(kitchen: KitchenScene, at: float = NOON, lamp: LightFrame = DARK) -> Planes:
    planes = blank(640, 360)
    kitchen.paint(planes, at, lamp)
    return planes


def test_time_and_lamp_alone_decide_the_picture(kitchen: KitchenScene) -> None:
    lamp = LightFrame(0.4, WARM)
    first = shot(kitchen, NOON, lamp)
    shot(kitchen, NOON + 1.7, LightFrame(1.0, (255, 0, 80)))
    assert shot(kitchen, NOON, lamp) == first
    assert shot(KitchenScene(640, 360), NOON, lamp) == first


def test_the_cook_works_and_the_clock_runs(kitchen: KitchenScene) -> None:
    first, later, second = (shot(kitchen, NOON + after) for after in (0, 0.5, 1))
    cook, clock = (0.38, 0.2, 0.64, 0.8), (0.44, 0.08, 0.56, 0.16)
    assert crop(first, cook) != crop(later, cook)
    assert crop(first, clock) == crop(later, clock)
    assert crop(first, clock) != crop(second, clock)


def crop(planes: Planes, box: tuple[float, float, float, float]) -> bytes:
    x0, y0, x1, y1 = box
    return planes.y.crop((int(x0 * 640), int(y0 * 360), int(x1 * 640), int(y1 * 360))).tobytes()


@pytest.mark.parametrize("rgb", [WARM, (255, 255, 255), (194, 37, 92), (0, 0, 255), (0, 90, 0)])
def test_the_lamp_box_rises_with_every_level(kitchen: KitchenScene, rgb: Rgb) -> None:
    seen = [mean(shot(kitchen, lamp=LightFrame(n / 20, rgb)).y, LAMP_BOX) for n in range(21)]
    assert all(b > a for a, b in itertools.pairwise(seen) if a < 254)
    if max(rgb) == 255:
        assert seen[2] - seen[0] >= 6
        assert seen[20] - seen[0] >= 40


def test_the_lamp_lights_the_room_and_colours_it(kitchen: KitchenScene) -> None:
    wall = (0.86, 0.02, 0.98, 0.12)
    dark, warm = shot(kitchen), shot(kitchen, lamp=LightFrame(1.0, WARM))
    pink = shot(kitchen, lamp=LightFrame(1.0, (255, 60, 130)))
    assert mean(warm.y, wall) > mean(dark.y, wall) + 30
    assert mean(pink.v, wall) > mean(warm.v, wall) + 5


@pytest.mark.parametrize("size", [(320, 180), (854, 480), (640, 480), (1920, 1080)])
def test_it_fits_every_size(size: tuple[int, int]) -> None:
    planes = blank(*size)
    room = KitchenScene(*size)
    room.paint(planes, NOON, DARK)
    dark = mean(planes.y, LAMP_BOX)
    room.paint(planes, NOON, LightFrame(0.1, WARM))
    assert mean(planes.y, LAMP_BOX) >= dark + 6


@pytest.mark.parametrize("size", [(320, 180), (1280, 720), (404, 720)])
def test_badge_and_cards_fit_the_picture(size: tuple[int, int]) -> None:
    badge = badge_sprite("SIMULATED", size[1], None)
    x, y = badge_corner(badge, *size)
    assert 0 <= x <= size[0] - badge.mask.width
    assert size[1] * 0.8 < y <= size[1] - badge.mask.height
    wordy = PlaceholderSpec("long", "Incomprehensibilities " * 4, (255, 255, 255), (0, 0, 0))
    for spec in (*SPECS, wordy):
        picture = placeholder_planes(spec, *size, None)
        paper = mean(picture.y, (0.2, 0, 1, 0.02))
        assert picture.size == size
        assert mean(picture.y, (0.95, 0, 1, 1)) == paper
        assert mean(picture.y, (0.085, 0, 0.095, 1)) == paper
        assert abs(mean(picture.y, (0.1, 0.3, 0.9, 0.7)) - paper) > 3
        assert read_barcode(picture.y) is None
