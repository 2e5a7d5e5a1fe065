"""Cases for the doctor's checks: a configuration on a machine, and what a check says of it."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from likelight.config.settings import Config
from likelight.fleet.doctor import doctor
from likelight.fleet.doctor.check import Check
from likelight.fleet.doctor.checks import CHECKS
from likelight.web.control.messages import HealthAnswer
from support.machine import COOK, MODEL, Machine

BY_ID = {check.id: check for check in CHECKS}

KIT: dict[str, Any] = {
    "board": "pi-4",
    "lights": [{"driver": "sysfs-pwm", "pin": 12}],
    "indicator": {"driver": "onoff", "pin": 23},
    "display": {"driver": "luma", "panel": "oled-2.42", "bus": "i2c"},
    "buttons": {"driver": "gpio", "pin_thanks": 5, "pin_privacy": 6},
}
DSI = {"display": {"driver": "framebuffer", "panel": "lcd-7"}}
SENSOR = {"camera": {"driver": "picamera2"}}
CLOUD = {"cloud": {"url": "https://cloud.example", "token_file": "/etc/likelight/token"}}

TOKEN: dict[str, str | bytes | int] = {"/etc/likelight/token": "s3cret"}
PI_4 = {MODEL: "Raspberry Pi 4 Model B Rev 1.5\0"}
UNIT = "/etc/systemd/system/likelight.service"
GOOD_UNIT = "[Service]\nSupplementaryGroups=gpio i2c\nWatchdogSec=30\n"
PASSWD = f"likelight:x:{COOK.uid}:{COOK.uid}::/var/lib/likelight:/usr/sbin/nologin\n"
CLOCK_SET = {"/run/systemd/timesync/synchronized": ""}


@dataclass(frozen=True)
class Case:
    """What the check `id` answers for `config` on `machine`: its result, and words of it."""

    id: str
    result: str
    words: str
    config: dict[str, Any]
    machine: Machine = Machine()  # noqa: RUF009  it is frozen

    def __str__(self) -> str:
        return f"{self.id}-{self.result}"


def raises(error: Exception) -> Any:
    def raise_it(*_: object) -> None:
        raise error

    return raise_it


def with_files(files: dict[str, Any], **given: Any) -> Machine:
    return Machine(files=files, given=given)


def asked(answer: Any, files: dict[str, Any] | None = None) -> Machine:
    """Return a machine whose daemon is asked, and answers by `answer`."""
    return with_files(files or {}, socket=Path("/run/likelight/control.sock"), ask_daemon=answer)


def says(files: dict[str, Any] | None = None, **health: Any) -> Machine:
    """Return a machine whose daemon says that it is well, but for `health`."""
    well = {"kitchen": "kitchen", "cloud": "connected", "troubles": [], "hardware": {}}
    camera = {"camera_reason": None, "camera_code": None}
    answer = HealthAnswer.model_validate({**well, **camera, **health})
    return asked(lambda _: answer, files)


def examine(check: Check, case: Case, root: Path) -> doctor.Diagnosis:
    config = Config.model_validate({"state_dir": "/state", **case.config})
    token = root / "etc/likelight/token"
    system = case.machine.system(root, config)
    if token.exists() and token.stat().st_size:
        token.chmod(0o600)
    return doctor.examine(system, [check], timeout_s=20)[0]


def assert_seen(case: Case, root: Path) -> None:
    """Hold that the check answers as `case` says, and tells a fix exactly where one is needed."""
    diagnosis = examine(BY_ID[case.id], case, root)
    assert diagnosis.finding.result == case.result, diagnosis.finding
    assert case.words in diagnosis.finding.words
    assert bool(diagnosis.fix) == (case.result in ("warn", "fail"))


def assert_shown(
    checks: Collection[Check], cases: Collection[Case], *, elsewhere: Collection[str] = ()
) -> None:
    """Hold that each check is in `cases` well and ill, or in a test of its own."""
    for check in checks:
        results = {case.result for case in cases if case.id == check.id}
        if check.id not in elsewhere:
            assert "ok" in results, check.id
            assert results & {"warn", "fail"}, check.id
    assert {case.id for case in cases} | {*elsewhere} == {check.id for check in checks}
