"""Panels that luma drives: OLEDs on I2C or SPI, small LCDs on SPI.

luma and the libraries of the buses are imported when a panel is opened, in its thread. Where one is
missing, the panel fails with a message, and everything else works.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from PIL import Image

from likelight_hw.lamps.gamma import luminance
from likelight_hw.panels import PANELS, Controller, panel
from likelight_hw.ports import HardwareError
from likelight_hw.rpi import kernel_names
from likelight_hw.rpi.kernel_names import Bus
from likelight_hw.rpi.panel import TIMEOUT_S, PanelDisplay
from likelight_hw.wiring import DisplayWiring

I2C_ADDRESS = 0x3C
PIN_DC = 24
"""luma's own default, and that of most wiring guides for small LCDs."""

SPI_HZ: dict[Controller, int] = {
    # The data sheets' shortest clock cycles: 100 ns, 100 ns and 250 ns.
    "ssd1306": 8_000_000,
    "ssd1309": 8_000_000,
    "sh1106": 4_000_000,
    # More than the data sheets' 15 and 10 MHz; they work at this in practice, and three bytes a
    # pixel need it.
    "st7789": 24_000_000,
    "ili9341": 24_000_000,
}

RENEW_S = 600.0
"""A panel that lost its power for a moment is dark, accepts all we send, and does not say that it
needs a new start. So it is started again this often (s), with a new page: a blink of 0.3 s at
most."""

RESET_S = 0.01
WAKE_S = 0.15
"""After a reset an ST7789 or ILI9341 listens again within 120 ms."""


def luma_display(wiring: DisplayWiring, *, timeout_s: float = TIMEOUT_S) -> PanelDisplay:
    """Return the display on `wiring`; nothing is opened yet. Raises `HardwareError` in words."""
    return PanelDisplay(
        panel(wiring).info,
        lambda: LumaDriver(wiring),
        name=wiring.panel,
        timeout_s=timeout_s,
        renew_s=RENEW_S,
    )


class LumaDriver:
    """An opened panel of luma's."""

    def __init__(self, wiring: DisplayWiring) -> None:
        sold = PANELS[wiring.panel]
        if sold.controller is None:
            raise HardwareError(f"luma doesn't drive the panel {sold.name}; {sold.driver} does")
        self._bus = bus = wiring.bus or sold.bus or "i2c"
        port = (
            kernel_names.tell(kernel_names.header_bus(bus)) if wiring.port is None else wiring.port
        )
        self._where = where = _where(wiring, bus, port)
        self._controller = sold.controller
        self._dims_by_contrast = sold.info.burns_in
        with _as_hardware_error(bus, where), ExitStack() as held:
            # Chips first: without luma, no pin is claimed.
            from likelight_hw.rpi.luma_chips import initialise
            from likelight_hw.rpi.luma_pins import Backlight

            self._backlight: Backlight | None = None
            if wiring.pin_backlight is not None:
                self._backlight = Backlight(wiring.pin_backlight)
                held.callback(self._backlight.close)
            if bus == "spi":
                serial = _spi(wiring, port, sold.controller, held)
            else:
                serial = _i2c(wiring, port, held)
            self._device = initialise(
                sold.controller, serial, sold.info.width, sold.info.height, wiring.rotate
            )
            self._held = held.pop_all()

    def draw(self, image: Image.Image) -> None:
        with _as_hardware_error(self._bus, self._where):
            self._device.display(image)

    def dim(self, level: float) -> None:
        with _as_hardware_error(self._bus, self._where):
            if self._dims_by_contrast and level > 0:
                # An OLED's current, and with it its light, follows the contrast.
                self._device.contrast(max(1, int(255 * luminance(level))))
            if level > 0:
                self._device.show()
            else:
                self._device.hide()
            if self._backlight is not None:
                self._backlight.set(level)

    def describe(self) -> str:
        return f"{self._controller.upper()} at {self._where}"

    def close(self) -> None:
        self._held.close()


def _i2c(wiring: DisplayWiring, port: int, held: ExitStack) -> Any:
    from luma.core.interface.serial import i2c

    serial = i2c(port=port, address=_address(wiring))
    held.callback(serial.cleanup)
    return serial


def _spi(wiring: DisplayWiring, port: int, controller: Controller, held: ExitStack) -> Any:
    from luma.core.interface.serial import spi

    from likelight_hw.rpi.luma_pins import LumaPins

    gpio = LumaPins()
    held.callback(gpio.cleanup)
    serial = spi(
        gpio=gpio,
        port=port,
        device=wiring.chip_select or 0,
        bus_speed_hz=SPI_HZ[controller],
        gpio_DC=PIN_DC if wiring.pin_dc is None else wiring.pin_dc,
        gpio_RST=wiring.pin_reset,
        reset_hold_time=RESET_S,
        reset_release_time=WAKE_S,
    )
    held.callback(serial.cleanup)
    return serial


def _address(wiring: DisplayWiring) -> int:
    return I2C_ADDRESS if wiring.address is None else wiring.address


def _where(wiring: DisplayWiring, bus: Bus, port: int) -> str:
    if bus == "spi":
        return f"/dev/spidev{port}.{wiring.chip_select or 0}"
    return f"0x{_address(wiring):02X} on /dev/i2c-{port}"


@contextmanager
def _as_hardware_error(bus: Bus, where: str) -> Iterator[None]:
    """Turn the errors of luma and the kernel into a `HardwareError` that says what to do."""
    try:
        yield
    except HardwareError:
        # It comes from a pin, and its message already says what to do.
        raise
    except ImportError as error:
        remedy = (
            "`sudo apt install python3-spidev`"
            if error.name == "spidev"
            else "install likelight[rpi]"
        )
        raise HardwareError(
            f"a panel on {bus} needs {error.name}, which is missing: {remedy}"
        ) from error
    except Exception as error:
        # luma raises errors of its own while it handles the kernel's.
        cause = error if isinstance(error, OSError) else error.__context__
        if not isinstance(cause, OSError) or cause.errno is None:
            raise
        raise HardwareError(_remedy(cause.errno, bus, where)) from error


def _remedy(code: int, bus: Bus, where: str) -> str:
    if code == errno.ENOENT:
        switch = "dtparam=i2c_arm=on" if bus == "i2c" else "dtparam=spi=on"
        return f"no bus for the panel at {where}: put {switch} into /boot/firmware/config.txt"
    if code in (errno.EACCES, errno.EPERM):
        return f"not allowed to use the panel at {where}: add likelight's user to the group {bus}"
    if code in (errno.EREMOTEIO, errno.EIO, errno.ENXIO, errno.ETIMEDOUT):
        return f"no panel answers at {where} ({os.strerror(code)}): check its wires and its address"
    return f"the panel at {where} failed: {os.strerror(code)}"
