"""Any panel on a blocking bus, as a `Display`: one thread of its own, and the newest image wins.

A new kind of panel needs only a `PanelDriver`: how to draw, dim and close. All of them share what
is here: no bus call runs on the event loop, never do two run at once, each has a time-out, and the
next call opens a failed panel again, with the newest image and brightness.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from PIL import Image

from likelight_hw.ports import DisplayInfo, HardwareError
from likelight_hw.rpi.onethread import OneThread

log = logging.getLogger(__name__)

TIMEOUT_S = 5.0
"""The slowest frame that we know, 230 kB at 8 MHz, takes 0.25 s, and as long again to start up."""

GENTLE = 0.57
"""What an OLED starts with: a quarter of its light. At more, PiKVM's users found its text burnt in
after a year (pikvm #994, #1368)."""


class PanelDriver(Protocol):
    """An opened panel. Every call is made in the panel's thread, and may block, raise or hang."""

    def draw(self, image: Image.Image) -> None:
        """Put the whole image on the panel."""

    def dim(self, level: float) -> None:
        """Set perceived brightness, 0..1; 0 blanks, and memory keeps the picture."""

    def describe(self) -> str:
        """Say what was found and where, for whoever looks for a fault."""

    def close(self) -> None:
        """Let go of bus and pins, without a word to the panel."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What should be seen."""

    image: Image.Image | None
    level: float


class PanelDisplay:
    """A `Display` over whatever `open_driver` opens.

    `open_driver` runs in the thread as well, and raises `HardwareError` or `OSError`. `name` is
    what people call the panel. With `renew_s`, a panel that was opened longer ago is opened anew
    before its next image: for those that can't say that they lost their power for a moment.
    """

    simulated = False

    def __init__(
        self,
        info: DisplayInfo,
        open_driver: Callable[[], PanelDriver],
        *,
        name: str,
        timeout_s: float = TIMEOUT_S,
        renew_s: float | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.info = info
        self._name = name
        self._timeout_s = timeout_s
        self._wish = _Wish(None, GENTLE if info.burns_in else 1.0)
        self._session = _Session(open_driver, name, renew_s, monotonic)
        self._thread = OneThread(name)
        self._turn = asyncio.Lock()
        self._call: asyncio.Future[None] | None = None
        self._closed = False

    async def show(self, image: Image.Image) -> None:
        if (image.size, image.mode) != ((self.info.width, self.info.height), self.info.mode):
            raise ValueError(f"{image.mode} image of {image.size} does not fit {self.info}")
        self._wish = replace(self._wish, image=image.copy())
        await self._refresh()

    async def set_brightness(self, level: float) -> None:
        self._wish = replace(self._wish, level=min(1.0, max(0.0, level)))
        await self._refresh()

    async def probe(self) -> str:
        """Open the panel, if it isn't, and say what and where it is. Raises `HardwareError`."""
        await self._refresh()
        return self._session.found

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            await self._in_thread(self._session.close)
        except HardwareError as error:
            log.warning("The panel may still be lit: %s", error)
        finally:
            self._thread.shutdown(wait=False)

    async def _refresh(self) -> None:
        """Fulfil the newest wish; to whoever waited before, it is fulfilled already."""
        if self._closed:
            raise HardwareError(f"the panel {self._name} has been closed")
        await self._in_thread(lambda: self._session.fulfil(self._wish))

    async def _in_thread(self, work: Callable[[], None]) -> None:
        try:
            async with asyncio.timeout(self._timeout_s), self._turn:
                # A call that hung holds the thread; nothing is queued behind it, however often
                # we are asked meanwhile.
                if self._call is not None and not self._call.done():
                    await asyncio.wait([self._call])
                loop = asyncio.get_running_loop()
                self._call = loop.run_in_executor(self._thread, work)
                self._call.add_done_callback(_noticed)
                await asyncio.shield(self._call)
        except TimeoutError:
            raise HardwareError(
                f"the panel {self._name} hangs: no answer within {self._timeout_s:g} s; "
                "check its wires, then take its power away and give it back"
            ) from None


class _Session:
    """The panel as its thread keeps it: opened when needed, let go of when it fails."""

    def __init__(
        self,
        open_driver: Callable[[], PanelDriver],
        name: str,
        renew_s: float | None,
        monotonic: Callable[[], float],
    ) -> None:
        self.found = ""
        self._open_driver = open_driver
        self._name = name
        self._renew_s = renew_s
        self._monotonic = monotonic
        self._opened_at = 0.0
        self._driver: PanelDriver | None = None
        self._image: Image.Image | None = None
        self._level: float | None = None
        self._strange: str | None = None

    def fulfil(self, wish: _Wish) -> None:
        """Bring the panel to what is wished; do only what differs."""
        try:
            if wish.image is not self._image and self._is_due():
                self._let_go()
            driver = self._opened()
            if wish.level != self._level:
                driver.dim(wish.level)
                self._level = wish.level
            if wish.image is not None and wish.image is not self._image:
                driver.draw(wish.image)
                self._image = wish.image
            self._strange = None
        except Exception as error:
            self._let_go()
            raise self._in_words(error) from error

    def close(self) -> None:
        """Blank the panel, if it is open, and let go of it."""
        try:
            if self._driver is not None:
                self._driver.dim(0.0)
        except Exception as error:
            raise self._in_words(error) from error
        finally:
            self._let_go()

    def _opened(self) -> PanelDriver:
        if self._driver is None:
            self._driver = self._open_driver()
            self._opened_at = self._monotonic()
            self.found = self._driver.describe()
        return self._driver

    def _is_due(self) -> bool:
        return self._renew_s is not None and self._monotonic() - self._opened_at >= self._renew_s

    def _let_go(self) -> None:
        driver, self._driver = self._driver, None
        self._image = self._level = None
        if driver is None:
            return
        try:
            driver.close()
        except (HardwareError, OSError) as error:
            log.info("Letting go of the panel %s: %s", self._name, error)
        except Exception as error:
            # A library's own mistake: its words alone don't lead to it.
            log.info("Letting go of the panel %s: %s", self._name, error, exc_info=True)

    def _in_words(self, error: Exception) -> HardwareError:
        if isinstance(error, HardwareError):
            return error
        words = f"the panel {self._name} failed: {str(error) or type(error).__name__}"
        if not isinstance(error, OSError) and words != self._strange:
            # A library's own mistake must not take the presenter down, but belongs in the log,
            # once in an outage.
            self._strange = words
            log.error("The panel %s failed in an unknown way", self._name, exc_info=error)
        return HardwareError(words)


def _noticed(call: asyncio.Future[None]) -> None:
    """Take note of how a call ended that nobody waits for any more."""
    if not call.cancelled():
        call.exception()
