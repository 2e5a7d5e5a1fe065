"""What a device without a token asks a cloud: to take its own, for a code or once an operator
confirms it."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import TypeVar

import aiohttp
from pydantic import ValidationError

from likelight import __version__
from likelight.appreciation.sync.client import FailureKind
from likelight.appreciation.sync.http_cloud import failure_kind
from likelight.config.device_tokens import checksum
from likelight.config.pairing import serial_number
from likelight.contract import MAX_REPLY, Wire
from likelight.contract.enrolment import (
    DeviceFacts,
    EnrolReply,
    EnrolRequest,
    PairingAnswer,
    PairingOffer,
    PairingRequest,
    PairingState,
)
from likelight.contract.problem import ProblemType, problem_of
from likelight.runtime.http_session import Trust, failure_words
from likelight.runtime.tls import CaFileError

ANSWERS_WITHIN_S = 20.0
LONGEST_RETRY_AFTER_S = 3600.0
W = TypeVar("W", bound=Wire)


class Unanswered(Exception):
    """No cloud answered; the text says why, for people, and `failure` for the device."""

    def __init__(self, message: str, failure: FailureKind = FailureKind.NETWORK) -> None:
        super().__init__(message)
        self.failure = failure


class Refused(Exception):
    """The cloud refuses this: with which of the contract's refusals, and how long to wait."""

    def __init__(self, type: ProblemType, status: int, retry_after_s: float) -> None:
        super().__init__(f"the cloud refuses it ({type.rpartition(':')[2]}, status {status})")
        self.type = type
        self.status = status
        self.retry_after_s = retry_after_s


class PairingClient:
    """Asks the cloud at `url` over `session`, which its caller closes."""

    def __init__(self, session: aiohttp.ClientSession, url: str, trust: Trust) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._trust = trust

    async def enrol(self, code: str, token: str) -> EnrolReply:
        """Have the cloud take `token` for the kitchen of an enrolment code.

        Raises `Unanswered` or `Refused`.
        """
        asked = EnrolRequest(code=code, token_sha256=checksum(token), device=await _facts())
        return await self._exchange("POST", "enrol", HTTPStatus.CREATED, EnrolReply, asked)

    async def decision(self, token: str, on_code: Callable[[str], None]) -> PairingAnswer | None:
        """Ask for a code, give it to `on_code`, wait for an operator, and return what he decided.

        None when the code has ended without that. Raises `Unanswered` or `Refused` when there is no
        code to be had.
        """
        now = asyncio.get_running_loop().time
        asked = PairingRequest(token_sha256=checksum(token), device=await _facts())
        offer = await self._exchange("POST", "pairing", HTTPStatus.CREATED, PairingOffer, asked)
        end, pause = now() + offer.expires_in + offer.interval, 0.0
        while now() + pause <= end:
            # The first question is asked at once: it brings a decision whose answer was lost.
            await asyncio.sleep(pause)
            pause = float(offer.interval)
            try:
                answer = await self._exchange(
                    "GET", f"pairing/{offer.device_code}", HTTPStatus.OK, PairingAnswer
                )
                if answer.state is not PairingState.PENDING:
                    return answer
            except Unanswered:
                pass  # the line may come back while the code lasts
            except Refused as refused:
                if refused.type is ProblemType.CODE:
                    return None
                pause = max(pause, refused.retry_after_s)
            on_code(offer.user_code)
        return None

    async def _exchange(
        self, method: str, path: str, good: HTTPStatus, model: type[W], asked: Wire | None = None
    ) -> W:
        try:
            async with self._session.request(
                method,
                f"{self._url}/v1/{path}",
                json=None if asked is None else asked.model_dump(),
                allow_redirects=False,
                ssl=await self._trust.ssl(),
                timeout=aiohttp.ClientTimeout(total=ANSWERS_WITHIN_S),
            ) as reply:
                body = await _read(reply)
        except TimeoutError:
            raise Unanswered(f"no answer within {ANSWERS_WITHIN_S:g} s") from None
        except CaFileError as error:
            raise Unanswered(f"cloud.ca_file: {error}", FailureKind.SETTINGS) from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unanswered(failure_words(error), failure_kind(error)) from error
        if reply.status == good:
            with suppress(ValidationError):
                return model.model_validate_json(body)
        problem = problem_of(reply.status, reply.headers.get("Content-Type", ""), body)
        if problem is None:
            raise Unanswered(
                f"what answers there, with status {reply.status}, is not a cloud",
                FailureKind.CLOUD if reply.status >= 500 else FailureKind.INTERCEPTED,
            )
        raise Refused(ProblemType(problem.type), problem.status, _retry_after(reply.headers))


async def _read(reply: aiohttp.ClientResponse) -> bytes:
    """Return the body, of one over the contract's 64 KiB its beginning."""
    body = bytearray()
    async for chunk in reply.content.iter_any():
        body += chunk
        if len(body) > MAX_REPLY:
            break
    return bytes(body)


def _retry_after(headers: Mapping[str, str]) -> float:
    seconds = headers.get("Retry-After", "")
    known = seconds.isascii() and seconds.isdecimal()
    return min(float(seconds), LONGEST_RETRY_AFTER_S) if known else 0.0


async def _facts() -> DeviceFacts:
    serial = await asyncio.to_thread(serial_number)
    return DeviceFacts(serial=serial or "unknown", sw=__version__)
