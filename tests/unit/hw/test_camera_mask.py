"""Masks on planes, and the settings that describe them."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from likelight.config.settings import ConfigError, read_config
from likelight.daemon.camera import camera_config
from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.pace import Pace
from likelight_hw.picture.lettering import PAPER
from likelight_hw.picture.mask import Masks, Polygon
from likelight_hw.picture.planes import Planes, blank, yuv

WIDTH, HEIGHT = 64, 36
Y, U, V = yuv(PAPER)

fractions = st.floats(0, 1, allow_nan=False)
corners = st.tuples(fractions, fractions)


def painted(*polygons: Polygon) -> Planes:
    planes = blank(WIDTH, HEIGHT)
    planes.y.paste(200, (0, 0, WIDTH, HEIGHT))
    Masks(polygons, WIDTH, HEIGHT).paint(planes)
    return planes


def covered(planes: Planes, x: int, y: int) -> bool:
    half = (x // 2, y // 2)
    colour = (planes.y.getpixel((x, y)), planes.u.getpixel(half), planes.v.getpixel(half))
    return colour == (Y, U, V)


@settings(max_examples=60, deadline=None)
@example(a=(0, 1), b=(0, 1), c=(1, 1), s=0, t=0)
@example(a=(1, 0), b=(1, 1), c=(1, 1), s=0, t=1)
@given(corners, corners, corners, fractions, fractions)
def test_every_pixel_of_a_polygon_is_covered(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], s: float, t: float
) -> None:
    """Any point of a triangle, given by its weights `s` and `t`, lies in a covered pixel."""
    if s + t > 1:
        s, t = 1 - s, 1 - t
    planes = painted((a, b, c))
    x = a[0] + s * (b[0] - a[0]) + t * (c[0] - a[0])
    y = a[1] + s * (b[1] - a[1]) + t * (c[1] - a[1])
    assert covered(planes, min(int(x * WIDTH), WIDTH - 1), min(int(y * HEIGHT), HEIGHT - 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(corners, min_size=3, max_size=6))
def test_far_from_a_polygon_nothing_changes(shape: list[tuple[float, float]]) -> None:
    planes = painted(tuple(shape))
    x0 = min(x for x, _ in shape) * WIDTH - 3
    y0 = min(y for _, y in shape) * HEIGHT - 3
    x1 = max(x for x, _ in shape) * WIDTH + 3
    y1 = max(y for _, y in shape) * HEIGHT + 3
    outside = [
        planes.y.getpixel((x, y))
        for x in range(WIDTH)
        for y in range(HEIGHT)
        if not (x0 <= x <= x1 and y0 <= y <= y1)
    ]
    assert set(outside) <= {200}


def test_the_whole_picture_can_be_hidden() -> None:
    planes = painted(((0, 0), (1, 0), (1, 1), (0, 1)))
    assert [plane.getextrema() for plane in planes] == [(Y, Y), (U, U), (V, V)]


def test_masks_reach_the_child(tmp_path: Path) -> None:
    file = tmp_path / "likelight.toml"
    file.write_text("[camera]\nmasks = [[[0, 0], [0.5, 0], [0, 0.5]], [[0.8,0.8],[1,0.8],[1,1]]]")
    config = camera_config(read_config(file).camera)
    assert config.masks == (((0, 0), (0.5, 0), (0, 0.5)), ((0.8, 0.8), (1, 0.8), (1, 1)))
    assert CameraConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("masks = [[[0, 0], [0.5, 0]]]", "camera.masks.0: here are 2; give 3 or more"),
        ("masks = [[[0, 0], [1.2, 0], [0, 1]]]", "camera.masks.0.1.0: use 1.0 or less"),
        ("masks = [[[0, -1], [1, 0], [0, 1]]]", "camera.masks.0.0.1: use 0.0 or more"),
        ("masks = [[[0, nan], [1, 0], [0, 1]]]", "camera.masks.0.0.1: "),
        ("masks = [[0, 0, 1]]", "camera.masks.0.0: "),
        ("mask = []", "camera.mask: no such setting; did you mean masks?"),
        ("driver = 'usb'", "device belongs to driver"),
        ("device = '/dev/video0'", "device belongs to driver"),
        ("width = 3840", "camera.width: "),
        ("fps = 120", "camera.fps: "),
    ],
)
def test_a_mistake_is_reported_with_its_key(tmp_path: Path, lines: str, told: str) -> None:
    file = tmp_path / "likelight.toml"
    file.write_text(f"[camera]\n{lines}\n")
    with pytest.raises(ConfigError) as error:
        read_config(file)
    assert told in str(error.value)
    assert "here are" not in str(error.value) or "here are" in told, "one mistake is told once"


@pytest.mark.parametrize("masks", [(((0, 0), (1, 1)),), (((0, 0), (1, 1), (2, 0)),)])
def test_the_child_refuses_masks_that_hide_nothing(masks: tuple[Polygon, ...]) -> None:
    with pytest.raises(ValueError, match="mask 1"):
        CameraConfig(masks=masks)


@pytest.mark.parametrize(
    ("driver", "simulated"), [("sim", True), ("picamera2", False), ("usb", False)]
)
def test_only_a_simulated_picture_says_so(tmp_path: Path, driver: str, simulated: bool) -> None:
    file = tmp_path / "likelight.toml"
    device = "device = '/dev/video0'" if driver == "usb" else ""
    file.write_text(f"[camera]\ndriver = '{driver}'\n{device}\n")
    config = camera_config(read_config(file).camera)
    assert config.simulated is simulated
    assert (config.badge is not None) is simulated


@pytest.mark.parametrize(("fps", "rate"), [(30, 15), (30, 30), (25, 10), (30, 1), (5, 30)])
def test_pictures_come_at_the_pace_asked_for(fps: int, rate: int) -> None:
    pace = Pace(fps)
    sent = sum(pace.due(100 + n / fps, rate) for n in range(fps * 4))
    assert abs(sent - 4 * min(fps, rate)) <= 1
    assert not pace.due(200, 0)
