"""Which viewer sends a request, and the 429 for one over a limit."""

import asyncio
import hashlib
import math

from aiohttp import web

from likelight.contract.problem import ProblemType
from likelight.web.http.client_address import client_of
from likelight.web.http.declared import Header
from likelight.web.http.problems import ProblemError
from likelight_cloud.app import CLOUD
from likelight_cloud.trust import viewer
from likelight_cloud.trust.ceilings import Ceiling, MintLimitError

VIEWER = Header(
    viewer.HEADER,
    r"^.*$",
    "The viewer's token, of a page that can keep no cookie; what is none counts as none yet.",
)


def viewer_of(request: web.Request, kid: str, id: str, ceiling: Ceiling, n: int) -> str:
    """Return the token of the viewer who sends `request`, a new one when it brings none.

    `id` is the request's own, by which its repetition is known; `n` is what it asks of `ceiling`.
    Raises a 429 when too many new viewers come from one address prefix while more is asked of the
    kitchen than its ceiling.
    """
    cloud, at = request.app[CLOUD], asyncio.get_running_loop().time()
    now = cloud.now()
    known = cloud.viewers.known(request, now)
    if known is not None:
        return known
    try:
        return cloud.newcomers.token(
            client_of(request),
            f"{kid} {id}",
            lambda: cloud.viewers.mint(now),
            limited=ceiling.exceeded(at),
            at=at,
        )
    except MintLimitError as error:
        ceiling.ask(n, at)
        raise over_limit(
            "Very many new viewers come from your network just now. One moment.", error.wait_s
        ) from error


def own_key(viewer: str, request_id: str) -> str:
    """Return the key of a viewer's request. The same id of another viewer has another key.

    Neither the viewer's token nor the id can be read from it.
    """
    return hashlib.sha256(f"{viewer} {request_id}".encode()).hexdigest()[:32]


def over_limit(detail: str, wait_s: float, type: ProblemType = ProblemType.LIMIT) -> ProblemError:
    """Return the 429 that asks a viewer to wait."""
    return ProblemError(
        429,
        detail,
        type=type,
        headers={"Retry-After": str(math.ceil(wait_s))},
    )
