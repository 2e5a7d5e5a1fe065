"""The pins of a panel on SPI: what luma needs of RPi.GPIO, over the process's gpiozero factory.

RPi.GPIO does not work on a Pi 5, and luma would import it unless it is given this (luma.core #286).
Imported in the panel's thread, when it is opened.
"""

from collections.abc import Iterable

from gpiozero import DigitalOutputDevice, PWMOutputDevice
from gpiozero.exc import PinPWMUnsupported

from likelight_hw.lamps.gamma import luminance
from likelight_hw.rpi import pins
from likelight_hw.rpi.steps import PERCENT, gpiozero_value, whole_steps

BACKLIGHT_HZ = 1000
"""Software PWM of 100 Hz, gpiozero's default, shows as bands in a camera's picture."""


class LumaPins:
    """The part of RPi.GPIO's interface that luma calls. Pins are GPIO (BCM) numbers."""

    OUT = "out"
    LOW = 0
    HIGH = 1

    def __init__(self) -> None:
        self._outputs: dict[int, DigitalOutputDevice] = {}

    def setup(self, number: int, _mode: str) -> None:
        """Claim a pin as an output, low. Raises `HardwareError` when that fails."""
        with pins.as_hardware_error(f"the panel's GPIO{number}"):
            if number not in self._outputs:
                self._outputs[number] = DigitalOutputDevice(number, pin_factory=pins.factory())

    def output(self, number: int, value: int) -> None:
        with pins.as_hardware_error(f"the panel's GPIO{number}"):
            self._outputs[number].value = value

    def cleanup(self, numbers: Iterable[int] | None = None) -> None:
        """Release these pins, or all, pulled low: a panel in reset is dark."""
        for number in list(self._outputs if numbers is None else numbers):
            pins.release(self._outputs.pop(number), number, high=False)


class Backlight:
    """A pin that lights a panel from behind: by PWM where the pin can, else on and off."""

    def __init__(self, number: int) -> None:
        """Claim a pin, dark: a panel's memory starts with noise, which nobody should see.

        Raises `HardwareError` when that fails.
        """
        self._number = number
        self._output: DigitalOutputDevice | PWMOutputDevice
        with pins.as_hardware_error(f"the panel's backlight on GPIO{number}"):
            try:
                self._output = PWMOutputDevice(
                    number, frequency=BACKLIGHT_HZ, pin_factory=pins.factory()
                )
            except PinPWMUnsupported:
                self._output = DigitalOutputDevice(number, pin_factory=pins.factory())

    def set(self, level: float) -> None:
        """Light the panel at a perceived `level`, 0..1."""
        with pins.as_hardware_error(f"the panel's backlight on GPIO{self._number}"):
            if isinstance(self._output, PWMOutputDevice):
                (percent,) = whole_steps((luminance(level),), PERCENT)
                self._output.value = gpiozero_value(percent)
            else:
                self._output.value = level > 0

    def close(self) -> None:
        """Release the pin, dark."""
        pins.release(self._output, self._number, high=False)
