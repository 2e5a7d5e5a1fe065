"""The hardware under test, opened as the daemon opens it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from likelight.config.settings import Config
from likelight.daemon.camera import camera_config
from likelight.daemon.hardware import switch_off, switch_off_display
from likelight_hw import registry
from likelight_hw.camera.process import CameraProcess
from likelight_hw.ports import Button, Camera, Display, Indicator, Lights


@dataclass(frozen=True, slots=True)
class SingleLamp:
    """One lamp under its governor, and what its driver is called."""

    lights: Lights
    driver: str


@dataclass(frozen=True, slots=True)
class Hardware:
    """Everything that a device is wired to, open."""

    lamps: Sequence[SingleLamp]
    indicator: Indicator
    display: Display
    thanks: Button
    privacy: Button
    camera: Camera
    nominal_fps: int

    @property
    def simulated(self) -> tuple[str, ...]:
        """The names of the parts that are only simulated."""
        parts = (
            ("lamp", all(lamp.lights.simulated for lamp in self.lamps)),
            ("on-air light", self.indicator.simulated),
            ("panel", self.display.simulated),
            ("THANKS", self.thanks.simulated),
            ("PRIVACY", self.privacy.simulated),
            ("camera", self.camera.simulated),
        )
        return tuple(name for name, simulated in parts if simulated)

    async def close(self) -> None:
        """Switch everything off that gives light, each even if another fails."""
        for lamp in self.lamps:
            switch_off("lamp", lamp.lights)
        switch_off("on-air light", self.indicator)
        await switch_off_display(self.display)


def open_hardware(config: Config) -> Hardware:
    """Open the parts of `config`; each lamp under a governor of its own, to be seen by itself.

    Raises `HardwareError` for an unknown driver; an absent part raises an error when it is used.
    """
    wiring = config.wiring
    return Hardware(
        lamps=[
            SingleLamp(registry.open_lights([lamp], time.monotonic), lamp.driver)
            for lamp in wiring.lights
        ],
        indicator=registry.open_indicator(wiring.indicator),
        display=registry.open_display(wiring.display),
        thanks=registry.open_button(wiring.thanks),
        privacy=registry.open_button(wiring.privacy),
        camera=CameraProcess(camera_config(config.camera)),
        nominal_fps=config.camera.fps,
    )
