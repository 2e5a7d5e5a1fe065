"""The on-air light: one pin, on or off, that nothing else can reach."""

from contextlib import AbstractContextManager, suppress

from gpiozero import LED

from likelight_hw.ports import HardwareError
from likelight_hw.rpi import pins


class PinIndicator:
    """An on-air light on a pin of its own. `lit` is read back from the pin, never remembered.

    A pin reads what is on its pad, so a light that is wired to ground or to 3.3 V by mistake is
    found out. A burnt-out lamp is not: nothing measures its current.
    """

    simulated = False

    def __init__(self, number: int, *, active_low: bool = False) -> None:
        """Claim the pin, off. What keeps it from being had is told by the first `set`."""
        self._number = number
        self._active_low = active_low
        self._led: LED | None = None
        # The kitchen must start without it, too; the gate stays shut until it can be switched.
        with suppress(HardwareError):
            self._claim()

    @property
    def lit(self) -> bool:
        """Whether the pin says that the light is on. Raises `HardwareError` if it can't be read."""
        if self._led is None:
            return False
        with self._in_words():
            return bool(self._led.value)

    def set(self, on: bool) -> None:
        led = self._led or self._claim()
        with self._in_words():
            led.value = on
        if self.lit != on:
            raise HardwareError(
                f"the on-air light on GPIO{self._number} stays {'off' if on else 'on'};"
                " look for a short circuit between the pin and its neighbours"
            )

    def close(self) -> None:
        led, self._led = self._led, None
        if led is not None:
            pins.let_go(led, self._number, high=self._active_low)

    def _claim(self) -> LED:
        with self._in_words():
            self._led = LED(
                self._number, active_high=not self._active_low, pin_factory=pins.factory()
            )
        return self._led

    def _in_words(self) -> AbstractContextManager[None]:
        return pins.in_words(f"the on-air light on GPIO{self._number}")
