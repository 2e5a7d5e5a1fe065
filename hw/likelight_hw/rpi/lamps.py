"""Lamps on the header's pins: dimmed by PWM, in one colour or three, or only switched on and off.

A lamp of one colour shows of a frame what a black-and-white picture would: its luminance. That
is the very thing that the governor watches, so that no change of colour gets past it.
"""

import math
from collections.abc import Callable, Sequence

from gpiozero import LED, PWMLED

from likelight_hw.lamps.gamma import duty_cycles, relative_luminance
from likelight_hw.ports import DARK, HardwareError, LightFrame
from likelight_hw.rpi import pins
from likelight_hw.rpi.steps import PERCENT, gpiozero_value, whole_steps

# Perceived brightness. The brightest base layer has 0.26, the weakest gesture that means something
# (THANKS over PRIVATE) 0.44, and the glow of one like 0.48 and more.
ON_FROM = 0.40
OFF_BELOW = 0.32
DWELL_S = 2.0
FULL = LightFrame(1.0, (255, 255, 255))


class PwmLamp:
    """A lamp that lgpio's software PWM dims in whole percents.

    One pin is a white lamp, three are red, green and blue. `frequency_hz` of 1000 and more does
    not band in a camera's picture; lgpio goes up to 10,000.
    """

    simulated = False

    def __init__(
        self, numbers: Sequence[int], *, active_low: bool = False, frequency_hz: int = 1000
    ) -> None:
        """Claim the pins, dark. Raises `HardwareError` when one can't be claimed."""
        self._numbers = tuple(numbers)
        self._active_low = active_low
        # Three PWMLED and no RGBLED, which would leave the frequency at 100 Hz.
        self._leds: list[PWMLED] = []
        self._steps: tuple[int, ...] = (0,) * len(self._numbers)
        try:
            for number in self._numbers:
                with pins.as_hardware_error(f"the lamp on GPIO{number}"):
                    self._leds.append(
                        PWMLED(
                            number,
                            active_high=not active_low,
                            frequency=frequency_hz,
                            pin_factory=pins.factory(),
                        )
                    )
        except BaseException:
            self.close()
            raise

    def write(self, frame: LightFrame) -> LightFrame:
        duties = duty_cycles(frame) if len(self._numbers) == 3 else (relative_luminance(frame),)
        if not self._leds:
            raise HardwareError(f"the lamp on GPIO{self._numbers[0]} is closed")
        self._set(whole_steps(duties, PERCENT))
        return frame

    def close(self) -> None:
        leds, self._leds = self._leds, []
        for led, number in zip(leds, self._numbers, strict=False):
            pins.release(led, number, high=self._active_low)

    def _set(self, steps: tuple[int, ...]) -> None:
        for number, led, step, before in zip(
            self._numbers, self._leds, steps, self._steps, strict=True
        ):
            if step != before:
                with pins.as_hardware_error(f"the lamp on GPIO{number}"):
                    led.value = gpiozero_value(step, active_low=self._active_low)
        self._steps = steps


class OnOffLamp:
    """A lamp behind a relay, or a MOSFET, that knows only on and off.

    It is on while it should be brighter than any base layer, in any colour, and then for `DWELL_S`
    at least: a relay lasts for about 100,000 switchings under load, and one that followed each
    flicker of a busy evening, once a second, would be worn out in a day. At 500 gestures a day it
    lasts 100 days, so a MOSFET, which does not wear, is the better choice.

    Its edge is as sudden as its switch. What keeps it from strobing is the dwell: one change in
    2 s is half a flash.
    """

    simulated = False

    def __init__(
        self, number: int, monotonic: Callable[[], float], *, active_low: bool = False
    ) -> None:
        """Claim the pin, off. `monotonic` gives seconds. Raises `HardwareError` without it."""
        self._number = number
        self._monotonic = monotonic
        self._active_low = active_low
        self._switched_at = -math.inf
        self._on = False
        with pins.as_hardware_error(f"the lamp on GPIO{number}"):
            self._led: LED | None = LED(
                number, active_high=not active_low, pin_factory=pins.factory()
            )

    def write(self, frame: LightFrame) -> LightFrame:
        """Switch if it is time to; return `frame`, or what it shows while it may not switch yet."""
        wanted = frame.level >= (OFF_BELOW if self._on else ON_FROM)
        if wanted != self._on:
            now = self._monotonic()
            if now - self._switched_at < DWELL_S:
                return FULL if self._on else DARK
            self._switch(wanted)
            self._switched_at = now
        return frame

    def close(self) -> None:
        led, self._led = self._led, None
        if led is not None:
            pins.release(led, self._number, high=self._active_low)
        self._on = False

    def _switch(self, on: bool) -> None:
        if self._led is None:
            raise HardwareError(f"the lamp on GPIO{self._number} is closed")
        with pins.as_hardware_error(f"the lamp on GPIO{self._number}"):
            self._led.value = on
        self._on = on
