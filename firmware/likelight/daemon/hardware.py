"""The hardware of one device: opened from its wiring, and switched off in the end."""

import logging
import time
from dataclasses import dataclass

from likelight.runtime.cleanup import finish_within
from likelight_hw import registry
from likelight_hw.lamps.group import GovernedLamps
from likelight_hw.ports import Button, Display, Indicator, Lights
from likelight_hw.wiring import Wiring

log = logging.getLogger(__name__)

DISPLAY_OFF_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class DeviceHardware:
    """All hardware of a device except its camera.

    An absent part raises an error when it is used.
    """

    lights: GovernedLamps
    """All lamps, as one, behind the flash governor."""
    dimmable: bool
    """False when every lamp can only be switched on and off."""
    indicator: Indicator
    display: Display
    thanks: Button
    privacy: Button

    @property
    def simulated(self) -> bool:
        """True when lamp, display or THANKS is only simulated."""
        return any(part.simulated for part in (self.lights, self.display, self.thanks))

    async def close(self) -> None:
        """Switch everything off that gives light."""
        self.darken()
        await switch_off_display(self.display)

    def darken(self) -> None:
        """Switch lamp and on-air light off, each even if the other fails. It does not wait."""
        switch_off("lamp", self.lights)
        switch_off("on-air light", self.indicator)


def open_device_hardware(wiring: Wiring) -> DeviceHardware:
    """Open what `wiring` names. Raises `HardwareError` for an unknown driver."""
    return DeviceHardware(
        lights=registry.open_lights(wiring.lights, time.monotonic),
        dimmable=any(lamp.driver != "onoff" for lamp in wiring.lights),
        indicator=registry.open_indicator(wiring.indicator),
        display=registry.open_display(wiring.display),
        thanks=registry.open_button(wiring.thanks),
        privacy=registry.open_button(wiring.privacy),
    )


def switch_off(name: str, light: Lights | Indicator) -> None:
    """Close `light`. A failure is logged, so that the next light is switched off too."""
    try:
        light.close()
    except Exception:
        log.exception("The %s may still be on", name)


async def switch_off_display(display: Display) -> None:
    """Close `display`. If it fails or hangs, log that and go on."""
    try:
        if not await finish_within(display.close(), DISPLAY_OFF_WITHIN_S):
            log.error("The display hangs, and may still be lit")
    except Exception:
        log.exception("The display may still be lit")
