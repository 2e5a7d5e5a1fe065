"""The OpenAPI 3.1 document of a server's addresses."""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Final, Literal

from aiohttp import hdrs, web
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from likelight import __version__
from likelight.contract import KitchenId, Name
from likelight.contract.problem import PROBLEM_JSON, Problem
from likelight.web.http.declared import (
    BODY,
    JSON,
    SHELL,
    UNSAFE,
    Content,
    Declaration,
    Part,
    declaration_of,
)
from likelight.web.http.same_site import SAFE_METHODS
from likelight_cloud.store.ingest import SOURCE_NAME
from likelight_cloud.trust.operator_session import COOKIE

Object = dict[str, object]

_REFERENCE: Final = "#/components/schemas/{model}"
_TOKEN: Final = "deviceToken"  # noqa: S105 - a name, no secret
_OPERATOR_TOKEN: Final = "operatorToken"  # noqa: S105 - a name, no secret
_SESSION: Final = "operatorSession"
_NO_TOKEN: Final = {401: "`token`: the device's token is missing, wrong or revoked."}
_RETRY: Final = {
    "Retry-After": {
        "description": "In how many seconds to ask again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    }
}
_ABOUT: Final = """\
What a device, a cloud and a viewer say to one another. CONTRACT.md beside the cloud's source says
when and why; this says what, and is made of the server's own addresses.

Times are UTC as RFC 3339 has them. An error is `application/problem+json` (RFC 9457); those that a
program acts on have a type, `urn:likelight:problem:NAME`, and the name is told with each.
HEAD is answered wherever GET is, but for WebSockets and the poll of a device. Before a request is
read, a connection may get 408 for a late head, 429 or 503 for one connection too many.
"""


class UndeclaredError(TypeError):
    """An address says nothing of what it takes and answers; the message names it."""


def operations(
    routes: Iterable[web.AbstractRoute],
) -> Iterator[tuple[str, str, Declaration]]:
    """Yield path, method and declaration of each of `routes`; HEAD comes with its GET.

    Raises `UndeclaredError`.
    """
    for route in routes:
        if route.method == hdrs.METH_HEAD or route.resource is None:
            continue
        said = declaration_of(route.handler)
        if said is None:
            raise UndeclaredError(f"{route.method} {route.resource.canonical} declares nothing")
        yield route.resource.canonical, route.method, said


def document(routes: Iterable[web.AbstractRoute]) -> Object:
    """Return the document of `routes`. Raises `UndeclaredError`."""
    declared = list(operations(routes))
    schemas = _Schemas(said for _, _, said in declared)
    paths: dict[str, Object] = {}
    for path, method, said in declared:
        paths.setdefault(path, {})[method.lower()] = _operation(path, method, said, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "likelight",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": part.value} for part in Part],
        "paths": paths,
        "components": {
            "schemas": schemas.all,
            "securitySchemes": {
                _TOKEN: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of the kitchen's device.",
                },
                _OPERATOR_TOKEN: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of an operator, for programs: under /v1/ only.",
                },
                _SESSION: {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": COOKIE,
                    "description": "What an operator gets for the token at POST /fleet/login.",
                },
            },
        },
    }


def problems_of(method: str, said: Declaration) -> dict[int, str]:
    """Return each status that is a problem, in words: what `said` has, and the server itself."""
    problems = dict(SHELL)
    if method not in SAFE_METHODS or said.websocket:
        problems.update(UNSAFE)
    if said.token:
        problems.update(_NO_TOKEN)
    if said.request is not None:
        problems.update(BODY)
    return dict(sorted({**problems, **said.problems}.items()))


class _Untitled(GenerateJsonSchema):
    """A title says the field's name once more."""

    def field_title_should_be_set(self, _: object) -> bool:
        return False


class _Schemas:
    """The models' schemas: requests as they are read, replies as they are written."""

    def __init__(self, declared: Iterable[Declaration]) -> None:
        models: dict[tuple[type[BaseModel], Literal["validation", "serialization"]], None] = {
            (Problem, "serialization"): None
        }
        for said in declared:
            if said.request is not None:
                models[said.request, "validation"] = None
            for content in said.replies.values():
                model = content[0] if isinstance(content, tuple) else content
                if isinstance(model, type):
                    models[model, "serialization"] = None
        self._references, whole = models_json_schema(
            list(models), ref_template=_REFERENCE, schema_generator=_Untitled
        )
        self.all: object = whole["$defs"]

    def read(self, model: type[BaseModel]) -> object:
        return self._references[model, "validation"]

    def written(self, model: type[BaseModel]) -> object:
        return self._references[model, "serialization"]


def _operation(path: str, method: str, said: Declaration, schemas: _Schemas) -> Object:
    operation: Object = {"tags": [said.part.value], "summary": said.summary}
    parameters = [*_of_path(path), *_of_query(said), *_of_headers(said)]
    if parameters:
        operation["parameters"] = parameters
    if said.token:
        operation["security"] = [{_TOKEN: []}]
    if said.operator:
        by_token: list[Object] = [{_OPERATOR_TOKEN: []}] if path.startswith("/v1/") else []
        operation["security"] = [*by_token, {_SESSION: []}]
    if said.request is not None:
        content = {said.request_type: {"schema": schemas.read(said.request)}}
        operation["requestBody"] = {"required": True, "content": content}
    if said.websocket:
        operation["x-websocket"] = True
    replies: Object = {
        str(status): {"description": HTTPStatus(status).phrase, **_content(content, schemas)}
        for status, content in sorted(said.replies.items())
    }
    for status, words in problems_of(method, said).items():
        replies[str(status)] = _problem(path, method, status, words, schemas)
    operation["responses"] = replies
    return operation


def _content(content: Content, schemas: _Schemas) -> Object:
    if content is None:
        return {}
    if isinstance(content, str):
        return {"content": {content: {}}}
    model, others = content if isinstance(content, tuple) else (content, None)
    as_json: Object = {JSON: {"schema": schemas.written(model)}}
    return {"content": {**as_json, others: {}} if others else as_json}


def _problem(path: str, method: str, status: int, words: str, schemas: _Schemas) -> Object:
    content: Object = {PROBLEM_JSON: {"schema": schemas.written(Problem)}}
    # A browser's address bar and its forms get a page; see `for_persons`.
    as_a_page = path.startswith("/fleet") or (method, status) in _AS_A_PAGE
    if not path.startswith("/v1/") and as_a_page:
        content["text/html"] = {}
    reply: Object = {"description": words, "content": content}
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        reply["headers"] = _RETRY
    return reply


_AS_A_PAGE: Final = {
    (hdrs.METH_GET, HTTPStatus.NOT_FOUND),
    *(
        (hdrs.METH_POST, status)
        for status in (
            HTTPStatus.NOT_FOUND,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        )
    ),
}
_DIGITS: Final = {"type": "string", "pattern": "^[0-9]{1,15}$"}
_IN_PATH: Final[Mapping[str, object]] = {
    "kid": TypeAdapter(KitchenId).json_schema(),
    "id": TypeAdapter(Name).json_schema(),
    "source": {"type": "string", "pattern": f"^{SOURCE_NAME}$"},
    "init": {"type": "string", "pattern": "^[0-9]{1,9}$"},
    "number": _DIGITS,
    "part": {"type": "string", "pattern": "^[0-9]{1,9}$"},
}


def _of_path(path: str) -> Iterator[Object]:
    for name in web.DynamicResource(path).get_info()["pattern"].groupindex:
        schema = _IN_PATH.get(name, {"type": "string", "minLength": 1})
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _of_query(said: Declaration) -> Iterator[Object]:
    if said.query is None:
        return
    whole = said.query.model_json_schema(schema_generator=_Untitled)
    for name, schema in whole.get("properties", {}).items():
        required = name in whole.get("required", ())
        yield {"name": name, "in": "query", "required": required, "schema": schema}


def _of_headers(said: Declaration) -> Iterator[Object]:
    for header in said.headers:
        yield {
            "name": header.name,
            "in": "header",
            "description": header.about,
            "required": header.required,
            "schema": {"type": "string", "pattern": header.pattern},
        }
