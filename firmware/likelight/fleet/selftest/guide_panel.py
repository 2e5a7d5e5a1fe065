"""The panel as the self-test's guide: it shows what to do, page after page."""

import asyncio
from contextlib import suppress

from likelight.appreciation.panel.drawings import PackedPage, draw
from likelight.appreciation.panel.surface import PanelSurface
from likelight.appreciation.screens.models import Screen
from likelight_hw.ports import Display, HardwareError


class GuidePanel:
    """The panel as a guide. When it fails, the terminal goes on, and `trouble` says why."""

    def __init__(self, display: Display) -> None:
        self.info = display.info
        self.trouble: str | None = None
        self.page: PackedPage | None = None
        """What is on the panel."""
        self._surface = PanelSurface(display)
        self._screen: Screen | None = None
        self._pages: tuple[PackedPage, ...] = ()
        self._changed = asyncio.Event()
        self._busy = asyncio.Lock()

    async def show(self, screen: Screen) -> bool:
        """Put the first page of `screen` on the panel; return whether it got there."""
        try:
            drawn = await asyncio.to_thread(draw, screen, self.info)
        except HardwareError as error:
            self.page, self.trouble = None, str(error)
            return False
        async with self._busy:
            self._screen, self._pages = screen, drawn
            self._changed.set()
            return await self._put(screen, drawn[0])

    async def turn_pages(self) -> None:
        """Show the further pages of what is too long for one, round and round."""
        while True:
            self._changed.clear()
            screen, shown, turn = self._screen, self._pages, 0
            if screen is None or len(shown) < 2:
                await self._changed.wait()
                continue
            while not await self._changes_within(shown[turn].hold_s):
                turn = (turn + 1) % len(shown)
                async with self._busy:
                    if shown is self._pages:
                        await self._put(screen, shown[turn])

    async def _changes_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._changed.wait()
        return False

    async def _put(self, screen: Screen, page: PackedPage) -> bool:
        try:
            await self._surface.put(screen, page, 1.0)
        except (HardwareError, TimeoutError) as error:
            self._surface.forget()
            self.page, self.trouble = None, str(error) or "it did not take a picture in time"
            return False
        self.page, self.trouble = page, None
        return True
