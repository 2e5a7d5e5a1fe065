"""A camera child whose source another program may hold: `python held_camera.py LOCK WHERE FD`.

All but the source, and how often it is tried, is what the product runs. While somebody holds LOCK,
the source refuses: WHERE is "open", as libcamera does, "start", as a driver does, or "picture", as
V4L2 does. With "letting go" it refuses its picture, too, and then hangs.
"""

import fcntl
import socket
import sys
import time
from pathlib import Path

from likelight_hw.camera import child, drivers
from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.sim import SimSource
from likelight_hw.camera.source import Source
from likelight_hw.picture.planes import Planes
from likelight_hw.ports import HardwareError, LightFrame

LOCK, WHERE = Path(sys.argv[1]), sys.argv[2]


class HeldSource(SimSource):
    """The simulated kitchen, unless somebody else looks at it; itself it holds the lock, too."""

    def __init__(self, config: CameraConfig) -> None:
        super().__init__(config)
        self._file = LOCK.open()
        self._take("open")

    def start(self, now: float) -> None:
        self._take("start")
        super().start(now)

    def paint(self, planes: Planes, now: float, wall_us: int, lamp: LightFrame) -> int:
        self._take("picture")
        self._take("letting go")
        return super().paint(planes, now, wall_us, lamp)

    def close(self) -> None:
        if WHERE == "letting go":
            time.sleep(300)
        self._file.close()

    def _take(self, where: str) -> None:
        if where != WHERE:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HardwareError("another program is using the camera") from None


def _open_held(config: CameraConfig) -> Source:
    return HeldSource(config)


if __name__ == "__main__":
    drivers.open_source = _open_held
    child.RETRY_S = 0.1
    with socket.socket(fileno=int(sys.argv[3])) as daemon:
        child.serve(daemon)
