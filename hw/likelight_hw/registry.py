"""Opens the hardware that a configuration names.

Drivers are imported when they are asked for, so that a machine without a panel needs no panel
library. A lamp never leaves here without its `FlashGovernor`.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from likelight_hw.governor import FlashGovernor
from likelight_hw.ports import Button, Display, HardwareError, Indicator, Lights

Monotonic = Callable[[], float]
_Open = TypeVar("_Open")


def open_lights(driver: str, monotonic: Monotonic) -> FlashGovernor:
    """Open a lamp; `monotonic` is the clock, in seconds, that its governor goes by."""
    return FlashGovernor(_choose("lamp", driver, _LIGHTS)(monotonic), monotonic)


def open_indicator(driver: str) -> Indicator:
    """Open the on-air light."""
    return _choose("on-air light", driver, _INDICATORS)()


def open_display(driver: str) -> Display:
    """Open a panel."""
    return _choose("display", driver, _DISPLAYS)()


def open_button(driver: str) -> Button:
    """Open one button."""
    return _choose("button", driver, _BUTTONS)()


def _choose(what: str, driver: str, drivers: Mapping[str, _Open]) -> _Open:
    if driver not in drivers:
        known = ", ".join(sorted(drivers))
        raise HardwareError(f"no {what} driver is called {driver!r}; there is: {known}")
    return drivers[driver]


def _sim_lights(monotonic: Monotonic) -> Lights:
    from likelight_hw.sim.lights import SimLights

    return SimLights(monotonic)


def _sim_indicator() -> Indicator:
    from likelight_hw.sim.indicator import SimIndicator

    return SimIndicator()


def _sim_display() -> Display:
    from likelight_hw.sim.display import SimDisplay

    return SimDisplay()


def _sim_button() -> Button:
    from likelight_hw.sim.button import SimButton

    return SimButton()


_LIGHTS: dict[str, Callable[[Monotonic], Lights]] = {"sim": _sim_lights}
_INDICATORS: dict[str, Callable[[], Indicator]] = {"sim": _sim_indicator}
_DISPLAYS: dict[str, Callable[[], Display]] = {"sim": _sim_display}
_BUTTONS: dict[str, Callable[[], Button]] = {"sim": _sim_button}
