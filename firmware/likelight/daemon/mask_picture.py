"""One picture of the camera, behind the masks that the crew is asked about.

It is one more use of the sensor behind the gate, as aiming is: with consent, without PRIVACY, with
the on-air light, and under the masks that hold. The picture goes to the panel alone.
"""

import asyncio
from collections.abc import Callable

from likelight.assets.crew_words import CrewWords
from likelight.contract import Cause, State
from likelight.daemon.aiming import may_show
from likelight.gate.on_air import OnAir
from likelight_hw.ports import DisplayInfo

PICTURE_WITHIN_S = 30.0
"""A camera starts within some seconds; for one that does not the gate stays open no longer."""


class MaskPicture:
    """Takes a picture while masks are asked about, and forgets it when that ends, or the gate may
    not be open any more. A panel in one bit shows none.

    `on_change` is called when `wants_pictures`, `jpeg` or `why_none` have changed.
    """

    def __init__(
        self,
        on_air: OnAir,
        panel: DisplayInfo,
        words: CrewWords,
        *,
        on_change: Callable[[], None],
    ) -> None:
        self.jpeg = b""
        """The picture; empty while there is none."""
        self.why_none = ""
        """What keeps it back, in the crew's words; empty while it may still come."""
        self._on_air = on_air
        self._pictured = panel.mode == "RGB"
        self._words = words
        self._on_change = on_change
        self._asked = self._too_late = False
        self._waits: asyncio.TimerHandle | None = None

    @property
    def wants_pictures(self) -> bool:
        """Whether it needs the camera's JPEGs."""
        return self._waits is not None

    def ask(self, asked: bool) -> None:
        """Masks are asked about, or not any more."""
        self._asked = asked and self._pictured
        self._decide()

    def gate_changed(self) -> None:
        """The gate's state has changed."""
        self._decide()

    def picture(self, jpeg: bytes) -> None:
        """A picture has passed the gate."""
        if self.wants_pictures:
            self.jpeg = jpeg
            self._decide()

    def _decide(self) -> None:
        before = self.wants_pictures, self.jpeg, self.why_none
        may = self._asked and may_show(self._on_air)
        if not may:
            self.jpeg, self._too_late = b"", False
        waits = may and not self.jpeg and not self._too_late
        if waits and self._waits is None:
            loop = asyncio.get_running_loop()
            self._waits = loop.call_later(PICTURE_WITHIN_S, self._give_up)
        elif not waits and self._waits is not None:
            self._waits.cancel()
            self._waits = None
        self.why_none = self._why() if self._asked and not waits and not self.jpeg else ""
        if before != (self.wants_pictures, self.jpeg, self.why_none):
            self._on_change()

    def _give_up(self) -> None:
        self._too_late = True
        self._decide()

    def _why(self) -> str:
        words, report = self._words, self._on_air.report
        if self._too_late:
            return words.camera_trouble
        match report.state, report.cause:
            case State.PRIVATE, _:
                return f"{words.camera_off} {words.press_again}"
            case State.OFF, Cause.CONSENT:
                return f"{words.camera_off} {words.waits_for_consent}"
            case State.OFF, Cause.DESIRED:
                return f"{words.camera_off} {words.office}"
        return words.camera_off
