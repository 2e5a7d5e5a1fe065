"""The thread that reads a USB camera: what it raises reaches the loop, whatever that is."""

import select
from pathlib import Path

import pytest

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.encode import PaintedPicture
from likelight_hw.camera.usb import UsbSource
from likelight_hw.ports import DARK


def test_an_error_that_nobody_foresaw_is_raised_where_the_picture_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise IndexError("tuple index out of range")

    monkeypatch.setattr("av.open", fail)
    (tmp_path / "video0").touch()
    source = UsbSource(CameraConfig("usb", tmp_path / "video0"))
    source.start(0.0)
    assert select.select([source.arrivals], [], [], 20)[0]
    with pytest.raises(IndexError, match="tuple index"):
        source.paint(PaintedPicture(source.width, source.height).planes, 0.0, 0, DARK)
    source.close()
