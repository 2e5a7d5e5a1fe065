"""One known field problem: how it is told, and what was found."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from likelight.fleet.doctor.system import System


class Result(StrEnum):
    """What a check came to."""

    OK = "ok"
    WARN = "warn"
    """It works now; it may not tomorrow."""
    FAIL = "fail"
    SKIP = "skip"
    """It means nothing here, or can't be seen from here; the words say which."""


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
    """`id` never changes once it is out; `look` may block, and touches nothing but the system."""

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
