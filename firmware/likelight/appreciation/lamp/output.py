"""The lamp's output: frames are written to the hardware, which is tried again when it fails."""

import logging
import math
from collections.abc import Callable

from likelight.runtime.backoff import Backoff
from likelight_hw.ports import DARK, HardwareError, LightFrame, Lights

logger = logging.getLogger(__name__)

# The flash governor reaches any frame within 3 s. A frame that still differs then is one that it
# never shows (saturated red), and asking for it again would never end.
SETTLE_S = 3.0
LONGEST_RETRY_S = 30.0


class LampOutput:
    """Writes frames to `lights`; `on_frame` is called at each change of what they show.

    While `retry_s` is a number the lamp does not answer: wait that many seconds before the next
    `write`.
    """

    def __init__(self, lights: Lights, on_frame: Callable[[LightFrame], None]) -> None:
        self.shown = DARK
        """What the lamp shows now; dark when it does not answer."""
        self.trouble = ""
        """Why the lamp does not answer; empty when it does."""
        self.retry_s: float | None = None
        self._lights = lights
        self._on_frame = on_frame
        self._asked: LightFrame | None = None
        self._settle_by = -math.inf
        self._backoff = Backoff(None, cap=LONGEST_RETRY_S)

    def open(self) -> None:
        """Begin, also after a `close`."""
        self._asked = None

    def write(self, frame: LightFrame, at: float) -> LightFrame | None:
        """Ask for `frame`; return what the lamp shows, or None when it does not answer."""
        if frame != self._asked:
            self._asked, self._settle_by = frame, at + SETTLE_S
        try:
            shown = self._lights.write(frame)
        except HardwareError as error:
            self._fail(error)
            return None
        if self.retry_s is not None:
            self.retry_s, self.trouble = None, ""
            self._backoff.reset()
            logger.info("The lamp answers again")
        self._show(shown)
        return shown

    def settling(self, at: float) -> bool:
        """Return whether the lamp is still on its way to the frame that was asked for."""
        return self.shown != self._asked and at < self._settle_by

    def close(self) -> None:
        """Switch the lamp off."""
        self._lights.close()
        self._show(DARK)

    def _fail(self, error: HardwareError) -> None:
        self.trouble = str(error)
        if self.retry_s is None:
            logger.warning("The lamp does not answer: %s. Likes wait until it does", error)
        self.retry_s = self._backoff.next()
        self._asked = None  # a lamp that is back begins in the dark, and has 3 s again to settle
        self._show(DARK)

    def _show(self, shown: LightFrame) -> None:
        if shown != self.shown:
            self.shown = shown
            self._on_frame(shown)
