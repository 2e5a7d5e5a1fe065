"""The doctor on lamps: overlays, PWM, LED chains, and the rules that open their files."""

from pathlib import Path

import pytest

from likelight.fleet.doctor.checks import lamps
from support.doctor import DSI, KIT, Case, assert_seen, assert_shown, with_files
from support.machine import BOOT, Machine

CHAIN = {"board": "pi-5", "lights": [{"driver": "ws2812-pio", "pin": 18, "leds": 30}]}
CHIP = {"/sys/class/pwm/pwmchip0/npwm": "2"}
CHIP_LINK = {"/sys/class/pwm/pwmchip0/device": "../../../devices/fe20c000.pwm"}
RULES = "/etc/udev/rules.d/70-likelight.rules"

CASES = [
    Case("pwm-overlay", "skip", "no lamp", {}),
    Case(
        "pwm-overlay",
        "ok",
        "GPIO 12",
        KIT,
        Machine({**CHIP, BOOT: "dtoverlay=pwm,pin=12,func=4\n"}, CHIP_LINK),
    ),
    Case("pwm-overlay", "fail", "no PWM behind GPIO 12", KIT, with_files({**CHIP})),
    Case(
        "pwm-overlay",
        "fail",
        "names pin=12",
        KIT,
        Machine({**CHIP, BOOT: "dtoverlay=pwm-2chan\n"}, CHIP_LINK),
    ),
    Case("pwm-audio", "skip", "no lamp", {}),
    Case("pwm-audio", "skip", "of its own", KIT),
    Case(
        "pwm-audio",
        "ok",
        "off",
        {**KIT, "board": "zero-2w"},
        with_files({BOOT: "dtparam=audio=off\n"}),
    ),
    Case(
        "pwm-audio",
        "fail",
        "audio=on",
        {**KIT, "board": "zero-2w"},
        with_files({BOOT: "dtparam=audio=on\n"}),
    ),
    Case("ws2812-kernel", "skip", "no lamp", {}),
    Case("ws2812-kernel", "ok", "6.12.75", CHAIN),
    Case("ws2812-kernel", "fail", "6.12.55", CHAIN, with_files({}, kernel=lambda: "6.12.55-v8")),
    Case("ws2812-kernel", "fail", "6.6.31", CHAIN, with_files({}, kernel=lambda: "6.6.31+rpt")),
    Case("leds-node", "skip", "no lamp", {}),
    Case("leds-node", "ok", "/dev/leds0", CHAIN, with_files({"/dev/leds0": 0o666})),
    Case("leds-node", "fail", "may not", CHAIN, with_files({"/dev/leds0": 0o600})),
    Case("leds-node", "fail", "there is no", CHAIN),
    Case(
        "leds-node",
        "fail",
        "num_leds=60",
        CHAIN,
        with_files(
            {"/dev/leds0": 0o666, BOOT: "[pi5]\ndtoverlay=ws2812-pio,gpio=18,num_leds=60\n"}
        ),
    ),
    Case("udev-rules", "skip", "nothing", {}),
    Case("udev-rules", "ok", "they are", KIT, with_files({RULES: "#"})),
    Case("udev-rules", "fail", "they are not", KIT),
    Case("udev-rules", "warn", "can't be dimmed", DSI),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_sees_what_is_there(case: Case, tmp_path: Path) -> None:
    assert_seen(case, tmp_path)


def test_each_check_is_shown_well_and_ill() -> None:
    assert_shown(lamps.CHECKS, CASES)
