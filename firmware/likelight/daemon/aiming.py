"""The picture on the kitchen's own panel, for aiming the camera after a consent there.

It is one more use of the sensor behind the gate: with consent, without PRIVACY, with the on-air
light, and with the masks applied. Pictures go to the panel alone and are forgotten.
"""

import asyncio
from collections.abc import Callable

from likelight.appreciation.screens.models import AimScreen, Screen, StatusScreen
from likelight.assets.crew_words import CrewWords
from likelight.contract import State
from likelight.gate.on_air import OnAir
from likelight_hw.ports import DisplayInfo

AIM_S = 180.0
"""Somebody on a ladder needs a minute or two."""
WORDS_S = 20.0
"""How long a panel in one bit says where the picture is: it can't show one, so no sensor opens."""
AIM_WITHIN_S = 600.0
"""Who shares later than this after a consent does not aim: the panel has other things to show."""
_ON_AIR = (State.IDLE, State.LIVE, State.FAULT)
"""The states in which nothing but the camera itself, or nobody's wish, keeps pictures back."""


def may_show(on_air: OnAir) -> bool:
    """Return whether the kitchen's own panel may show the camera's picture."""
    return not on_air.wants_privacy and on_air.state in _ON_AIR


class Aiming:
    """Begins once the crew shares within 10 minutes after `allow`; ends after 3 minutes, with
    PRIVACY, or with anything else that shuts the gate.

    A component. `show` gets what the panel shows for it, None at the end; `on_change` is called
    when `wants_pictures` may have changed, and tells the gate.
    """

    def __init__(
        self,
        on_air: OnAir,
        panel: DisplayInfo,
        words: CrewWords,
        *,
        show: Callable[[Screen | None], None],
        on_change: Callable[[], None],
    ) -> None:
        self.active = False
        """Whether the panel shows the picture, or what it says instead."""
        self._on_air = on_air
        self._pictured = panel.mode == "RGB"
        how = words.aim_ends if self._pictured else words.aim_page
        self._words = StatusScreen(words.aim, how, "camera")
        self._show = show
        self._on_change = on_change
        self._allowed_until = float("-inf")
        self._ends_at = float("inf")
        self._changed = asyncio.Event()

    @property
    def wants_pictures(self) -> bool:
        """Whether it needs the camera's JPEGs."""
        return self.active and self._pictured

    def allow(self) -> None:
        """The crew has just consented at the panel."""
        self._allowed_until = _now() + AIM_WITHIN_S
        self._changed.set()

    def gate_changed(self) -> None:
        """The gate's state has changed; one that may not be open ends it at once."""
        if self.active and not self._may_go_on:
            self._end()
        self._changed.set()

    def picture(self, jpeg: bytes) -> None:
        """A picture has passed the gate."""
        if self.wants_pictures:
            self._show(AimScreen(jpeg))

    async def run(self) -> None:
        """Begin and end, for ever."""
        try:
            while True:
                self._changed.clear()
                if not self.active and _now() < self._allowed_until and self._may_go_on:
                    self._begin()
                try:
                    async with asyncio.timeout_at(self._ends_at if self.active else None):
                        await self._changed.wait()
                except TimeoutError:
                    self._end()
        finally:
            if self.active:
                self._end()

    @property
    def _may_go_on(self) -> bool:
        return may_show(self._on_air)

    def _begin(self) -> None:
        self.active = True
        lasts = AIM_S if self._pictured else WORDS_S
        self._allowed_until, self._ends_at = float("-inf"), _now() + lasts
        self._show(self._words)
        self._on_change()

    def _end(self) -> None:
        self.active = False
        self._on_change()
        self._show(None)


def _now() -> float:
    return asyncio.get_running_loop().time()
