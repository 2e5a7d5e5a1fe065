"""The doctor on the board: its model, its power, its temperature, what is simulated."""

from pathlib import Path

import pytest

from likelight.fleet.doctor.checks import board
from support.doctor import KIT, PI_4, SENSOR, Case, assert_seen, assert_shown, with_files
from support.machine import MODEL, Machine

CASES = [
    Case("board", "skip", "names no board", {}),
    Case("board", "ok", "Pi 4 Model B", KIT, with_files({**PI_4})),
    Case("board", "fail", "this is a Raspberry Pi 5", KIT, with_files({MODEL: "Raspberry Pi 5"})),
    Case("board", "fail", "not a Raspberry Pi", KIT),
    Case("simulated", "warn", "this store is SIMULATED", {}),
    Case("simulated", "skip", "on purpose", {}, with_files({}, demo=True)),
    Case("simulated", "ok", "luma", KIT),
    Case("simulated", "ok", "picamera2", SENSOR),
    Case("power", "skip", "not a Raspberry Pi", {}),
    Case("power", "skip", "neither", {}, with_files({**PI_4})),
    Case(
        "power",
        "ok",
        "never",
        {},
        Machine({**PI_4}, commands={"vcgencmd": "throttled=0x0\n"}),
    ),
    Case("power", "fail", "now", {}, Machine({**PI_4}, commands={"vcgencmd": "throttled=0x1"})),
    Case(
        "power", "warn", "since", {}, Machine({**PI_4}, commands={"vcgencmd": "throttled=0x50000"})
    ),
    Case(
        "power",
        "fail",
        "now",
        {},
        with_files(
            {
                **PI_4,
                "/sys/class/hwmon/hwmon1/name": "rpi_volt\n",
                "/sys/class/hwmon/hwmon1/in0_lcrit_alarm": "1\n",
            }
        ),
    ),
    Case(
        "power",
        "ok",
        "no alarm",
        {},
        with_files(
            {
                **PI_4,
                "/sys/class/hwmon/hwmon0/name": "ina226\n",
                "/sys/class/hwmon/hwmon0/in0_lcrit_alarm": "1\n",
                "/sys/class/hwmon/hwmon1/name": "rpi_volt\n",
                "/sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
                "/sys/class/hwmon/hwmon2/name": "ina226\n",
                "/sys/class/hwmon/hwmon2/in0_lcrit_alarm": "1\n",
            }
        ),
    ),
    Case("heat", "skip", "no thermometer", {}),
    Case("heat", "ok", "41 °C", {}, with_files({"/sys/class/thermal/thermal_zone0/temp": "41234"})),
    Case("heat", "warn", "72", {}, with_files({"/sys/class/thermal/thermal_zone0/temp": "72000"})),
    Case("heat", "fail", "81", {}, with_files({"/sys/class/thermal/thermal_zone0/temp": "81000"})),
    Case(
        "heat",
        "ok",
        "41 °C",
        {},
        with_files(
            {
                "/sys/class/thermal/thermal_zone0/type": "nvme\n",
                "/sys/class/thermal/thermal_zone0/temp": "85000",
                "/sys/class/thermal/thermal_zone10/type": "cpu-thermal\n",
                "/sys/class/thermal/thermal_zone10/temp": "41234",
            }
        ),
    ),
    Case("heat", "fail", "slowed", {}, Machine({**PI_4}, commands={"vcgencmd": "throttled=0x4"})),
    Case(
        "heat", "warn", "since", {}, Machine({**PI_4}, commands={"vcgencmd": "throttled=0x80000"})
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_sees_what_is_there(case: Case, tmp_path: Path) -> None:
    assert_seen(case, tmp_path)


def test_each_check_is_shown_well_and_ill() -> None:
    assert_shown(board.CHECKS, CASES)
