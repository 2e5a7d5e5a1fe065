"""Reading what a request brings, and saying exactly what is wrong with it."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ValidationError

from likelight.contract import MAX_BODY
from likelight.contract.problem import FieldError, ProblemType
from likelight.web.http.problems import ProblemError

READ_S = 10.0
MOST_FIELDS = 16

M = TypeVar("M", bound=BaseModel)


@web.middleware
def plain_bodies_only(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Answer 415 to a request whose body is compressed: 16 KB held the loop for up to 85 ms."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise ProblemError(
            415,
            "Send the body without Content-Encoding.",
            headers={"Accept-Encoding": "identity"},
        )
    return handler(request)


async def read_body(request: web.Request, model: type[M]) -> M:
    """Return the JSON body as `model`; raise a 408, 413, 415, 400 or 422 that says why not."""
    return parsed(await read_json(request), model)


async def read_json(request: web.Request) -> bytes:
    """Return the JSON body as it was sent; raise a 408, 413, 415 or 400 that says why not."""
    if request.content_type != "application/json":
        raise ProblemError(415, "Send the body as Content-Type: application/json.")
    return await _read(request)


def parsed(raw: bytes, model: type[M]) -> M:
    """Return the JSON in `raw` as `model`; raise a 400 or 422 that says why not."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":
            raise ProblemError(400, "The body is not JSON that can be parsed.") from error
        raise unprocessable(error) from error


async def read_form(request: web.Request) -> dict[str, str]:
    """Return the fields of a browser's form; raise a 408, 413, 415 or 400 that says why not."""
    return dict(await read_fields(request))


async def read_fields(request: web.Request, most: int = MOST_FIELDS) -> list[tuple[str, str]]:
    """Return the fields of a browser's form, at most so many, of which several may have one name;
    raise a 408, 413, 415 or 400 that says why not."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise ProblemError(415, "Send the form as application/x-www-form-urlencoded.")
    try:
        return parse_qsl(
            (await _read(request)).decode(), max_num_fields=most, keep_blank_values=True
        )
    except ValueError as error:
        raise ProblemError(400, "The body is not a form that can be read.") from error


def unprocessable(error: ValidationError) -> ProblemError:
    """Return the 422 that names each field and what is wrong with it, without its value."""
    errors = tuple(
        FieldError(field=".".join(str(part) for part in one["loc"]) or "body", detail=one["msg"])
        for one in error.errors(include_input=False, include_url=False, include_context=False)
    )
    return ProblemError(
        422,
        "; ".join(f"{one.field}: {one.detail}" for one in errors),
        type=ProblemType.INVALID,
        errors=errors,
    )


async def _read(request: web.Request) -> bytes:
    too_large = ProblemError(413, f"The body is larger than {MAX_BODY} bytes. Send less.")
    if (request.content_length or 0) > MAX_BODY:
        raise too_large
    raw = bytearray()
    try:
        async with asyncio.timeout(READ_S):
            async for chunk in request.content.iter_any():
                raw += chunk
                if len(raw) > MAX_BODY:
                    raise too_large
    except web.RequestPayloadError as error:
        raise ProblemError(400, "The body did not arrive in one piece.") from error
    except TimeoutError as error:
        raise ProblemError(408, f"The body did not arrive within {READ_S:.0f} s.") from error
    return bytes(raw)


def json_answer(
    model: BaseModel,
    *,
    status: int = 200,
    exclude: set[str] | None = None,
    exclude_none: bool = False,
) -> web.Response:
    """Return `model`, less the fields to exclude, as a JSON answer that no cache keeps."""
    return web.Response(
        status=status,
        body=model.model_dump_json(exclude=exclude, exclude_none=exclude_none).encode(),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
