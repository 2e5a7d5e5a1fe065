"""Every error as `application/problem+json` (RFC 9457), from every part of the app."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from likelight.contract.problem import PROBLEM_JSON, FieldError, Problem, ProblemType
from likelight.web.http.reply_headers import EVERY_REPLY, RESOURCE_POLICY

log = logging.getLogger(__name__)

_PREPARED = web.RequestKey("prepared", bool)


class ProblemError(Exception):
    """An answer that is an error. `detail` says what happened, to what, and what to do."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        type: ProblemType | None = None,
        headers: Mapping[str, str] | None = None,
        errors: tuple[FieldError, ...] | None = None,
        cursor: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.headers = headers or {}
        self.problem = Problem(
            type=type or "about:blank",
            title=HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            errors=errors,
            cursor=cursor,
        )

    def response(self) -> web.Response:
        """Return the answer."""
        return web.Response(
            status=self.problem.status,
            body=self.problem.model_dump_json(exclude_none=True).encode(),
            content_type=PROBLEM_JSON,
            headers={"Cache-Control": "no-store", **self.headers},
        )


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what a handler raises into an answer, unless one has begun: a stream just ends."""
    try:
        return await handler(request)
    except Exception as error:
        if request.get(_PREPARED):
            raise
        if isinstance(error, web.HTTPException) and error.status < HTTPStatus.BAD_REQUEST:
            raise
        return _problem(request, error).response()


async def on_prepare(request: web.Request, response: web.StreamResponse) -> None:
    """Give every answer of the app the headers of all, and end its connection where an upgrade was
    asked for in vain; a signal for `on_response_prepare`."""
    request[_PREPARED] = True
    # What is drawn for other sites says so itself.
    shared = response.headers.get(RESOURCE_POLICY, EVERY_REPLY[RESOURCE_POLICY])
    response.headers.update({**EVERY_REPLY, RESOURCE_POLICY: shared})
    if "Upgrade" in request.headers and response.status != HTTPStatus.SWITCHING_PROTOCOLS:
        # Varnish looks at nothing that follows such a request on its connection, and so a client
        # could send whatever only a proxy may, as X-Forwarded-For.
        response.headers["Connection"] = "close"
        response.force_close()


def _problem(request: web.Request, error: Exception) -> ProblemError:
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, web.HTTPException):
        headers = {
            name: value
            for name, value in error.headers.items()
            if name not in ("Content-Type", "Content-Length")
        }
        return ProblemError(error.status, _detail(request, error), headers=headers)
    if not isinstance(error, ConnectionError):
        log.error("%s %s failed", request.method, request.path, exc_info=error)
    return ProblemError(
        500, "Something went wrong on our side and was written to the log. Try again in a moment."
    )


def _detail(request: web.Request, error: web.HTTPException) -> str:
    match error:
        case web.HTTPNotFound():
            return f"There is nothing at {request.path}."
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return f"{request.method} is not possible here; possible: {allowed}."
        case web.HTTPRequestEntityTooLarge():
            return "The request is larger than this address takes. Send less."
        case _:
            return error.text or error.reason
