"""What a camera can be asked to be."""

from pathlib import Path
from typing import Any, get_args

import pytest

from likelight_hw.camera.config import CameraConfig, Driver


@pytest.mark.parametrize(
    "fields",
    [
        {"driver": "file"},
        {"width": 318},
        {"width": 1281},
        {"height": 1082},
        {"fps": 0},
        {"fps": 61},
        {"bitrate": 0},
    ],
)
def test_a_config_that_no_camera_can_serve_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        CameraConfig(**fields)


def test_a_config_reaches_the_child_whole() -> None:
    config = CameraConfig("file", Path("a b.mp4"), 640, 360, font=Path("x.ttf"), badge=None)
    assert CameraConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("driver", "simulated"),
    [("sim", True), ("file", True), ("picamera2", False), ("usb", False)],
)
def test_every_real_sensor_needs_the_crews_consent(driver: Driver, simulated: bool) -> None:
    path = Path("here") if driver in ("file", "usb") else None
    assert CameraConfig(driver, path).simulated is simulated
    assert set(get_args(Driver)) == {"sim", "file", "picamera2", "usb"}, "is a new one real?"
