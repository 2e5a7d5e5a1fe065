"""A camera whose sink raises an exception: nothing may go on showing it as streaming."""

import asyncio

import pytest

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.process import CameraProcess
from likelight_hw.ports import AccessUnit, CameraPhase
from support.camera import Recorder
from support.waiting import WITHIN_S


class Trips(Recorder):
    def on_access_unit(self, unit: AccessUnit) -> None:
        raise ArithmeticError("a clock that can't be read")


async def test_a_sink_that_raises_learns_that_the_camera_failed() -> None:
    camera, sink = CameraProcess(CameraConfig(width=320, height=180)), Trips()
    camera.start()
    with pytest.raises(ArithmeticError):
        async with asyncio.timeout(WITHIN_S):
            await camera.run(sink, ())
    assert sink.phases[-2:] == [CameraPhase.STREAMING, CameraPhase.FAILED]
