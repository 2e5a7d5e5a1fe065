"""The contract's refusals: which errors of a cloud mean something to a device.

Between the two stand proxies, filters and log-in pages, and they answer in the cloud's place.
"""

from enum import StrEnum

from pydantic import ValidationError

from likelight.contract import Opaque, Wire

PROBLEM_JSON = "application/problem+json"


class ProblemType(StrEnum):
    """The refusals that a device or a page acts on; each stands only with its own statuses."""

    TOKEN = "urn:likelight:problem:token"  # noqa: S105 - a name, no secret
    KITCHEN = "urn:likelight:problem:kitchen"
    CURSOR = "urn:likelight:problem:cursor"
    EPOCH = "urn:likelight:problem:epoch"
    SUPERSEDED = "urn:likelight:problem:superseded"
    LIMIT = "urn:likelight:problem:limit"
    FULL = "urn:likelight:problem:full"
    BUSY = "urn:likelight:problem:busy"
    CODE = "urn:likelight:problem:code"
    ROTATION = "urn:likelight:problem:rotation"
    INVALID = "urn:likelight:problem:invalid"
    CATALOGUE = "urn:likelight:problem:catalogue"


class FieldError(Wire):
    """What is wrong with one field of a request; `field` is its path, such as camera.state."""

    field: str
    detail: str


class Problem(Wire):
    """An error as RFC 9457 has it. `detail` says what happened, to what, and what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    errors: tuple[FieldError, ...] | None = None
    cursor: Opaque | None = None


def problem_of(status: int, content_type: str, body: bytes) -> Problem | None:
    """Return the contract's own refusal, or None: what any other server says refuses nobody."""
    if content_type.partition(";")[0].strip().lower() != PROBLEM_JSON:
        return None
    try:
        problem = Problem.model_validate_json(body)
    except ValidationError:
        return None
    return problem if problem.type in _STATUSES and status in _STATUSES[problem.type] else None


_STATUSES: dict[str, tuple[int, ...]] = {
    ProblemType.TOKEN: (401, 403),
    ProblemType.KITCHEN: (404,),
    ProblemType.CURSOR: (400,),
    ProblemType.EPOCH: (410,),
    ProblemType.SUPERSEDED: (409,),
    ProblemType.LIMIT: (429,),
    ProblemType.FULL: (429,),
    ProblemType.BUSY: (503,),
    ProblemType.CODE: (404, 409, 410),
    ProblemType.ROTATION: (409,),
    ProblemType.INVALID: (422,),
    ProblemType.CATALOGUE: (404,),
}
