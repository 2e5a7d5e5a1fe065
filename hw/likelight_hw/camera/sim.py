"""The simulated sensor: the kitchen of sim/kitchen.py, at a steady pace."""

import math

from likelight_hw.camera.config import CameraConfig
from likelight_hw.picture.planes import Planes
from likelight_hw.ports import LightFrame
from likelight_hw.sim.kitchen import KitchenScene


class SimSource:
    """Draws the kitchen `fps` times a second; frames that come too late are left out."""

    arrivals = None

    def __init__(self, config: CameraConfig) -> None:
        self.width = config.width
        self.height = config.height
        self.fps = config.fps
        self._kitchen = KitchenScene(
            config.width, config.height, font=config.font, seed=config.seed
        )
        self._first = 0.0
        self._count = 0

    def start(self, now: float) -> None:
        self._first = now
        self._count = 0

    def stop(self) -> None:
        """Nothing runs between two pictures."""

    def close(self) -> None:
        """There is nothing to release."""

    def due(self, now: float) -> float:
        late = math.floor((now - self._first) * self.fps)
        self._count = max(self._count, late)
        at = self._first + self._count / self.fps
        self._count += 1
        return at

    def paint(self, planes: Planes, now: float, wall_us: int, lamp: LightFrame) -> int:
        self._kitchen.paint(planes, wall_us / 1e6, lamp)
        return wall_us
