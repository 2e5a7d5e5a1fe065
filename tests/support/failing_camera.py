"""A camera child whose driver raises what none should: `failing_camera.py FLAG WHERE KIND FD`.

All but the source is what the product runs. While the file FLAG exists, the source raises KIND, a
built-in exception, at WHERE: "open", "start", "picture" or "letting go".
"""

import builtins
import socket
import sys
from pathlib import Path

from likelight_hw.camera import child, drivers
from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.sim import SimSource
from likelight_hw.camera.source import Source
from likelight_hw.picture.planes import Planes
from likelight_hw.ports import HardwareError, LightFrame

FLAG, WHERE, KIND = Path(sys.argv[1]), sys.argv[2], getattr(builtins, sys.argv[3])


class FailingSource(SimSource):
    """The simulated kitchen, with a driver that nobody has tried."""

    def __init__(self, config: CameraConfig) -> None:
        super().__init__(config)
        self._fail("open")

    def start(self, now: float) -> None:
        self._fail("start")
        super().start(now)

    def paint(self, planes: Planes, now: float, wall_us: int, lamp: LightFrame) -> int:
        self._fail("picture")
        if WHERE == "letting go" and FLAG.exists():
            raise HardwareError("the ribbon has come off")
        return super().paint(planes, now, wall_us, lamp)

    def close(self) -> None:
        self._fail("letting go")
        super().close()

    def _fail(self, where: str) -> None:
        if where == WHERE and FLAG.exists():
            raise KIND("Lux")


def _open_failing(config: CameraConfig) -> Source:
    return FailingSource(config)


if __name__ == "__main__":
    drivers.open_source = _open_failing
    with socket.socket(fileno=int(sys.argv[4])) as daemon:
        child.serve(daemon)
