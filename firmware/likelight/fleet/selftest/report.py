"""What a self-test saw, for people and for programs. Nothing in it is secret."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from likelight import __version__
from likelight.runtime.atomic_file import replace_file


class StepVerdict(StrEnum):
    """The result of a step."""

    PASSED = "passed"
    FAILED = "failed"
    UNSEEN = "not seen"
    """Skipped, or nobody was there to see it: it says nothing about the hardware."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict in words, and the fix of what failed."""

    verdict: StepVerdict
    words: str
    fix: str | None = None


def passed(words: str) -> Outcome:
    return Outcome(StepVerdict.PASSED, words)


def failed(words: str, fix: str | None = None) -> Outcome:
    return Outcome(StepVerdict.FAILED, words, fix)


def unseen(words: str) -> Outcome:
    return Outcome(StepVerdict.UNSEEN, words)


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step as it went. `seen_by`: "keyboard", a button, or "the test itself"."""

    name: str
    verdict: StepVerdict
    words: str
    fix: str | None
    simulated: bool
    seen_by: str | None


@dataclass(frozen=True, slots=True)
class SelfTestReport:
    """The whole session. Times are UTC."""

    kitchen: str
    board: str | None
    began: datetime
    ended: datetime
    steps: Sequence[StepReport]

    @property
    def verdict(self) -> StepVerdict:
        """Failed if one step failed, else not seen if one was not seen, else passed."""
        verdicts = {step.verdict for step in self.steps}
        if StepVerdict.FAILED in verdicts:
            return StepVerdict.FAILED
        return StepVerdict.UNSEEN if StepVerdict.UNSEEN in verdicts else StepVerdict.PASSED

    def to_json(self) -> dict[str, Any]:
        return {
            "likelight": __version__,
            "kitchen": self.kitchen,
            "board": self.board,
            "began": self.began.isoformat(timespec="seconds"),
            "ended": self.ended.isoformat(timespec="seconds"),
            "result": self.verdict.value,
            "simulated": [step.name for step in self.steps if step.simulated],
            "steps": [asdict(step) for step in self.steps],
        }

    def to_text(self) -> str:
        lines = [
            f"likelight {__version__}, self-test of the kitchen {self.kitchen}",
            f"{self.board or 'no board'}, {self.began:%Y-%m-%d %H:%M} to {self.ended:%H:%M} UTC",
            "",
        ]
        for step in self.steps:
            badge = "SIMULATED, " if step.simulated else ""
            by = f" ({badge}seen by {step.seen_by})" if step.seen_by else f" ({badge}not seen)"
            lines.append(f"{step.verdict.upper():9} {step.name}: {step.words}{by}")
            if step.fix:
                lines.append(f"{'':9} fix: {step.fix}")
        return "\n".join([*lines, "", f"In all: {self.verdict}"])


def write_report(report: SelfTestReport, file: Path) -> None:
    """Write the report to `file` as JSON, and as text beside it. Raises `OSError`."""
    # Whole files: half a report from a power cut would be read as a good one.
    replace_file(file, json.dumps(report.to_json(), indent=1) + "\n", mode=0o644)
    replace_file(file.with_suffix(".txt"), report.to_text() + "\n", mode=0o644)
