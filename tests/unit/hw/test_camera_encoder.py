"""The board's H.264 encoder is known by its name, and picamera2 opens one number."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from likelight_hw.camera import picamera

ENCODER, DECODER = "bcm2835-codec-encode", "bcm2835-codec-decode"
WEBCAM, SENSOR = "HD Pro Webcam C920", "rp1-cfe-csi2_ch0"


@pytest.mark.parametrize(
    ("nodes", "encodes", "told"),
    [
        ({"video10": DECODER, "video11": ENCODER}, True, 0),
        ({"video0": WEBCAM, "video11": ENCODER}, True, 0),
        # A Pi 5, with so many nodes that one has the number.
        ({"video0": SENSOR, "video11": WEBCAM}, False, 0),
        ({"video11": WEBCAM, "video12": ENCODER}, False, 1),
        ({}, False, 0),
    ],
)
def test_only_the_encoder_at_the_number_that_picamera2_opens(
    nodes: dict[str, str],
    encodes: bool,
    told: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", ModuleType("picamera2"))
    picamera._tell_elsewhere.cache_clear()
    for node, name in nodes.items():
        folder = tmp_path / "class/video4linux" / node
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
    for _ in range(2):
        assert picamera.has_encoder(tmp_path) is encodes
    assert len(caplog.messages) == told
    assert all("encoder is /dev/video12" in message for message in caplog.messages)
