"""The doctor on mistakes in the configuration, and without one."""

from pathlib import Path

import pytest

from likelight.config.boot_report import BootReport, MendableLine
from likelight.fleet.doctor import doctor
from likelight.fleet.doctor.checks import CHECKS, configuration
from support.doctor import GOOD_UNIT, PI_4, UNIT, Case, assert_seen, assert_shown, with_files

REPORT = BootReport(
    mistakes=(MendableLine(line=4, words="write language = VALUE", remedy="write"),)
).model_dump_json()
CASES = [
    Case("configuration", "ok", "none", {}),
    Case("configuration", "fail", "line 3", {}, with_files({}, mistakes="line 3: web.prt: no")),
    Case("configuration", "skip", "the demo", {}, with_files({}, demo=True)),
    Case("boot-volume", "ok", "none", {}),
    Case(
        "boot-volume",
        "fail",
        "line 4: write language = VALUE",
        {},
        with_files({"/run/likelight-boot/report.json": REPORT}),
    ),
    Case("boot-volume", "skip", "the demo", {}, with_files({}, demo=True)),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_sees_what_is_there(case: Case, tmp_path: Path) -> None:
    assert_seen(case, tmp_path)


def test_each_check_is_shown_well_and_ill() -> None:
    assert_shown(configuration.CHECKS, CASES)


def test_without_a_configuration_the_checks_that_need_none_go_on(tmp_path: Path) -> None:
    files = {**PI_4, UNIT: GOOD_UNIT, "/proc/device-tree/model": "Raspberry Pi 4 Model B"}
    machine = with_files(files, mistakes="line 3: web.prt: no")
    found = {
        diagnosis.check.id: diagnosis.finding
        for diagnosis in doctor.examine(machine.system(tmp_path, None), CHECKS, timeout_s=20)
    }
    assert found["configuration"].result == "fail"
    assert (found["board"].result, found["board"].words) == (
        "skip",
        "it needs the configuration, which has a mistake",
    )
    looked_at = {id for id, finding in found.items() if finding.result != "skip"}
    assert {"fonts", "service-groups", "watchdog-service", "boot-secrets"} <= looked_at
    assert not [id for id, finding in found.items() if "the check failed" in finding.words]
