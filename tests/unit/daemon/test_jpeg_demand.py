"""What the camera is asked for by what viewers of MJPEG want."""

from unittest.mock import create_autospec

import pytest

from likelight.daemon.events import DeviceEvents
from likelight.feed.outlets import Demand
from likelight.feed.rendition import Rendition
from likelight.gate.on_air import OnAir
from likelight_hw.camera.process import CameraProcess

MAIN, LOW, SLIDE = Rendition


@pytest.mark.parametrize(
    ("wanted", "rate", "sizes"),
    [
        (set(), 0, set()),
        ({MAIN}, 15, {MAIN}),
        ({LOW}, 15, {LOW}),
        ({SLIDE}, 5, {LOW}),
        ({LOW, SLIDE}, 15, {LOW}),
        ({MAIN, SLIDE}, 15, {MAIN, LOW}),
    ],
)
async def test_the_sizes_and_the_rate_that_somebody_needs(
    wanted: set[Rendition], rate: float, sizes: set[Rendition]
) -> None:
    events = DeviceEvents(cloud_inside=False)
    events.camera_process = create_autospec(CameraProcess, instance=True)
    events.on_air = create_autospec(OnAir, instance=True)
    events.on_demand(Demand(jpeg=1, jpegs=frozenset(wanted)))
    events.camera_process.jpeg_rate.assert_called_once_with(rate, frozenset(sizes))
