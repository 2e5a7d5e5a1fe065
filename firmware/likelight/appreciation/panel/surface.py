"""What is on the panel now: it is moved, dimmed and framed without being drawn again."""

import asyncio
from dataclasses import dataclass

from likelight.appreciation.panel.drawings import PackedPage
from likelight.appreciation.screens.care import framed, moved
from likelight.appreciation.screens.models import Screen
from likelight_hw.ports import Display, DisplayInfo

SHOW_TIMEOUT_S = 15.0
"""The slowest panel that we know, electronic paper in colour, takes 12 s."""


@dataclass(frozen=True, slots=True)
class PanelContent:
    """What is on the panel: the name of the screen and its lines of text."""

    screen: str = "blank"
    text: tuple[str, ...] = ()


class PanelSurface:
    """A display and what it shows. Every method may raise `HardwareError` or `TimeoutError`.

    After either call `forget`: everything is then sent to the panel again.
    """

    def __init__(self, display: Display) -> None:
        self._display = display
        self._shown = PanelContent()
        self._page: PackedPage | None = None
        self._level: float | None = None
        self._offset = (0, 0)
        self._framed = False

    @property
    def info(self) -> DisplayInfo:
        return self._display.info

    @property
    def shown(self) -> PanelContent:
        """What people see; a dark panel shows nothing."""
        return self._shown if self._level else PanelContent()

    @property
    def framed(self) -> bool:
        """True while the frame that acknowledges a press is around the picture."""
        return self._framed

    async def put(self, screen: Screen, page: PackedPage, level: float) -> None:
        """Bring `page` to the panel at this brightness; return once it can be seen."""
        if self._level is not None and level < self._level:
            await self.set_brightness(level)
        self._page, self._framed = page, False
        await self._send()
        self._shown = PanelContent(screen.name, page.text)
        await self.set_brightness(level)

    async def set_brightness(self, level: float) -> None:
        """Set the brightness, 0..1; 0 is dark."""
        if level != self._level:
            self._level = None
            async with asyncio.timeout(SHOW_TIMEOUT_S):
                await self._display.set_brightness(level)
            self._level = level

    async def move(self, offset: tuple[int, int]) -> None:
        """Move the picture by `offset` (right, down; in pixels) from its normal place."""
        if offset != self._offset:
            self._offset = offset
            await self._send()

    async def frame(self, on: bool) -> None:
        """Draw a frame around the picture, or remove it."""
        if on != self._framed:
            self._framed = on
            await self._send()

    def forget(self) -> None:
        """Forget what the panel shows."""
        self._shown, self._page, self._level, self._framed = PanelContent(), None, None, False

    async def _send(self) -> None:
        page = self._page
        if page is None:
            return
        # In a thread: it takes 5 ms for our largest panel, and several times as long on a Zero 2 W.
        image = moved(await asyncio.to_thread(page.image), *self._offset)
        if self._framed:
            image = framed(image)
        async with asyncio.timeout(SHOW_TIMEOUT_S):
            await self._display.show(image)
