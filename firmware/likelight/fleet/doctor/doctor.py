"""Runs every check, with a time-out, and reports what they found."""

import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from likelight import __version__
from likelight.contract import MAX_FINDINGS, DeviceFinding
from likelight.fleet.doctor.check import Check, Finding, Result, fail, skip
from likelight.fleet.doctor.system import NotConfigured, System

log = logging.getLogger(__name__)

TIMEOUT_S = 12.0
"""The slowest check runs a command, which has a limit of its own of 8 s."""
_MARKS: Mapping[Result, str] = {
    Result.OK: "ok  ",
    Result.WARN: "WARN",
    Result.FAIL: "FAIL",
    Result.SKIP: "-   ",
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A check, and what it found."""

    check: Check
    finding: Finding
    late: bool = False
    """It gave no answer in time; its thread still waits for one."""

    @property
    def fix(self) -> str | None:
        """The fix; None where nothing is wrong."""
        if self.finding.result in (Result.OK, Result.SKIP):
            return None
        return self.finding.fix or self.check.fix

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.check.id,
            "result": self.finding.result.value,
            "what": self.check.what,
            "found": self.finding.words,
            "why": self.check.why,
            "fix": self.fix,
        }


def examine(
    system: System, checks: Sequence[Check], timeout_s: float = TIMEOUT_S
) -> tuple[Diagnosis, ...]:
    """Run `checks` side by side and return what they found, in their order.

    A check that hangs (a bus, a name server) is abandoned after `timeout_s`; its thread ends with
    the process.
    """
    found: dict[str, Finding] = {}

    def look(one: Check) -> None:
        try:
            found[one.id] = one.look(system)
        except NotConfigured:
            found[one.id] = skip("it needs the configuration, which has a mistake")
        except PermissionError as error:
            found[one.id] = skip(f"you may not look there ({error}); try it with sudo")
        except Exception as error:
            log.debug("The check %s raised an error", one.id, exc_info=True)
            found[one.id] = fail(
                f"the check failed: {type(error).__name__}: {error}", "report this, please"
            )

    threads = [threading.Thread(target=look, args=(one,), daemon=True) for one in checks]
    for thread in threads:
        thread.start()
    until = time.monotonic() + timeout_s
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    late = fail(f"no answer within {timeout_s:g} s")
    return tuple(
        Diagnosis(one, found[one.id]) if one.id in found else Diagnosis(one, late, late=True)
        for one in checks
    )


def findings(diagnoses: Iterable[Diagnosis]) -> tuple[DeviceFinding, ...]:
    """Return the ids of what is not well, the worst first, for the cloud. What the daemon has said
    of itself is left out: it tells the cloud that anyway."""
    bad = [one for one in diagnoses if one.fix is not None and one.check.id != "daemon"]
    bad.sort(key=lambda one: one.finding.result is Result.WARN)
    return tuple(
        DeviceFinding(
            id=one.check.id, level="fail" if one.finding.result is Result.FAIL else "warn"
        )
        for one in bad[:MAX_FINDINGS]
    )


def worst(diagnoses: Iterable[Diagnosis]) -> Result:
    """Return the worst of all results: fail, warn or ok."""
    results = {diagnosis.finding.result for diagnosis in diagnoses}
    return next((bad for bad in (Result.FAIL, Result.WARN) if bad in results), Result.OK)


def to_json(system: System, diagnoses: Sequence[Diagnosis]) -> dict[str, Any]:
    """Return all of it for programs."""
    return {
        "likelight": __version__,
        "kitchen": system.configured.kitchen.id if system.configured else None,
        "board": system.model,
        "result": worst(diagnoses).value,
        "checks": [diagnosis.to_json() for diagnosis in diagnoses],
    }


def to_text(diagnoses: Sequence[Diagnosis], *, everything: bool) -> str:
    """Return all of it for people; what was skipped is counted, or listed with `everything`."""
    lines, skipped = [], 0
    width = max((len(diagnosis.check.id) for diagnosis in diagnoses), default=0)
    for diagnosis in diagnoses:
        one, finding = diagnosis.check, diagnosis.finding
        if finding.result is Result.SKIP and not everything:
            skipped += 1
            continue
        lines.append(f"{_MARKS[finding.result]}  {one.id:{width}}  {one.what}: {finding.words}")
        if diagnosis.fix is not None:
            lines.append(f"      {'':{width}}  why: {one.why}")
            lines.append(f"      {'':{width}}  fix: {diagnosis.fix}")
    if skipped:
        lines.append(f"{skipped} checks do not apply here; --all shows why")
    return "\n".join(lines)
