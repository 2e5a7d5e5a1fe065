"""The doctor on what the running daemon says of itself."""

from pathlib import Path

import pytest

from likelight.fleet.doctor.checks import daemon
from likelight.runtime.troubles import Trouble
from likelight.web.control.client import CommandRefused, NotRunning
from support.doctor import BY_ID, Case, asked, assert_seen, assert_shown, examine, raises, says

CASES = [
    Case("daemon", "skip", "no daemon is asked", {}),
    Case("daemon", "skip", "see service", {}, asked(raises(NotRunning("no")))),
    Case("daemon", "fail", "within 5 s", {}, asked(raises(CommandRefused("within 5 s")))),
    Case("daemon", "ok", "cloud connected", {}, says()),
    Case("daemon", "ok", "cloud starting", {}, says(cloud="starting")),
    Case("daemon", "fail", "another device uses", {}, says(cloud="superseded")),
    Case("daemon", "fail", "refuses this device", {}, says(cloud="refused")),
    Case("daemon", "fail", "not answered", {}, says(cloud="offline")),
    Case(
        "daemon",
        "fail",
        "C6: another device has used the code of this card; not paired",
        {},
        says(troubles=["not-paired"], obstacle="C6"),
    ),
    Case("daemon", "fail", "lamp: no /dev/leds0", {}, says(hardware={"lamp": "no /dev/leds0"})),
    Case(
        "daemon",
        "fail",
        "K7QF-2MXP",
        {},
        says(troubles=["not-paired"], pairing_code="K7QF-2MXP"),
    ),
    Case("daemon", "fail", "newer-trouble", {}, says(troubles=["newer-trouble"])),
    Case("catalogue", "skip", "no daemon is asked", {}),
    Case("catalogue", "skip", "see daemon", {}, asked(raises(NotRunning("no")))),
    Case("catalogue", "ok", "none is asked for", {}, says()),
    Case("catalogue", "warn", "en.json: mother", {}, says(catalogue="refused: en.json: mother: …")),
    Case("daemon", "warn", "no camera", {}, says(camera_reason="no camera", camera_code="camera")),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_sees_what_is_there(case: Case, tmp_path: Path) -> None:
    assert_seen(case, tmp_path)


def test_each_check_is_shown_well_and_ill() -> None:
    assert_shown(daemon.CHECKS, CASES)


@pytest.mark.parametrize("trouble", list(Trouble))
def test_each_trouble_of_the_daemon_has_words_and_a_fix_of_its_own(
    trouble: Trouble, tmp_path: Path
) -> None:
    case = Case("daemon", "", "", {}, says(troubles=[trouble.value], cloud="connected"))
    found = examine(BY_ID["daemon"], case, tmp_path)
    assert found.finding.result == "fail"
    assert found.finding.words != trouble.value, "a bare id says nothing to a person"
    assert found.fix


def test_a_device_without_a_token_is_not_also_told_that_it_is_offline(tmp_path: Path) -> None:
    case = Case("daemon", "", "", {}, says(troubles=["not-paired"], cloud="offline"))
    found = examine(BY_ID["daemon"], case, tmp_path)
    assert "not paired" in found.finding.words
    assert "90 s" not in found.finding.words
