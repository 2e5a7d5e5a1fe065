"""The drawings of a panel: made in threads, those that answer a press ahead of it."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

from likelight.appreciation.screens.models import Page, Screen
from likelight.appreciation.screens.render import pages
from likelight_hw.ports import DisplayInfo, HardwareError

log = logging.getLogger(__name__)


class Drawings:
    """Draws screens for the panel `info`, and keeps those that were drawn ahead."""

    def __init__(self, info: DisplayInfo) -> None:
        self._info = info
        self._kept: dict[Screen, tuple[Page, ...]] = {}

    def kept(self, screen: Screen) -> tuple[Page, ...] | None:
        """Return `screen` if it was drawn ahead."""
        return self._kept.get(screen)

    def begin(self, screen: Screen) -> asyncio.Future[tuple[Page, ...]]:
        """Draw `screen` in a thread. The future raises `HardwareError` when it can't be drawn."""
        return asyncio.get_running_loop().run_in_executor(None, _draw, screen, self._info)

    async def keep(self, screens: Iterable[Screen]) -> None:
        """Draw `screens` ahead; one that can't be drawn is told when it is due."""
        for screen in screens:
            if screen not in self._kept:
                with suppress(HardwareError):
                    self._kept[screen] = await self.begin(screen)


def _draw(screen: Screen, info: DisplayInfo) -> tuple[Page, ...]:
    try:
        return pages(screen, info)
    except Exception as error:
        log.exception("The screen %s can't be drawn for this panel", screen.name)
        raise HardwareError(f"the screen {screen.name} can't be drawn") from error
