"""The doctor on the camera: its library, its presence, its memory, the crew's consent."""

from datetime import date
from pathlib import Path

import pytest

from likelight.fleet.doctor.checks import camera
from likelight.gate.consent import Consent
from support.doctor import (
    BY_ID,
    CLOCK_SET,
    SENSOR,
    Case,
    assert_seen,
    assert_shown,
    examine,
    with_files,
)
from support.machine import NOW, Machine

USB = {"camera": {"driver": "usb", "device": "/dev/v4l/by-id/cam"}}
NUMBERED = {"camera": {"driver": "usb", "device": "/dev/video2"}}
LIVES = Consent(
    kitchen="kitchen", signed_by="A", notice="1", recorded_at=NOW, review=date(2027, 5, 31)
)
LIVES_ELSEWHERE = LIVES.model_copy(update={"kitchen": "bistro-7"})


def signed(review: date) -> str:
    return LIVES.model_copy(update={"review": review}).model_dump_json()


CASES = [
    Case("camera-library", "skip", "neither", {}),
    Case("camera-library", "ok", "both", SENSOR),
    Case(
        "camera-library",
        "fail",
        "libcamera",
        SENSOR,
        with_files({}, has_module=lambda name: name != "libcamera"),
    ),
    Case("camera-present", "skip", "simulated", {}),
    Case(
        "camera-present",
        "ok",
        "imx708",
        SENSOR,
        Machine(
            commands={"rpicam-hello": "Available cameras\n-----\n0 : imx708 [4608x2592] (/base)\n"}
        ),
    ),
    Case(
        "camera-present",
        "fail",
        "no camera",
        SENSOR,
        Machine(commands={"rpicam-hello": "No cameras available!\n"}),
    ),
    Case("camera-present", "warn", "/dev/media*", SENSOR, with_files({"/dev/media0": ""})),
    Case("camera-present", "fail", "no /dev/media*", SENSOR),
    Case("camera-present", "ok", "by-id/cam", USB, with_files({"/dev/v4l/by-id/cam": 0o666})),
    Case("camera-present", "fail", "by-id/cam", USB),
    Case(
        "camera-present",
        "warn",
        "may be another camera",
        NUMBERED,
        with_files({"/dev/video2": 0o666}),
    ),
    Case("camera-present", "fail", "there is no /dev/video2", NUMBERED),
    Case("camera-memory", "skip", "none", {}),
    Case("camera-memory", "skip", "doesn't report", SENSOR),
    Case(
        "camera-memory",
        "ok",
        "256 MiB",
        SENSOR,
        with_files({"/proc/meminfo": "CmaTotal:  262144 kB\n"}),
    ),
    Case(
        "camera-memory",
        "warn",
        "16 MiB",
        SENSOR,
        with_files({"/proc/meminfo": "CmaTotal:  16384 kB\n"}),
    ),
    Case("consent", "skip", "simulated", {}),
    Case("consent", "fail", "none is recorded", SENSOR),
    Case(
        "consent",
        "ok",
        "2027-05-31",
        SENSOR,
        with_files({**CLOCK_SET, "/state/consent.json": signed(LIVES.review)}),
    ),
    Case(
        "consent",
        "warn",
        "9 more days",
        SENSOR,
        with_files({**CLOCK_SET, "/state/consent.json": signed(date(2026, 12, 1))}),
    ),
    Case(
        "consent",
        "fail",
        "has passed",
        SENSOR,
        with_files({**CLOCK_SET, "/state/consent.json": signed(date(2026, 11, 21))}),
    ),
    Case(
        "consent",
        "fail",
        "clock",
        SENSOR,
        with_files({"/state/consent.json": signed(LIVES.review)}),
    ),
    Case(
        "consent",
        "fail",
        "recorded for bistro-7, and is void here",
        SENSOR,
        with_files({**CLOCK_SET, "/state/consent.json": LIVES_ELSEWHERE.model_dump_json()}),
    ),
    Case("consent", "fail", "damaged", SENSOR, with_files({"/state/consent.json": "{"})),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_sees_what_is_there(case: Case, tmp_path: Path) -> None:
    assert_seen(case, tmp_path)


def test_each_check_is_shown_well_and_ill() -> None:
    assert_shown(camera.CHECKS, CASES)


def test_a_numbered_camera_is_told_the_name_that_lasts(tmp_path: Path) -> None:
    machine = Machine(
        files={"/dev/video0": 0o666, "/dev/video2": 0o666},
        links={
            "/dev/v4l/by-id/usb-A-index0": "../../video0",
            "/dev/v4l/by-id/usb-B-index0": "../../video2",
            "/dev/v4l/by-path/usb-0:1-index0": "../../video2",
        },
    )
    found = examine(BY_ID["camera-present"], Case("", "", "", NUMBERED, machine), tmp_path)
    assert found.fix == 'set camera.device = "/dev/v4l/by-id/usb-B-index0"'
