"""Where pictures come from."""

import socket
from typing import Protocol

from likelight_hw.picture.planes import Planes
from likelight_hw.ports import LightFrame


class Source(Protocol):
    """A sensor, or what replaces one. Times are `time.monotonic()` unless they say wall."""

    width: int
    height: int
    fps: int
    """Size in pixels, both even, and nominal frames per second."""

    @property
    def arrivals(self) -> socket.socket | None:
        """Readable while a picture waits; None where pictures are `due` by the clock."""

    def start(self, now: float) -> None:
        """Switch on; the first picture may be due at once."""

    def stop(self) -> None:
        """Switch off."""

    def close(self) -> None:
        """Release the sensor, whether it is on or off. Nothing else is called after this.

        Raise `HardwareError` when that can't be done.
        """

    def due(self, now: float) -> float:
        """Return when the next picture is to be painted. Asked once before each picture.

        Not asked where there are `arrivals`.
        """

    def paint(self, planes: Planes, now: float, wall_us: int, lamp: LightFrame) -> int:
        """Paint the whole picture of `now`; `wall_us` is the same instant as wall time.

        Return the wall time of the capture, in microseconds since the epoch. Raise `HardwareError`
        when the sensor is gone.
        """
