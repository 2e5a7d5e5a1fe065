"""The doctor on GPIO: the library, the header's chip, and who else holds its pins."""

from pathlib import Path

import pytest

from likelight.fleet.doctor.checks import pins
from likelight_hw.ports import HardwareError
from support.doctor import (
    BY_ID,
    GOOD_UNIT,
    KIT,
    PASSWD,
    UNIT,
    Case,
    assert_seen,
    assert_shown,
    examine,
    raises,
    with_files,
)
from support.machine import BOOT, header

OTHER_CHIP = {
    "/sys/bus/gpio/devices/gpiochip0/of_node/compatible": "nxp,pcf8574\0",
    "/dev/gpiochip0": 0o666,
}

CASES = [
    Case("lgpio", "skip", "nothing on a GPIO pin", {}),
    Case("lgpio", "ok", "opened", KIT),
    Case(
        "lgpio",
        "fail",
        "lgpio is missing",
        KIT,
        with_files({}, open_pins=raises(HardwareError("the GPIO pins: lgpio is missing"))),
    ),
    Case("lgpio", "fail", "not by lgpio", KIT, with_files({}, open_pins=object)),
    Case("gpio-node", "skip", "nothing", {}),
    Case("gpio-node", "ok", "cook", KIT, with_files({**header(0), "/dev/gpiochip0": 0o666})),
    Case(
        "gpio-node",
        "ok",
        "/dev/gpiochip11 is there",
        KIT,
        with_files({**header(11), **OTHER_CHIP, "/dev/gpiochip11": 0o666}),
    ),
    Case(
        "gpio-node",
        "ok",
        "/dev/gpiochip3 is there",
        KIT,
        with_files(
            {f"/sys/bus/gpio/devices/gpiochip{chip}/dev": "254:0\n" for chip in (0, 3)}
            | {"/dev/gpiochip3": 0o666},
            chip_label=lambda chip: "pinctrl-rp1" if chip == 3 else "pcf8574",
        ),
    ),
    Case(
        "gpio-node",
        "fail",
        "may not use /dev/gpiochip11",
        KIT,
        with_files({**header(11), "/dev/gpiochip0": 0o666, "/dev/gpiochip11": 0o660}),
    ),
    Case("gpio-node", "fail", "there is no /dev/gpiochip11", KIT, with_files({**header(11)})),
    Case("gpio-node", "fail", "gpiochip0 is nxp,pcf8574", KIT, with_files({**OTHER_CHIP})),
    Case("gpio-node", "fail", "more than one", KIT, with_files({**header(0), **header(11)})),
    Case("gpio-node", "fail", "this machine has none", KIT),
    Case("pins-free", "skip", "nothing", {}),
    Case("pins-free", "skip", "can't be asked", KIT, with_files({}, holder=raises(OSError("x")))),
    Case(
        "pins-free",
        "skip",
        "no GPIO chip",
        KIT,
        with_files({}, holder=raises(HardwareError("no GPIO chip is a Raspberry Pi's header"))),
    ),
    Case("pins-free", "ok", "free", KIT),
    Case(
        "pins-free",
        "fail",
        "GPIO 23 (the on-air light) is held by w1",
        KIT,
        with_files({}, holder=lambda pin: "w1" if pin == 23 else None),
    ),
    Case("pins-free", "fail", "held by lg", KIT, with_files({}, holder=lambda _: "lg")),
    Case(
        "pins-free",
        "ok",
        "itself",
        KIT,
        with_files({"/proc/7/cmdline": "/opt/bin/likelight\0run\0"}, holder=lambda _: "lg"),
    ),
    Case("pigpiod", "skip", "nothing", {}),
    Case("pigpiod", "ok", "doesn't", KIT, with_files({"/proc/1/comm": "systemd\n"})),
    Case("pigpiod", "fail", "process 77", KIT, with_files({"/proc/77/comm": "pigpiod\n"})),
    Case("strict-gpiod", "skip", "nothing", {}),
    Case("strict-gpiod", "skip", "no config.txt", KIT),
    Case("strict-gpiod", "ok", "set", KIT, with_files({BOOT: "[all]\ndtparam=strict_gpiod\n"})),
    Case("strict-gpiod", "ok", "set", KIT, with_files({BOOT: "dtparam=i2c_arm=on,strict_gpiod\n"})),
    Case("strict-gpiod", "fail", "not in", KIT, with_files({BOOT: "#dtparam=strict_gpiod\n"})),
    Case(
        "strict-gpiod", "fail", "not in", KIT, with_files({BOOT: "[pi5]\ndtparam=strict_gpiod\n"})
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_sees_what_is_there(case: Case, tmp_path: Path) -> None:
    assert_seen(case, tmp_path)


def test_each_check_is_shown_well_and_ill() -> None:
    assert_shown(pins.CHECKS, CASES)


def test_the_services_groups_open_a_node(tmp_path: Path) -> None:
    group = tmp_path.stat().st_gid
    machine = with_files(
        {
            UNIT: GOOD_UNIT,
            "/etc/passwd": PASSWD,
            "/etc/group": f"gpio:x:{group}:\n",
            **header(12),
            "/dev/gpiochip12": 0o660,
        }
    )
    case = Case("gpio-node", "", "", KIT, machine)
    assert examine(BY_ID["gpio-node"], case, tmp_path).finding.words.endswith("for likelight")
