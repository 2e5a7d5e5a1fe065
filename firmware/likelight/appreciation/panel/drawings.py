"""The drawings for a panel, made in threads; answers to a press are drawn before any press."""

import asyncio
import logging
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from PIL import Image

from likelight.appreciation.screens.models import Page, Screen
from likelight.appreciation.screens.render import pages
from likelight_hw.ports import DisplayInfo, HardwareError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PackedPage:
    """A page in compressed form: 40 KB instead of 1.5 MB at 800x480; unpacking takes 2 ms."""

    mode: str
    size: tuple[int, int]
    pixels: bytes
    text: tuple[str, ...]
    hold_s: float

    def image(self) -> Image.Image:
        return Image.frombytes(self.mode, self.size, zlib.decompress(self.pixels))


class Drawings:
    """Draws screens for the panel `info`, and keeps those that were drawn in advance."""

    def __init__(self, info: DisplayInfo) -> None:
        self._info = info
        self._kept: dict[Screen, tuple[PackedPage, ...]] = {}

    def kept(self, screen: Screen) -> tuple[PackedPage, ...] | None:
        """Return the pages of `screen` if it was drawn in advance, else None."""
        return self._kept.get(screen)

    def begin(self, screen: Screen) -> asyncio.Future[tuple[PackedPage, ...]]:
        """Draw `screen` in a thread. The future raises `HardwareError` when it can't be drawn."""
        return asyncio.get_running_loop().run_in_executor(None, draw, screen, self._info)

    async def keep(self, screens: Iterable[Screen]) -> None:
        """Draw `screens` in advance. One that can't be drawn raises when it is to be shown."""
        for screen in screens:
            if screen not in self._kept:
                with suppress(HardwareError):
                    self._kept[screen] = await asyncio.to_thread(draw, screen, self._info)


def draw(screen: Screen, info: DisplayInfo) -> tuple[PackedPage, ...]:
    """Draw `screen` for the panel `info`. Raises `HardwareError` when it can't be drawn."""
    try:
        return tuple(map(_pack, pages(screen, info)))
    except Exception as error:
        log.exception("The screen %s can't be drawn for this panel", screen.name)
        raise HardwareError(f"the screen {screen.name} can't be drawn") from error


def _pack(page: Page) -> PackedPage:
    pixels = zlib.compress(page.image.tobytes())
    return PackedPage(page.image.mode, page.image.size, pixels, page.text, page.hold_s)
