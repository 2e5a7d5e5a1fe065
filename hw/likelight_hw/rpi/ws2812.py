"""A strip of WS2812 LEDs on a Pi 5, through the kernel's `ws2812-pio` driver.

`dtoverlay=ws2812-pio,gpio=18,num_leds=30` makes `/dev/leds0`. A write of four bytes per LED (red,
green, blue, white; the kernel sends them in the strip's own order) at offset 0 shows them all. A
single byte there is the driver's brightness, of which 0 does not mean dark: it passes the bytes
on as they are, without the driver's own gamma curve (drivers/misc/ws2812-pio-rp1.c). lamps/gamma.py
has applied ours already.
"""

import errno
import os
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from likelight_hw.lamps.gamma import duty_cycles
from likelight_hw.ports import DARK, HardwareError, LightFrame
from likelight_hw.rpi import kernel_file
from likelight_hw.rpi.steps import whole_steps

RAW = b"\x00"
STEPS = 255
MILLIAMPS_LIT = 60
"""One LED in white, as in the WS2812B's data sheet, and as measured: 20 mA in each colour."""
MILLIAMPS_IDLE = 1
"""What its chip takes in the dark."""


class Ws2812Strip:
    """A strip that glows in one colour, and never draws more than `max_milliamps`.

    Every frame is dimmed by the same factor, with which the whole strip in white draws exactly that
    current. Dimming only the frames that need it would let a change from white to green, of less
    luminance, come out as more, and the governor would not know.
    """

    simulated = False

    def __init__(self, device: Path, leds: int, *, max_milliamps: int = 1500) -> None:
        """Open the strip, dark. Raises `HardwareError` when it is absent or shorter."""
        self._device = device
        self._leds = leds
        spare = max_milliamps - leds * MILLIAMPS_IDLE
        self._share = min(1.0, max(0.0, spare / (leds * (MILLIAMPS_LIT - MILLIAMPS_IDLE))))
        self._pixel = b""
        self._file: int | None = None
        with self._as_hardware_error():
            self._file = os.open(device, kernel_file.WRITE)
        try:
            self.write(DARK)
            self._put(RAW)
        except HardwareError:
            self._shut()
            raise

    def write(self, frame: LightFrame) -> LightFrame:
        duties = [duty * self._share for duty in duty_cycles(frame)]
        pixel = bytes((*whole_steps(duties, STEPS), 0))
        if pixel != self._pixel:
            self._put(pixel * self._leds)
            self._pixel = pixel
        return frame

    def close(self) -> None:
        if self._file is not None:
            with suppress(HardwareError):
                self.write(DARK)
            self._shut()

    def _shut(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _put(self, data: bytes) -> None:
        if self._file is None:
            raise HardwareError(f"the strip on {self._device} is closed")
        with self._as_hardware_error():
            # Without an offset each write would continue where the last one ended.
            os.pwrite(self._file, data, 0)

    def _as_hardware_error(self) -> AbstractContextManager[None]:
        return kernel_file.as_hardware_error(f"the strip on {self._device}", self._remedy)

    def _remedy(self, error: OSError) -> str | None:
        match error:
            case FileNotFoundError() | OSError(errno=errno.ENODEV | errno.ENXIO):
                return (
                    f"it is not there; it takes a Pi 5 with a kernel above 6.12.55, and"
                    f" dtoverlay=ws2812-pio,gpio=18,num_leds={self._leds} in config.txt"
                )
            case OSError(errno=errno.EFBIG | errno.ENOSPC):
                return f"it has fewer than {self._leds} LEDs; make num_leds in config.txt as many"
        return None
