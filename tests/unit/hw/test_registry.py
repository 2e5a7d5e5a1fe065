"""The registry opens what a configuration names, and switches off what a crash left on."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from likelight_hw import registry
from likelight_hw.lamps.governor import FlashGovernor
from likelight_hw.ports import Button, Display, HardwareError, Indicator, LightFrame, Lights
from likelight_hw.rpi import sysfs_pwm
from likelight_hw.sim.lights import SimLights
from likelight_hw.wiring import (
    ButtonWiring,
    DisplayWiring,
    IndicatorWiring,
    LampWiring,
    PwmChannel,
)
from support.pi import PI_5, PWM_CHIPS, PwmTree, pi, strip

WHITE = LightFrame(1.0, (255, 255, 255))


def test_sim_is_a_driver_of_every_port() -> None:
    lights: Lights = registry.open_lights([LampWiring()], lambda: 0.0)
    indicator: Indicator = registry.open_indicator(IndicatorWiring())
    display: Display = registry.open_display(DisplayWiring())
    button: Button = registry.open_button(ButtonWiring())

    assert all(device.simulated for device in (lights, indicator, display, button))


def test_no_lamp_comes_without_its_governor() -> None:
    assert isinstance(registry.open_lights([LampWiring()], lambda: 0.0), FlashGovernor)


@pytest.mark.parametrize(
    ("what", "open_it"),
    [
        ("lamp", lambda: registry.open_lights([LampWiring("lava")], lambda: 0.0)),
        ("on-air light", lambda: registry.open_indicator(IndicatorWiring("lava"))),
        ("display", lambda: registry.open_display(DisplayWiring("lava"))),
        ("button", lambda: registry.open_button(ButtonWiring("lava"))),
    ],
)
def test_an_unknown_driver_is_answered_with_what_exists(
    what: str, open_it: Callable[[], object]
) -> None:
    with pytest.raises(HardwareError, match=rf"no {what} driver is called 'lava'; there is: .*sim"):
        open_it()


def test_drivers_are_imported_only_when_asked_for() -> None:
    code = (
        "import sys, likelight_hw.registry as r; from likelight_hw.wiring import *\n"
        "r.open_indicator(IndicatorWiring()); r.open_lights([LampWiring()], lambda: 0.0)\n"
        "print(sorted(m for m in sys.modules if m.startswith('likelight_hw.sim.')))\n"
        "print([m for m in sys.modules if m.startswith(('likelight_hw.rpi', 'gpiozero'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "['likelight_hw.sim.indicator', 'likelight_hw.sim.lights']",
        "[]",
    ]


@pytest.fixture
def wired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[LampWiring, ...]:
    """One lamp of each kind, on a Pi 5."""
    (tmp_path / "pwm").mkdir()
    monkeypatch.setattr(sysfs_pwm, "CLASS", tmp_path / "pwm")
    PwmTree(tmp_path / "pwm", {PWM_CHIPS[PI_5]: 0}).make(PWM_CHIPS[PI_5], 1)
    return (
        LampWiring("pwm", pin=12),
        LampWiring("rgb", pins=(17, 27, 22), active_low=True),
        LampWiring("onoff", pin=24),
        LampWiring("sysfs-pwm", pin=13, pwm=PwmChannel(PWM_CHIPS[PI_5], 1)),
        LampWiring("ws2812-pio", pin=18, device=tmp_path / "leds0", leds=4),
    )


def test_all_lamps_of_a_board_light_together_and_go_out_together(
    tmp_path: Path, wired: tuple[LampWiring, ...]
) -> None:
    now = 0.0
    with pi(PI_5) as header, strip(tmp_path / "leds0", 4) as leds:
        lights = registry.open_lights(wired, lambda: now)
        assert not lights.simulated
        while lights.write(WHITE) != WHITE:
            now += 0.02
        assert [header.duty(pin) for pin in (12, 24)] == [1, 1]
        assert [header.duty(pin, active_low=True) for pin in (17, 27, 22)] == [1, 1, 1]
        assert all(map(all, leds.lights))
        duty = tmp_path / "pwm/pwmchip0/pwm1/duty_cycle"
        assert duty.read_text() == "1000000\n"

        lights.close()
        assert duty.read_text().startswith("0\n")
        assert all(header.is_let_go(pin) for pin in (12, 24))
        assert all(header.is_let_go(pin, high=True) for pin in (17, 27, 22))
        assert not any(map(any, leds.lights))


def test_what_a_killed_daemon_left_on_is_switched_off(
    tmp_path: Path, wired: tuple[LampWiring, ...], caplog: pytest.LogCaptureFixture
) -> None:
    pwm = tmp_path / "pwm/pwmchip0/pwm1"
    for name in ("period", "duty_cycle", "enable"):
        (pwm / name).write_text("1\n")
    with pi(PI_5) as header, strip(tmp_path / "leds0", 4) as leds:
        leds.write(bytes((0, 255, 0, 0)) * 4, 0)
        for pin in (12, 24, 23):
            header.pin(pin).function = "output"
            header.pin(pin).state = 1

        registry.all_off(wired, IndicatorWiring("onoff", pin=23))

        assert all(header.is_let_go(pin) for pin in (12, 24, 23))
        assert all(header.is_let_go(pin, high=True) for pin in (17, 27, 22))
        assert not any(map(any, leds.lights))
    assert (pwm / "duty_cycle").read_text().startswith("0\n")
    assert caplog.records == []


def test_switching_off_what_is_not_there_only_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = LampWiring("ws2812-pio", device=tmp_path / "leds0", leds=4)
    with pi(PI_5) as header:
        header.pin(12).function = "output"
        header.pin(12).state = 1
        registry.all_off(
            [gone, LampWiring("lava"), LampWiring("pwm"), LampWiring("pwm", pin=12)],
            IndicatorWiring("onoff", pin=99),
        )
        assert header.is_let_go(12)
    assert [message.split(":")[0] for message in caplog.messages] == [
        "A lamp may still be on",
        "A lamp may still be on",
        "A lamp may still be on",
        "The on-air light may still be on",
    ]
    assert not any(record.exc_info for record in caplog.records), "what is absent is not a mistake"


def test_a_driver_s_own_mistake_keeps_no_other_light_on_and_comes_with_its_traceback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> SimLights:
        raise AttributeError("'NoneType' object has no attribute 'write'")

    with pi(PI_5) as header:
        for pin in (12, 23):
            header.pin(pin).function = "output"
            header.pin(pin).state = 1
        with monkeypatch.context() as patch:
            patch.setattr(SimLights, "__init__", broken)
            registry.all_off(
                [LampWiring("sim"), LampWiring("pwm", pin=12)], IndicatorWiring("onoff", pin=23)
            )
        assert all(header.is_let_go(pin) for pin in (12, 23))
    (told,) = caplog.records
    assert told.message == "A lamp may still be on: 'NoneType' object has no attribute 'write'"
    assert told.exc_info


def test_a_lamp_that_is_absent_at_the_start_does_not_stop_anybody(tmp_path: Path) -> None:
    strip_only = LampWiring("ws2812-pio", device=tmp_path / "leds0", leds=4)
    lights = registry.open_lights([strip_only], lambda: 0.0)
    with pytest.raises(HardwareError, match="leds0"):
        lights.write(WHITE)
    (tmp_path / "leds0").touch()
    lights.write(WHITE)
    lights.close()
