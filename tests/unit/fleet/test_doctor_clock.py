"""The doctor on the clock and its time zone."""

from pathlib import Path

import pytest

from likelight.fleet.doctor.checks import clock
from support.doctor import CLOCK_SET, CLOUD, SENSOR, Case, assert_seen, assert_shown, with_files
from support.machine import Machine

BOOT_ID = "42a84d69-af26-40d7-a747-79af9e40bf97\n"
SET_IN_THIS_BOOT = {
    "/proc/sys/kernel/random/boot_id": BOOT_ID,
    "/run/likelight/clock-set": BOOT_ID,
}
"""timesyncd was restarted with the line down, after the daemon had seen its sign."""

CASES = [
    Case("clock", "skip", "depends", {}),
    Case("clock", "ok", "since", SENSOR, with_files({**CLOCK_SET})),
    Case("clock", "ok", "since", SENSOR, with_files({**SET_IN_THIS_BOOT})),
    Case(
        "clock", "warn", "not by systemd-timesyncd", {}, Machine(commands={"timedatectl": "yes\n"})
    ),
    Case("clock", "fail", "not since", CLOUD, Machine(commands={"timedatectl": "no\n"})),
    Case("time-zone", "skip", "no hours", {}),
    Case("time-zone", "ok", "Europe/Berlin", {"kitchen": {"timezone": "Europe/Berlin"}}),
    Case("time-zone", "warn", "UTC", {"quiet": {"hours": "22:00-06:30"}}),
    Case(
        "time-zone",
        "ok",
        "Asia/Tokyo",
        {"schedule": {"monday": "11:00-23:00"}},
        Machine(links={"/etc/localtime": "/usr/share/zoneinfo/Asia/Tokyo"}),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_sees_what_is_there(case: Case, tmp_path: Path) -> None:
    assert_seen(case, tmp_path)


def test_each_check_is_shown_well_and_ill() -> None:
    assert_shown(clock.CHECKS, CASES)
