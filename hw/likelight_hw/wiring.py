"""What is wired to which pin. Pins are GPIO (BCM) numbers.

The caller has checked these against the board; a driver takes them as they are.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class PwmChannel:
    """A hardware PWM: the chip by its device's name (`fe20c000.pwm`), and the channel on it.

    The number in `/sys/class/pwm/pwmchipN` changes with the kernel; the device's name doesn't.
    """

    chip: str
    channel: int


@dataclass(frozen=True, slots=True)
class LampWiring:
    """One lamp. Which fields count depends on `driver`.

    `pin`: pwm, onoff, sysfs-pwm. `pins` (red, green, blue): rgb. `pwm`: sysfs-pwm, and always set
    there. `device`, `leds` and `max_milliamps` (of all LEDs together): ws2812-pio.
    """

    driver: str = "sim"
    pin: int | None = None
    pins: tuple[int, int, int] | None = None
    active_low: bool = False
    frequency_hz: int = 1000
    pwm: PwmChannel | None = None
    device: Path = Path("/dev/leds0")
    leds: int = 0
    max_milliamps: int = 1500


@dataclass(frozen=True, slots=True)
class IndicatorWiring:
    """The on-air light; `pin` is set for every driver but `sim`."""

    driver: str = "sim"
    pin: int | None = None
    active_low: bool = False


@dataclass(frozen=True, slots=True)
class DisplayWiring:
    """One panel. None means the panel's own value (`panels.PANELS[panel]`) or the driver's default.

    `port`, `address` (I2C) and `chip_select` (SPI) say where a luma panel is; `device` is a
    framebuffer's path; `rotate` counts quarter turns clockwise.
    """

    driver: str = "sim"
    panel: str = "lcd-7"
    bus: Literal["i2c", "spi"] | None = None
    port: int | None = None
    address: int | None = None
    chip_select: int | None = None
    device: Path | None = None
    pin_dc: int | None = None
    pin_reset: int | None = None
    pin_backlight: int | None = None
    rotate: Literal[0, 1, 2, 3] = 0
    mm_per_px: float | None = None
    reading_distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class ButtonWiring:
    """One button, between `pin` and ground; `pin` is set for every driver but `sim`."""

    driver: str = "sim"
    pin: int | None = None


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything that one device is wired to."""

    lights: tuple[LampWiring, ...] = (LampWiring(),)
    indicator: IndicatorWiring = IndicatorWiring()
    display: DisplayWiring = DisplayWiring()
    thanks: ButtonWiring = ButtonWiring()
    privacy: ButtonWiring = ButtonWiring()
