"""A cloud over HTTP: each status code and each failed connection becomes a `CloudError`."""

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
from pydantic import ValidationError

from likelight.appreciation.sync.client import (
    BadCursor,
    CatalogueUnknown,
    CloudBusy,
    CloudError,
    DeviceRefused,
    FailureKind,
    Invalid,
    NewTimeLine,
    ReplyTooLarge,
    RotationRefused,
    Superseded,
    Unreachable,
    WrongDocument,
)
from likelight.assets.catalogue_document import MAX_DOCUMENT_BYTES, document_name
from likelight.contract import (
    MAX_LIST,
    MAX_REPLY,
    Events,
    Status,
    StatusReply,
    Wire,
)
from likelight.contract.enrolment import TokenRequest
from likelight.contract.problem import ProblemType, problem_of
from likelight.runtime.http_session import Trust, failure_words, new_session
from likelight.runtime.printable import printable
from likelight.runtime.tls import CaFileError, CertificateFault, certificate_fault

log = logging.getLogger(__name__)

W = TypeVar("W", bound=Wire)

MAX_NOTES = MAX_LIST
"""As many as a reply may have: many notes are one commit, and a poll that brings some a pace."""
EVENTS_GRACE_S = 10.0
"""How much longer than its own `wait` a long poll may take."""
STATUS_TIMEOUT_S = 10.0
CATALOGUE_TIMEOUT_S = 30.0
"""The largest document at 70 kbit/s."""
NEXT_TOKEN_S = 0.2
"""The pause before another token is tried: the contract's shortest after any reply."""
LONGEST_RETRY_AFTER_S = 3600.0
_NOT_VALID_NOW = (CertificateFault.NOT_YET_VALID, CertificateFault.EXPIRED)


_Answer = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body."""


class HttpCloud:
    """A cloud over HTTP at `base_url`; an asynchronous context manager that owns its session.

    The token is sent to this cloud alone, as `Authorization` header: redirects are not followed,
    and no message or repr contains it. It may come later, with `pair`; ask nothing before that.
    `on_token` is called with each one that is in use from then on. `clock_is_set` tells whether
    this device's clock can be believed; it may block.
    """

    def __init__(
        self,
        base_url: str,
        kid: str,
        token: str | None,
        *,
        new_session: Callable[[], aiohttp.ClientSession] = new_session,
        trust: Trust | None = None,
        clock_is_set: Callable[[], bool] = lambda: False,
        on_token: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._kitchen = f"{base_url.rstrip('/')}/v1/kitchens/{kid}"
        self._on_token = on_token
        self._tokens: tuple[str, ...] = ()
        self._new_session = new_session
        self._trust = trust or Trust()
        self._clock_is_set = clock_is_set
        self._session: aiohttp.ClientSession | None = None
        if token is not None:
            self.pair(token)

    def pair(self, *tokens: str) -> None:
        """Prove from now on with the first of `tokens` which device this is, and with the next one
        where the cloud refuses it."""
        self._tokens = tokens
        self._on_token(tokens[0])

    @property
    def token(self) -> str | None:
        """The token in use; None while there is none."""
        return self._tokens[0] if self._tokens else None

    async def __aenter__(self) -> Self:
        self._session = self._new_session()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def events(
        self, cursor: str | None, dv: int, wait: int, boot_id: str | None = None
    ) -> Events:
        """See `CloudClient`."""
        query = {"wait": str(wait), "max_notes": str(MAX_NOTES), "dv": str(dv)}
        if cursor is not None:
            query["cursor"] = cursor
        if boot_id is not None:
            query["boot_id"] = boot_id
        status, headers, body = await self._exchange(
            "GET", "/events", time_out=wait + EVENTS_GRACE_S, query=query
        )
        if status == 200:
            return _parse(Events, body)
        raise _failure(status, headers, body)

    async def status(self, status: Status) -> StatusReply:
        """See `CloudClient`."""
        code, headers, body = await self._exchange(
            "POST",
            "/status",
            time_out=STATUS_TIMEOUT_S,
            body=status.model_dump_json().encode(),
        )
        if code == 200:
            return _parse(StatusReply, body)
        raise _failure(code, headers, body)

    async def catalogue(self, name: str) -> bytes:
        """Return the catalogue document with this name, the SHA-256 of its bytes.

        Raises `CatalogueUnknown`, `WrongDocument` when something else comes, and every
        `CloudError`.
        """
        try:
            status, headers, body = await self._exchange(
                "GET",
                f"/catalogue/{name}",
                time_out=CATALOGUE_TIMEOUT_S,
                most=MAX_DOCUMENT_BYTES,
            )
        except ReplyTooLarge as error:
            raise WrongDocument(f"{error}; a catalogue is not") from error
        if status != 200:
            raise _failure(status, headers, body)
        if document_name(body) != name:
            raise WrongDocument("what came has another checksum than was asked for")
        return body

    async def change_token(self, token_sha256: str) -> None:
        """Make the token with this checksum valid beside the one in use, as the cloud has asked.

        May be repeated. Raises `RotationRefused` when it is not asked, and every `CloudError`.
        """
        new = TokenRequest(token_sha256=token_sha256)
        code, headers, body = await self._exchange(
            "POST",
            "/token",
            time_out=STATUS_TIMEOUT_S,
            body=new.model_dump_json().encode(),
        )
        if code != 200:
            raise _failure(code, headers, body)
        if _parse(TokenRequest, body) != new:
            raise Unreachable("another token was answered to", FailureKind.INTERCEPTED)

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        time_out: float,
        query: dict[str, str] | None = None,
        body: bytes | None = None,
        most: int = MAX_REPLY,
    ) -> _Answer:
        """Return the answer to the first token that is not refused, or else to the last; `most`
        are the bytes that it may have."""
        ask = partial(self._ask, time_out=time_out, query=query, body=body, most=most)
        token, *others = self._tokens or ("",)
        answer = await ask(token, method, path)
        for another in others:
            if not _refuses_token(answer):
                break
            await asyncio.sleep(NEXT_TOKEN_S)
            answer = await ask(another, method, path)
            if not _refuses_token(answer):
                self._go_on_with(another)
        return answer

    def _go_on_with(self, token: str) -> None:
        # Another request may have found this out before; or other tokens have come meanwhile.
        if token in self._tokens[1:]:
            log.warning(
                "The cloud refuses the token that came last; this device goes on with the one "
                "before it"
            )
            self.pair(token, *(each for each in self._tokens if each != token))

    async def _ask(
        self,
        token: str,
        method: str,
        path: str,
        *,
        time_out: float,
        query: dict[str, str] | None,
        body: bytes | None,
        most: int,
    ) -> _Answer:
        if self._session is None:
            raise Unreachable("the connection to the cloud is closed")
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with self._session.request(
                method,
                self._kitchen + path,
                params=query,
                data=body,
                headers=headers,
                allow_redirects=False,
                ssl=await self._trust.ssl(),
                timeout=aiohttp.ClientTimeout(total=time_out),
            ) as response:
                return response.status, response.headers, await _read(response, most)
        except TimeoutError as error:
            raise Unreachable(f"no answer within {time_out:g} s") from error
        except CaFileError as error:
            raise Unreachable(f"cloud.ca_file: {error}", FailureKind.SETTINGS) from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(failure_words(error), await self._kind_of(error)) from error

    async def _kind_of(self, error: Exception) -> FailureKind:
        kind = failure_kind(error)
        if kind is FailureKind.CLOCK and await asyncio.to_thread(self._clock_is_set):
            return FailureKind.CLOUD  # the time here is right, and the certificate is out of date
        return kind


def failure_kind(error: Exception) -> FailureKind:
    """Return the kind of failure that `error` shows."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            fault = certificate_fault(error.certificate_error)
            return FailureKind.CLOCK if fault in _NOT_VALID_NOW else FailureKind.CERTIFICATE
        case aiohttp.ClientSSLError():
            return FailureKind.CERTIFICATE
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return FailureKind.CLOUD
        case aiohttp.ClientConnectorError(os_error=socket.gaierror(errno=socket.EAI_NONAME)):
            return FailureKind.DNS
        case aiohttp.ClientConnectorError(os_error=socket.gaierror(errno=socket.EAI_AGAIN)):
            return FailureKind.NAME_SERVER
        case _:
            return FailureKind.NETWORK


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Return the body. A reply over `most` bytes is not read to its end."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most:
            raise ReplyTooLarge(most)
    return bytes(body)


def _parse(model: type[W], body: bytes) -> W:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        # A hotel's log-in page, for instance: it answers 200 to everything.
        what = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, what["loc"])) or "the reply"
        message = printable(f"this is not a likelight cloud: {where} is missing or wrong")
        raise Unreachable(message, FailureKind.INTERCEPTED) from None


def _failure(status: int, headers: Mapping[str, str], body: bytes) -> CloudError:
    """Return what a status other than 200 means; only the contract's own refusals refuse."""
    problem = problem_of(status, headers.get("Content-Type", ""), body)
    match problem.type if problem else None:
        case ProblemType.TOKEN | ProblemType.KITCHEN:
            return DeviceRefused(status)
        case ProblemType.CURSOR:
            return BadCursor("the cloud can't read the cursor")
        case ProblemType.SUPERSEDED:
            return Superseded("another device, or another start of this one, polls")
        case ProblemType.EPOCH:
            return NewTimeLine(problem.cursor if problem else None)
        case ProblemType.LIMIT | ProblemType.BUSY if (seconds := _retry_after(headers)) is not None:
            return CloudBusy(seconds)
        case ProblemType.ROTATION:
            return RotationRefused("the cloud asks for no new token, or has got another one")
        case ProblemType.CATALOGUE:
            return CatalogueUnknown("the cloud has no such catalogue for this kitchen")
        case ProblemType.INVALID:
            return Invalid("the cloud can't take what was sent (status 422)")
        case None:
            return _stranger(status)
        case _:
            return Unreachable(f"the cloud answered with status {status}", FailureKind.CLOUD)


def _refuses_token(answer: _Answer) -> bool:
    status, headers, body = answer
    problem = problem_of(status, headers.get("Content-Type", ""), body)
    return problem is not None and problem.type == ProblemType.TOKEN


def _retry_after(headers: Mapping[str, str]) -> float | None:
    seconds = headers.get("Retry-After", "")
    if seconds.isascii() and seconds.isdecimal():
        return min(float(seconds), LONGEST_RETRY_AFTER_S)
    return None


def _stranger(status: int) -> Unreachable:
    """Return the outage that an answer without the contract's words is."""
    if 300 <= status < 400:
        why = "it sends this device to another address, as a log-in page does"
    elif status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        why = "a proxy wants a log-in"
    elif status == HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED:
        why = "this network wants a log-in first"
    elif status < 500:
        why = "not the cloud, but a proxy or a filter before it"
    else:
        return Unreachable(f"the cloud answered with status {status}", FailureKind.CLOUD)
    return Unreachable(
        f"something else answered with status {status}: {why}", FailureKind.INTERCEPTED
    )
