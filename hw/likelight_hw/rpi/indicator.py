"""The on-air light: one pin, on or off, that nothing else uses."""

from contextlib import AbstractContextManager, suppress

from gpiozero import LED

from likelight_hw.ports import HardwareError
from likelight_hw.rpi import pins


class PinIndicator:
    """An on-air light on a pin of its own. `lit` is read back from the pin, never remembered.

    A pin reads the level at its pad, so a light that is wired to ground or to 3.3 V by mistake is
    noticed. A burnt-out lamp is not: nothing measures its current.
    """

    simulated = False

    def __init__(self, number: int, *, active_low: bool = False) -> None:
        """Claim the pin, off. When that fails, the first `set` says why."""
        self._number = number
        self._active_low = active_low
        self._led: LED | None = None
        # The daemon must start without it, too. Its gate stays shut until the light works.
        with suppress(HardwareError):
            self._claim()

    @property
    def lit(self) -> bool:
        """Whether the pin says that the light is on. Raises `HardwareError` if it can't be read."""
        if self._led is None:
            return False
        with self._as_hardware_error():
            return bool(self._led.value)

    def set(self, on: bool) -> None:
        led = self._led or self._claim()
        with self._as_hardware_error():
            led.value = on
        if self.lit != on:
            raise HardwareError(
                f"the on-air light on GPIO{self._number} stays {'off' if on else 'on'};"
                " look for a short circuit between the pin and its neighbours"
            )

    def close(self) -> None:
        led, self._led = self._led, None
        if led is not None:
            pins.release(led, self._number, high=self._active_low)

    def _claim(self) -> LED:
        with self._as_hardware_error():
            self._led = LED(
                self._number, active_high=not self._active_low, pin_factory=pins.factory()
            )
        return self._led

    def _as_hardware_error(self) -> AbstractContextManager[None]:
        return pins.as_hardware_error(f"the on-air light on GPIO{self._number}")
