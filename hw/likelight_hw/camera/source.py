"""Where pictures come from."""

from typing import Protocol

from likelight_hw.camera.planes import Planes
from likelight_hw.ports import LightFrame


class Source(Protocol):
    """A sensor, or what stands in for one. Times are `time.monotonic()` unless they say wall."""

    width: int
    height: int
    fps: int
    """Size in pixels, both even, and nominal frames per second."""

    def start(self, now: float) -> None:
        """Switch on; the first picture may be due at once."""

    def stop(self) -> None:
        """Switch off."""

    def due(self, now: float) -> float:
        """Return when the next picture is to be painted. Asked once before each picture."""

    def paint(self, planes: Planes, now: float, wall_us: int, lamp: LightFrame) -> None:
        """Paint the whole picture of `now`; `wall_us` is the same instant as wall time."""
