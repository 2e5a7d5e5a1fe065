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
"""The slowest frame that we know, 230 kB at 8 MHz, takes 0.25 s, and starting up takes another 0.25
s."""

OLED_LEVEL = 0.57
"""What an OLED starts with: a quarter of its light. At more, PiKVM's users found its text burnt in
after a year (pikvm #994, #1368)."""


class PanelDriver(Protocol):
    """An opened panel. Every call is made in the panel's thread, and may block, raise or hang."""

    def draw(self, image: Image.Image) -> None:
        """Put the whole image on the panel."""

    def dim(self, level: float) -> None:
        """Set perceived brightness, 0..1; 0 blanks, and memory keeps the picture."""

    def describe(self) -> str:
        """Say which chip was found where, for a person who looks for a fault."""

    def close(self) -> None:
        """Release bus and pins, and send nothing to the panel."""


@dataclass(frozen=True, slots=True)
class _Desired:
    """What the panel should show."""

    image: Image.Image | None
    level: float


class PanelDisplay:
    """A `Display` over the driver that `open_driver` opens.

    `open_driver` runs in the thread too, and raises `HardwareError` or `OSError`. `name` is what
    people call the panel. With `renew_s`, a panel that was opened longer ago is opened again before
    its next image: for panels that can't say that they lost their power for a moment.
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
        self._desired = _Desired(None, OLED_LEVEL if info.burns_in else 1.0)
        self._session = _Session(open_driver, name, renew_s, monotonic)
        self._thread = OneThread(name)
        self._turn = asyncio.Lock()
        self._call: asyncio.Future[None] | None = None
        self._closed = False

    async def show(self, image: Image.Image) -> None:
        if (image.size, image.mode) != ((self.info.width, self.info.height), self.info.mode):
            raise ValueError(f"{image.mode} image of {image.size} does not fit {self.info}")
        self._desired = replace(self._desired, image=image.copy())
        await self._refresh()

    async def set_brightness(self, level: float) -> None:
        self._desired = replace(self._desired, level=min(1.0, max(0.0, level)))
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
        """Show the newest image and brightness, unless an earlier call has already shown them."""
        if self._closed:
            raise HardwareError(f"the panel {self._name} has been closed")
        await self._in_thread(lambda: self._session.apply(self._desired))

    async def _in_thread(self, work: Callable[[], None]) -> None:
        try:
            async with asyncio.timeout(self._timeout_s), self._turn:
                # A call that hangs holds the thread. Nothing is queued behind it, even if more
                # callers come meanwhile.
                if self._call is not None and not self._call.done():
                    await asyncio.wait([self._call])
                loop = asyncio.get_running_loop()
                self._call = loop.run_in_executor(self._thread, work)
                await self._result(self._call)
        except TimeoutError:
            raise HardwareError(
                f"the panel {self._name} hangs: no answer within {self._timeout_s:g} s; "
                "check its wires, then switch its power off and on"
            ) from None

    async def _result(self, call: asyncio.Future[None]) -> None:
        """Wait for `call`, and raise what it raises; when the wait is given up, log it instead."""
        try:
            await asyncio.shield(call)
        except asyncio.CancelledError:
            call.add_done_callback(self._log_failure)
            raise

    def _log_failure(self, call: asyncio.Future[None]) -> None:
        if not call.cancelled() and (error := call.exception()) is not None:
            log.info("A call to the panel %s failed after its time-out: %s", self._name, error)


class _Session:
    """The panel as its thread keeps it: opened when needed, closed when it fails."""

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
        self._unknown_failure: str | None = None

    def apply(self, desired: _Desired) -> None:
        """Bring the panel to what is desired; do only what differs."""
        try:
            if desired.image is not self._image and self._is_due():
                self._close_driver()
            driver = self._opened()
            if desired.level != self._level:
                driver.dim(desired.level)
                self._level = desired.level
            if desired.image is not None and desired.image is not self._image:
                driver.draw(desired.image)
                self._image = desired.image
            self._unknown_failure = None
        except Exception as error:
            self._close_driver()
            raise self._as_hardware_error(error) from error

    def close(self) -> None:
        """Blank the panel, if it is open, and close it."""
        try:
            if self._driver is not None:
                self._driver.dim(0.0)
        except Exception as error:
            raise self._as_hardware_error(error) from error
        finally:
            self._close_driver()

    def _opened(self) -> PanelDriver:
        if self._driver is None:
            self._driver = self._open_driver()
            self._opened_at = self._monotonic()
            self.found = self._driver.describe()
        return self._driver

    def _is_due(self) -> bool:
        return self._renew_s is not None and self._monotonic() - self._opened_at >= self._renew_s

    def _close_driver(self) -> None:
        driver, self._driver = self._driver, None
        self._image = self._level = None
        if driver is None:
            return
        try:
            driver.close()
        except (HardwareError, OSError) as error:
            log.info("Closing the panel %s failed: %s", self._name, error)
        except Exception as error:
            # A fault in a library: its message alone does not say where it is.
            log.info("Closing the panel %s failed: %s", self._name, error, exc_info=True)

    def _as_hardware_error(self, error: Exception) -> HardwareError:
        if isinstance(error, HardwareError):
            return error
        words = f"the panel {self._name} failed: {str(error) or type(error).__name__}"
        if not isinstance(error, OSError) and words != self._unknown_failure:
            # A fault in a library must not end the presenter, but belongs in the log, once in an
            # outage.
            self._unknown_failure = words
            log.error("The panel %s failed in an unknown way", self._name, exc_info=error)
        return HardwareError(words)
