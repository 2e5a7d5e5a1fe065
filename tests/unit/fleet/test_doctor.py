"""The doctor as a whole: what it does with its checks, and what it reports."""

import json
import re
import threading
from pathlib import Path
from typing import Any

from likelight.config.settings import Config
from likelight.fleet.doctor import doctor
from likelight.fleet.doctor.check import Check, Result, ok
from likelight.fleet.doctor.checks import CHECKS
from likelight.fleet.doctor.system import System
from support.doctor import BY_ID, CLOUD, KIT, TOKEN, Case, examine, raises, with_files
from support.machine import Machine

DOCTOR_MD = (Path(__file__).parents[3] / "firmware" / "DOCTOR.md").read_text(encoding="utf-8")


def test_each_group_of_checks_has_its_tests() -> None:
    groups = {file.stem for file in Path(doctor.__file__).with_name("checks").glob("[a-z]*.py")}
    tested = {file.stem for file in Path(__file__).parent.glob("test_doctor_*.py")}
    assert tested == {f"test_doctor_{group}" for group in groups}


def test_what_hangs_is_given_up_and_what_breaks_is_reported(tmp_path: Path) -> None:
    forever = threading.Event()
    system = Machine().system(tmp_path, Config(state_dir=Path("/state")))

    def hang(_: System) -> Any:
        forever.wait()

    def deny(_: System) -> Any:
        raise PermissionError(13, "no", "/dev/secret")

    looks = {"well": lambda _: ok("fine"), "hung": hang, "broken": raises(KeyError("x"))}
    checks = [Check(id, "what", "why", "fix", look) for id, look in looks.items()]
    checks.append(Check("denied", "what", "why", "fix", deny))
    found = {one.check.id: one.finding for one in doctor.examine(system, checks, timeout_s=1)}
    forever.set()
    assert found["well"].result is Result.OK
    assert found["hung"].words == "no answer within 1 s"
    assert found["broken"].words == "the check failed: KeyError: 'x'"
    assert found["denied"].result is Result.SKIP
    assert "sudo" in found["denied"].words


def test_what_is_reported_to_people_and_programs(tmp_path: Path) -> None:
    system = Machine().system(tmp_path, Config.model_validate({"state_dir": "/state", **KIT}))
    found = doctor.examine(system, CHECKS, timeout_s=20)
    told = doctor.to_text(found, everything=False)
    assert "FAIL  gpio-node" in told
    assert "fix: use a Raspberry Pi" in told
    assert re.search(r"\d+ checks do not apply here; --all shows why", told)
    assert "tls " not in told
    assert "tls " in doctor.to_text(found, everything=True)
    for_programs = json.loads(json.dumps(doctor.to_json(system, found)))
    assert for_programs["result"] == "fail"
    assert [one["id"] for one in for_programs["checks"]] == [check.id for check in CHECKS]
    to_cloud = [(one.id, one.level) for one in doctor.findings(found)]
    assert to_cloud
    assert sorted(to_cloud) == sorted(
        (one["id"], one["result"])
        for one in for_programs["checks"]
        if one["result"] in ("warn", "fail") and one["id"] != "daemon"
    )
    assert [level for _, level in to_cloud] == sorted(level for _, level in to_cloud)


def test_no_check_tells_the_token(tmp_path: Path) -> None:
    case = Case("cloud", "", "", CLOUD, with_files({**TOKEN}))
    for check in CHECKS:
        diagnosis = examine(check, case, tmp_path)
        assert "s3cret" not in json.dumps(diagnosis.to_json())


def test_the_guide_has_a_row_for_every_check() -> None:
    rows = [row for row in DOCTOR_MD.splitlines() if row.startswith("| `")]
    assert rows == [
        f"| `{check.id}` | {check.what} | {check.why} | {check.fix} |" for check in CHECKS
    ]
    assert len(BY_ID) == len(CHECKS)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", check.id) for check in CHECKS)
