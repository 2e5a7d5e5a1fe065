"""Opens the hardware that a configuration names.

Drivers are imported when they are asked for, so that a machine without a panel needs no panel
library. A lamp never leaves here without its `FlashGovernor`, nor without its group: an absent lamp
must not keep the daemon from starting.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from likelight_hw.guarded import GuardedButton, GuardedDisplay, GuardedIndicator, GuardedLights
from likelight_hw.lamps.group import GovernedLamps, LampSlot
from likelight_hw.panels import panel
from likelight_hw.ports import DARK, Button, Display, HardwareError, Indicator, Lights
from likelight_hw.wiring import ButtonWiring, DisplayWiring, IndicatorWiring, LampWiring

log = logging.getLogger(__name__)

Monotonic = Callable[[], float]
_Open = TypeVar("_Open")
_SIM = "sim"
"""The one driver that needs no guard: no library and no wire is below it."""


def open_lights(wirings: Sequence[LampWiring], monotonic: Monotonic) -> GovernedLamps:
    """Open the lamps, under one governor; `monotonic` is the clock, in seconds, that this uses.

    Lamps that don't answer are opened later. Raises `HardwareError` for an unknown driver.
    """
    slots = [
        LampSlot(
            simulated=wiring.driver == _SIM,
            open=_lamp_opener(wiring, monotonic),
        )
        for wiring in wirings
    ]
    return GovernedLamps(slots, monotonic)


def open_indicator(wiring: IndicatorWiring) -> Indicator:
    """Open the on-air light. When its pin can't be claimed, switching it raises an error."""
    open_light = partial(_choose("on-air light", wiring.driver, _INDICATORS), wiring)
    return open_light() if wiring.driver == _SIM else GuardedIndicator(open_light)


def open_display(wiring: DisplayWiring) -> Display:
    """Open a panel. When it is absent, showing something raises an error."""
    open_panel = partial(_choose("display", wiring.driver, _DISPLAYS), wiring)
    return open_panel() if wiring.driver == _SIM else GuardedDisplay(panel(wiring).info, open_panel)


def open_button(wiring: ButtonWiring) -> Button:
    """Open one button. When its pin can't be claimed, reading its edges raises an error."""
    open_contacts = partial(_choose("button", wiring.driver, _BUTTONS), wiring)
    return open_contacts() if wiring.driver == _SIM else GuardedButton(open_contacts)


def all_off(lamps: Sequence[LampWiring], indicator: IndicatorWiring) -> None:
    """Switch off all that an ended daemon left on, and release it. Never raises.

    To be called after the daemon's end (systemd's ExecStopPost). While it lives it holds its pins,
    and this only logs that. It can't hold a hardware PWM or a strip: those go dark, and the daemon
    lights them again a moment later.
    """
    for lamp in lamps:
        with _logged("A lamp may still be on"):
            _darken(lamp)
    with _logged("The on-air light may still be on"):
        light = open_indicator(indicator)
        light.set(False)
        light.close()


@contextmanager
def _logged(consequence: str) -> Iterator[None]:
    """Log what fails in the context, so that the lights after it are switched off too."""
    try:
        yield
    except HardwareError as error:
        log.warning("%s: %s", consequence, error)
    except Exception as error:
        # A fault in a driver: its message alone does not say where it is.
        log.warning("%s: %s", consequence, error, exc_info=True)


def _lamp_opener(wiring: LampWiring, monotonic: Monotonic) -> Callable[[], Lights]:
    open_lamp = partial(_choose("lamp", wiring.driver, _LIGHTS), wiring, monotonic)
    return open_lamp if wiring.driver == _SIM else partial(GuardedLights, open_lamp)


def _darken(wiring: LampWiring) -> None:
    lamp = _lamp_opener(wiring, time.monotonic)()
    try:
        lamp.write(DARK)
    finally:
        lamp.close()


def _choose(what: str, driver: str, drivers: Mapping[str, _Open]) -> _Open:
    if driver not in drivers:
        known = ", ".join(sorted(drivers))
        raise HardwareError(f"no {what} driver is called {driver!r}; there is: {known}")
    return drivers[driver]


def _sim_lights(wiring: LampWiring, monotonic: Monotonic) -> Lights:
    from likelight_hw.sim.lights import SimLights

    return SimLights(monotonic)


def _pwm(wiring: LampWiring, monotonic: Monotonic) -> Lights:
    from likelight_hw.rpi.lamps import PwmLamp

    return PwmLamp(
        [_pin(wiring.pin)], active_low=wiring.active_low, frequency_hz=wiring.frequency_hz
    )


def _rgb(wiring: LampWiring, monotonic: Monotonic) -> Lights:
    from likelight_hw.rpi.lamps import PwmLamp

    if wiring.pins is None:
        raise HardwareError("an rgb lamp has three pins; set pins = [red, green, blue]")
    return PwmLamp(wiring.pins, active_low=wiring.active_low, frequency_hz=wiring.frequency_hz)


def _onoff(wiring: LampWiring, monotonic: Monotonic) -> Lights:
    from likelight_hw.rpi.lamps import OnOffLamp

    return OnOffLamp(_pin(wiring.pin), monotonic, active_low=wiring.active_low)


def _sysfs_pwm(wiring: LampWiring, monotonic: Monotonic) -> Lights:
    from likelight_hw.rpi.sysfs_pwm import SysfsPwmLamp

    if wiring.pwm is None:
        raise HardwareError("this board has no hardware PWM on the lamp's pin")
    return SysfsPwmLamp(
        wiring.pwm, monotonic, active_low=wiring.active_low, frequency_hz=wiring.frequency_hz
    )


def _ws2812(wiring: LampWiring, monotonic: Monotonic) -> Lights:
    from likelight_hw.rpi.ws2812 import Ws2812Strip

    return Ws2812Strip(wiring.device, wiring.leds, max_milliamps=wiring.max_milliamps)


def _sim_indicator(wiring: IndicatorWiring) -> Indicator:
    from likelight_hw.sim.indicator import SimIndicator

    return SimIndicator()


def _pin_indicator(wiring: IndicatorWiring) -> Indicator:
    from likelight_hw.rpi.indicator import PinIndicator

    return PinIndicator(_pin(wiring.pin), active_low=wiring.active_low)


def _sim_display(wiring: DisplayWiring) -> Display:
    from likelight_hw.sim.display import SimDisplay

    return SimDisplay(panel(wiring).info)


def _luma(wiring: DisplayWiring) -> Display:
    from likelight_hw.rpi.luma_panel import luma_display

    return luma_display(wiring)


def _framebuffer(wiring: DisplayWiring) -> Display:
    from likelight_hw.rpi.framebuffer import framebuffer_display

    return framebuffer_display(wiring)


def _sim_button(wiring: ButtonWiring) -> Button:
    from likelight_hw.sim.button import SimButton

    return SimButton()


def _pin_button(wiring: ButtonWiring) -> Button:
    from likelight_hw.rpi.button import PinButton

    return PinButton(_pin(wiring.pin))


def _pin(number: int | None) -> int:
    if number is None:
        raise HardwareError("no pin is named; set pin to a GPIO number")
    return number


_LIGHTS: dict[str, Callable[[LampWiring, Monotonic], Lights]] = {
    "sim": _sim_lights,
    "pwm": _pwm,
    "rgb": _rgb,
    "onoff": _onoff,
    "sysfs-pwm": _sysfs_pwm,
    "ws2812-pio": _ws2812,
}
_INDICATORS: dict[str, Callable[[IndicatorWiring], Indicator]] = {
    "sim": _sim_indicator,
    "onoff": _pin_indicator,
}
_DISPLAYS: dict[str, Callable[[DisplayWiring], Display]] = {
    "sim": _sim_display,
    "luma": _luma,
    "framebuffer": _framebuffer,
}
_BUTTONS: dict[str, Callable[[ButtonWiring], Button]] = {"sim": _sim_button, "gpio": _pin_button}
