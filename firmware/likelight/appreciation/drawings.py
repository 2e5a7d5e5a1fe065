"""The drawings of a panel: made in threads, those that answer a press ahead of it."""

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


class Drawings:
    """Draws screens for the panel `info`, and keeps those that were drawn ahead."""

    def __init__(self, info: DisplayInfo) -> None:
        self._info = info
        self._kept: dict[Screen, tuple[_Packed, ...]] = {}

    def kept(self, screen: Screen) -> tuple[Page, ...] | None:
        """Return `screen` if it was drawn ahead."""
        packed = self._kept.get(screen)
        return None if packed is None else tuple(page.unpack() for page in packed)

    def begin(self, screen: Screen) -> asyncio.Future[tuple[Page, ...]]:
        """Draw `screen` in a thread. The future raises `HardwareError` when it can't be drawn."""
        return asyncio.get_running_loop().run_in_executor(None, _draw, screen, self._info)

    async def keep(self, screens: Iterable[Screen]) -> None:
        """Draw `screens` ahead; one that can't be drawn is told when it is due."""
        for screen in screens:
            if screen not in self._kept:
                with suppress(HardwareError):
                    self._kept[screen] = await asyncio.to_thread(_draw_packed, screen, self._info)


@dataclass(frozen=True, slots=True)
class _Packed:
    """A page, kept small: 40 KB in place of 1.2 MB at 800x480, and 4 ms to have it back."""

    mode: str
    size: tuple[int, int]
    pixels: bytes
    text: tuple[str, ...]
    hold_s: float

    def unpack(self) -> Page:
        image = Image.frombytes(self.mode, self.size, zlib.decompress(self.pixels))
        return Page(image, self.text, self.hold_s)


def _draw_packed(screen: Screen, info: DisplayInfo) -> tuple[_Packed, ...]:
    return tuple(
        _Packed(
            page.image.mode,
            page.image.size,
            zlib.compress(page.image.tobytes(), level=1),
            page.text,
            page.hold_s,
        )
        for page in _draw(screen, info)
    )


def _draw(screen: Screen, info: DisplayInfo) -> tuple[Page, ...]:
    try:
        return pages(screen, info)
    except Exception as error:
        log.exception("The screen %s can't be drawn for this panel", screen.name)
        raise HardwareError(f"the screen {screen.name} can't be drawn") from error
