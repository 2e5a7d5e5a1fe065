"""The answer to the upload's handshake: only the contract's own words in it refuse a device.

Between the device and its relay stand proxies, filters and log-in pages, and their 401 or 404 is an
outage that may be over in a second.
"""

from http import HTTPStatus

import aiohttp

from likelight.contract import MAX_REPLY
from likelight.contract.problem import Problem, ProblemType, problem_of

_REFUSALS = (ProblemType.TOKEN, ProblemType.KITCHEN, ProblemType.SUPERSEDED)


class NotUpgraded(aiohttp.ClientError):
    """The answer was not 101. The message holds nothing that the other end wrote."""

    def __init__(self, status: int, problem: Problem | None) -> None:
        self.status = status
        self.refuses = problem is not None and problem.type in _REFUSALS
        """True when the relay itself refuses this device; anything else may soon be over."""
        if self.refuses:
            super().__init__(f"it refuses this device (status {status})")
        elif problem is None and status < HTTPStatus.INTERNAL_SERVER_ERROR:
            super().__init__(f"something else answered with status {status}")
        else:
            super().__init__(f"it answered with status {status}")


async def raise_unless_upgraded(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Read an answer other than 101, and raise it as `NotUpgraded`; a session's middleware.

    A redirect is such an answer too: the token goes to this cloud alone.
    """
    response = await handler(request)
    if response.status == HTTPStatus.SWITCHING_PROTOCOLS:
        return response
    try:
        body = await _read(response)
    finally:
        response.close()
    content_type = response.headers.get("Content-Type", "")
    raise NotUpgraded(response.status, problem_of(response.status, content_type, body))


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return the body, or nothing of one that is larger than any reply of the contract."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_REPLY:
            return b""
    return bytes(body)
