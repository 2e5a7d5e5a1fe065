"""One known problem in the field: the check for it, and what the check found."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from likelight.fleet.doctor.system import System


class Result(StrEnum):
    """The result of a check."""

    OK = "ok"
    WARN = "warn"
    """It works now; it may not tomorrow."""
    FAIL = "fail"
    SKIP = "skip"
    """It does not apply here, or can't be seen from here; the words say which."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen, in words, and the fix when it differs from the check's own."""

    result: Result
    words: str
    fix: str | None = None


def ok(words: str) -> Finding:
    return Finding(Result.OK, words)


def warn(words: str, fix: str | None = None) -> Finding:
    return Finding(Result.WARN, words, fix)


def fail(words: str, fix: str | None = None) -> Finding:
    return Finding(Result.FAIL, words, fix)


def skip(words: str) -> Finding:
    return Finding(Result.SKIP, words)


@dataclass(frozen=True, slots=True)
class Check:
    """`id` never changes after a release; `look` may block, and asks only `System`."""

    id: str
    what: str
    why: str
    fix: str
    look: Callable[[System], Finding]


def check(
    id: str, *, what: str, why: str, fix: str
) -> Callable[[Callable[[System], Finding]], Check]:
    """Make a `Check` of the function below."""
    return lambda look: Check(id, what, why, fix, look)
