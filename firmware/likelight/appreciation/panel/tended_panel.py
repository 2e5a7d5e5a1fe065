"""Keeps a panel right: its brightness, its picture's place, and the frame after a press."""

import asyncio

from likelight.appreciation.buttons.attention import Attention
from likelight.appreciation.panel.drawings import PackedPage
from likelight.appreciation.panel.settings import PanelSettings
from likelight.appreciation.panel.surface import PanelContent, PanelSurface
from likelight.appreciation.screens.care import SHIFT_EVERY_S, brightness, orbit
from likelight.appreciation.screens.models import IdleScreen, Screen
from likelight_hw.ports import Display

TEND_S = 10.0
"""Brightness and place of a panel that burns in are checked this often (s)."""


class TendedPanel:
    """Brings pages to `display`, and keeps it as bright and as still as the kitchen needs it.

    `put` and `tend` may raise `HardwareError` or `TimeoutError`; call `forget` then.
    """

    def __init__(self, display: Display, attention: Attention, settings: PanelSettings) -> None:
        self.reading = False
        """True while a note is shown, which somebody may be reading."""
        self._surface = PanelSurface(display)
        self._attention = attention
        self._settings = settings
        self._screen: tuple[Screen, float] | None = None
        """The screen that is shown, and since when."""

    @property
    def content(self) -> PanelContent:
        """What is on the panel; a dark one shows nothing."""
        return self._surface.shown

    def shows(self, screen: Screen) -> bool:
        """Return whether `screen`, or a page of it, is on the panel, lit."""
        shown = None if self._screen is None else self._screen[0]
        return shown == screen and self.content.screen == screen.name

    @property
    def burns_in(self) -> bool:
        return self._surface.info.burns_in

    async def put(self, screen: Screen, page: PackedPage) -> float:
        """Bring a page of `screen` to the panel; return when it got there, in the loop's time."""
        if self._screen is None or self._screen[0] != screen:
            self._screen = screen, _now()
        self._attention.answered()
        await self._surface.put(screen, page, self._brightness())
        return _now()

    async def tend(self) -> None:
        """Draw the frame after a press, and set the brightness and the place of the picture.

        What only moves or dims costs one transfer and no drawing.
        """
        await self._surface.frame(self._attention.felt)
        await self._surface.set_brightness(self._brightness())
        if self.burns_in:
            await self._surface.move(orbit(int(_now() // SHIFT_EVERY_S)))

    def forget(self) -> None:
        """The panel failed: forget what it shows."""
        self._surface.forget()

    def _brightness(self) -> float:
        screen, since = self._screen or (None, _now())
        return brightness(
            burns_in=self.burns_in,
            quiet=self._settings.quiet(),
            night=self._settings.night_brightness,
            attended=self.reading or self._attention.crew_present,
            still_s=_now() - since,
            needed=not isinstance(screen, IdleScreen),
        )


def _now() -> float:
    return asyncio.get_running_loop().time()
