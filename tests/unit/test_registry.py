"""The registry opens what a configuration names."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from likelight_hw import registry
from likelight_hw.governor import FlashGovernor
from likelight_hw.ports import Button, Display, HardwareError, Indicator, Lights


def test_sim_is_a_driver_of_every_port() -> None:
    lights: Lights = registry.open_lights("sim", lambda: 0.0)
    indicator: Indicator = registry.open_indicator("sim")
    display: Display = registry.open_display("sim")
    button: Button = registry.open_button("sim")

    assert all(device.simulated for device in (lights, indicator, display, button))


def test_no_lamp_comes_without_its_governor() -> None:
    assert isinstance(registry.open_lights("sim", lambda: 0.0), FlashGovernor)


@pytest.mark.parametrize(
    ("what", "open_it"),
    [
        ("lamp", lambda driver: registry.open_lights(driver, lambda: 0.0)),
        ("on-air light", registry.open_indicator),
        ("display", registry.open_display),
        ("button", registry.open_button),
    ],
)
def test_an_unknown_driver_is_answered_with_what_exists(
    what: str, open_it: Callable[[str], object]
) -> None:
    with pytest.raises(HardwareError, match=f"no {what} driver is called 'lava'; there is: sim"):
        open_it("lava")


def test_drivers_are_imported_only_when_asked_for() -> None:
    code = (
        "import sys, likelight_hw.registry as r; r.open_indicator('sim');"
        "print(sorted(m for m in sys.modules if m.startswith('likelight_hw.sim.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['likelight_hw.sim.indicator']"
