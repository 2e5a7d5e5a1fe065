"""A lamp made of memory."""

import time
from collections import deque
from collections.abc import Callable

from likelight_hw.ports import DARK, HardwareError, LightFrame

# Over two minutes of motion at 50 frames a second.
HISTORY = 8192


class SimLights:
    """A lamp that shows each frame at once, and remembers it.

    `frame` is what it shows; `history` holds the last frames with the time, in seconds of
    `monotonic`, at which each was written. Setting `broken` pulls its plug: it goes dark, and
    every write raises `HardwareError` until `broken` is false again. After `close` it is off,
    and the next write lights it again.
    """

    simulated = True

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._broken = False
        self.frame = DARK
        self.history: deque[tuple[float, LightFrame]] = deque(maxlen=HISTORY)

    @property
    def broken(self) -> bool:
        return self._broken

    @broken.setter
    def broken(self, broken: bool) -> None:
        self._broken = broken
        if broken:
            self._show(DARK)

    def write(self, frame: LightFrame) -> LightFrame:
        if self._broken:
            raise HardwareError("the simulated lamp is unplugged; plug it in again")
        self._show(frame)
        return frame

    def close(self) -> None:
        if self.frame != DARK:
            self._show(DARK)

    def _show(self, frame: LightFrame) -> None:
        self.frame = frame
        self.history.append((self._monotonic(), frame))
