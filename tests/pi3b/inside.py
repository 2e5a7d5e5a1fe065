"""What runs in the machine: drivers of lamps, and what the kernel says of the pins meanwhile."""

import ctypes
import os
import re
import time
from pathlib import Path

from likelight.config.settings import read_config
from likelight_hw import registry
from likelight_hw.lamps.gamma import luminance
from likelight_hw.ports import LightFrame
from likelight_hw.rpi import pins
from likelight_hw.wiring import IndicatorWiring, LampWiring

GPIO, PWM = Path("/sys/kernel/debug/gpio"), Path("/sys/kernel/debug/pwm")
WHITE = (255, 255, 255)
FINIT_MODULE = 273
"""The number of this call on arm64."""
STORE = """
board = "pi-3b-plus"
kit = "reference"
state_dir = "/run"
[camera]
driver = "picamera2"
"""


def main() -> None:
    """Light each kind of lamp that a kit may have on a Raspberry Pi 3."""
    factory = pins.factory()
    assert type(factory).__name__ == "LGPIOFactory"
    assert (factory.board_info.model, factory.board_info.pcb_revision) == ("3B", "1.2")
    assert "pinctrl-bcm2835" in GPIO.read_text()
    a_lamp_on_and_off()
    a_lamp_in_steps()
    the_on_air_light()
    the_reference_kit_s_lamp()


def a_lamp_on_and_off() -> None:
    for active_low in (False, True):
        wiring = LampWiring("onoff", pin=24, active_low=active_low)
        lamp = registry.open_lights((wiring,), time.monotonic)
        lead(lamp, 1.0)
        assert is_high(24) is not active_low
        lamp.close()
        assert is_high(24) is active_low


def a_lamp_in_steps() -> None:
    lamp = registry.open_lights((LampWiring("pwm", pin=18, frequency_hz=50),), time.monotonic)
    for level in (1.0, 0.75):
        lead(lamp, level)
        share = sum(is_high(18) for _ in range(200)) / 200
        assert abs(share - luminance(level)) < 0.15, (level, share)
    lamp.close()
    # An input, which the kit's resistor pulls to ground; the machine has no resistor.
    assert of_kernel(18)[0] == "in"


def the_on_air_light() -> None:
    light = registry.open_indicator(IndicatorWiring("onoff", pin=23))
    for on in (True, False, True):
        light.set(on)
        assert is_high(23) is on
    light.close()
    assert not is_high(23)


def the_reference_kit_s_lamp() -> None:
    """The hardware PWM: driver, kernel and registers, behind which QEMU has no pulses."""
    module = os.open("/pwm-bcm2835.ko", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.syscall(FINIT_MODULE, module, b"", 0) == 0, os.strerror(ctypes.get_errno())
    store = Path("/run/likelight.toml")
    store.write_text(STORE)
    lamp = registry.open_lights(read_config(store).wiring.lights, time.monotonic)
    for level in (1.0, 0.75, 0.2):
        lead(lamp, level)
        found = re.search(r"enabled period: (\d+) ns duty: (\d+) ns", PWM.read_text())
        assert found, PWM.read_text()
        assert int(found[1]) == 500_000, "2 kHz"
        assert abs(int(found[2]) / int(found[1]) - luminance(level)) < 0.001
    lamp.close()
    assert "enabled" not in PWM.read_text()


def lead(lamp: registry.GovernedLamps, level: float) -> None:
    """Write until the governor has let this level through."""
    goal = LightFrame(level, WHITE)
    while lamp.write(goal) != goal:
        time.sleep(0.01)


def is_high(pin: int) -> bool:
    """Return what the kernel reads from the chip."""
    return of_kernel(pin)[1] == "hi"


def of_kernel(pin: int) -> list[str]:
    """Return what the kernel says of a pin: "in" or "out", and "lo" or "hi"."""
    (line,) = (one for one in GPIO.read_text().splitlines() if re.search(rf"\(GPIO{pin} ", one))
    return line.split()[-2:]


main()
