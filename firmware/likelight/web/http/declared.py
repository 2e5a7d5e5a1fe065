"""What an address takes and answers, said at its handler: the contract's OpenAPI is made of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, TypeVar

from pydantic import BaseModel

Content = type[BaseModel] | str | tuple[type[BaseModel], str] | None
"""What a reply has: this model as JSON, this media type, the one or the other, or no body."""

H = TypeVar("H")

_DECLARATION: Final = "likelight_declaration"

SHELL: Final[Mapping[int, str]] = {
    415: "The request has a `Content-Encoding`.",
    421: "The server does not answer under the name in `Host`.",
}
"""What the server itself may say at every address."""

UNSAFE: Final[Mapping[int, str]] = {403: "A page of another site asked a browser for this."}
"""What it may say besides to methods that change something, and to WebSockets."""

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

BODY: Final[Mapping[int, str]] = {
    400: "The body can't be parsed, or did not arrive in one piece.",
    408: "The body did not arrive within 10 s.",
    413: "The body is larger than 16 KiB.",
    415: "The body has another type, or a `Content-Encoding`.",
    422: "`invalid`: the body breaks the contract; `errors` has each field.",
}
"""What `read_body` and `read_form` may say."""

NOT_A_SOCKET: Final[Mapping[int, str]] = {400: "The request asks for no WebSocket."}


class Part(StrEnum):
    """Whom an address is for."""

    DEVICE = "Device"
    VIEWER = "Viewer"
    PAGES = "Pages"
    PICTURES = "Pictures"
    FLEET = "Fleet"
    INGEST = "Ingest"
    SERVER = "Server"


@dataclass(frozen=True, slots=True)
class Header:
    """A header that a request may have; its values match `pattern`, or are any."""

    name: str
    pattern: str
    about: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Declaration:
    """One address with one method. `problems` says in words when each status is the reply."""

    part: Part
    summary: str
    replies: Mapping[int, Content]
    problems: Mapping[int, str]
    request: type[BaseModel] | None
    request_type: str
    query: type[BaseModel] | None
    headers: tuple[Header, ...]
    token: bool
    """Whether it needs a device's token."""
    operator: bool
    """Whether it needs an operator's session, or token."""

    @property
    def websocket(self) -> bool:
        """Whether it is a WebSocket."""
        return HTTPStatus.SWITCHING_PROTOCOLS in self.replies


def declares(
    part: Part,
    summary: str,
    replies: Mapping[int, Content],
    problems: Mapping[int, str] = MappingProxyType({}),
    *,
    request: type[BaseModel] | None = None,
    request_type: str = JSON,
    query: type[BaseModel] | None = None,
    headers: tuple[Header, ...] = (),
    token: bool = False,
    operator: bool = False,
) -> Callable[[H], H]:
    """Return a decorator that says of a handler what it takes and answers; see `Declaration`."""
    said = Declaration(
        part, summary, replies, problems, request, request_type, query, headers, token, operator
    )
    return lambda handler: _tell(handler, said)


def with_problems(original: object, handler: H, problems: Mapping[int, str]) -> H:
    """Declare of `handler` what `original` does, and `problems` besides."""
    said = declaration_of(original)
    assert said is not None, f"{original} declares nothing"
    return _tell(handler, replace(said, problems={**said.problems, **problems}))


def declaration_of(handler: object) -> Declaration | None:
    """Return what `declares` said of `handler`."""
    found = getattr(handler, _DECLARATION, None)
    assert found is None or isinstance(found, Declaration)
    return found


def _tell(handler: H, said: Declaration) -> H:
    handler.__dict__[_DECLARATION] = said
    return handler
