"""What `likelight pair` does: it draws the device's token, keeps it, and has the cloud take it."""

import asyncio
import hashlib
import os
import secrets
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import aiohttp
from pydantic import ValidationError

from likelight import __version__
from likelight.cli.exits import Exit, end
from likelight.config.address import check_cloud_url
from likelight.config.secret import read_token
from likelight.config.settings import Config, ConfigError
from likelight.contract import MAX_REPLY
from likelight.contract.enrolment import DeviceFacts, EnrolReply, EnrolRequest, code_of
from likelight.contract.problem import ProblemType, problem_of
from likelight.runtime.atomic_file import replace_file, sync_folder
from likelight.runtime.http_session import Trust, failure_words, new_session
from likelight.runtime.tls import CaFileError

ANSWERS_WITHIN_S = 20.0
SERIAL = Path("/sys/firmware/devicetree/base/serial-number")
"""A Raspberry Pi's own number."""

_CREDENTIALS = Path("/run/credentials")
_ANOTHER = "Ask for a new one: on the cloud's server, `likelight-cloud kitchen code KID`"
_REFUSALS = {
    (ProblemType.CODE, 404): f"the cloud has no such code: it is mistyped, or void. {_ANOTHER}",
    (ProblemType.CODE, 409): f"another device has used this code. {_ANOTHER}",
    (ProblemType.CODE, 410): f"this code has expired. {_ANOTHER}",
    (ProblemType.LIMIT, 429): "the cloud is asked too often from this network. Wait a minute, and "
    "type the same again",
}


class _NotEnrolled(Exception):
    """The cloud has not taken the token; the text says why, and what to do."""

    def __init__(self, why: str, code: Exit) -> None:
        super().__init__(why)
        self.code = code


def pair(config: Config, typed: str, cloud: str | None) -> Exit:
    """Enrol the device of `config` with the code `typed`, at `cloud` or else at `cloud.url`.

    Raises `ConfigError` for what can't be tried.
    """
    try:
        code = code_of(typed)
        url = check_cloud_url(cloud or config.cloud.url or "")
    except ValueError as error:
        wrong = "CODE" if cloud or config.cloud.url else "--cloud URL, or cloud.url"
        raise ConfigError(f"{wrong}: {error}") from None
    file = config.cloud.token_file or config.state_dir / "token"
    if file.is_relative_to(_CREDENTIALS):
        raise ConfigError(
            f"cloud.token_file is {file}, a credential that systemd reads from elsewhere. Name "
            "a file that this command can write, such as /etc/likelight/token"
        )
    draft = file.with_name(f"{file.name}.new")
    try:
        token = _kept(draft, config.state_dir)
    except OSError as error:
        return end(
            f"{draft} can't be written: {error.strerror}. Make its folder, or try it with sudo",
            Exit.UNAVAILABLE,
        )
    try:
        enrolled = asyncio.run(_enrol(config, url, code, token))
    except _NotEnrolled as refused:
        return end(refused, refused.code)
    draft.replace(file)
    sync_folder(file.parent)
    _tell(config, enrolled, url, file)
    return Exit.DONE


def _kept(draft: Path, state_dir: Path) -> str:
    """Return the token in `draft`, where a try before may have left it, else a new one, on the
    disk. Raises `OSError`.

    It lasts before the cloud hears of it: the cloud may take it and its reply be lost.
    """
    with suppress(ConfigError):
        return read_token(draft)
    token = secrets.token_urlsafe(32)
    owner = state_dir.stat() if os.geteuid() == 0 and state_dir.exists() else None
    replace_file(draft, token, owner=(owner.st_uid, owner.st_gid) if owner else None)
    return token


async def _enrol(config: Config, url: str, code: str, token: str) -> EnrolReply:
    """Have the cloud take the checksum of `token`. Raises `_NotEnrolled`."""
    asked = EnrolRequest(
        code=code,
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
        device=DeviceFacts(serial=await asyncio.to_thread(_serial), sw=__version__),
    )
    try:
        async with (
            new_session(config.cloud.proxy) as session,
            session.post(
                f"{url.rstrip('/')}/v1/enrol",
                json=asked.model_dump(),
                allow_redirects=False,
                ssl=await Trust(config.cloud.ca_file).ssl(),
                timeout=aiohttp.ClientTimeout(total=ANSWERS_WITHIN_S),
            ) as reply,
        ):
            body = await reply.content.read(MAX_REPLY)
    except TimeoutError:
        raise _unreached(f"no answer within {ANSWERS_WITHIN_S:g} s") from None
    except CaFileError as error:
        raise _unreached(f"cloud.ca_file: {error}") from error
    except (aiohttp.ClientError, OSError) as error:
        raise _unreached(failure_words(error)) from error
    if reply.status == HTTPStatus.CREATED:
        with suppress(ValidationError):
            return EnrolReply.model_validate_json(body)
    problem = problem_of(reply.status, reply.headers.get("Content-Type", ""), body)
    refusal = _REFUSALS.get((ProblemType(problem.type), problem.status)) if problem else None
    if refusal is None:
        raise _unreached(f"what answers there, with status {reply.status}, enrols no device now")
    raise _NotEnrolled(refusal, Exit.FAILED)


def _unreached(why: str) -> _NotEnrolled:
    return _NotEnrolled(
        f"the cloud was not reached: {why}. Nothing is lost: type the same again, or see "
        "`sudo likelight doctor`",
        Exit.UNAVAILABLE,
    )


def _serial() -> str:
    with suppress(OSError, UnicodeDecodeError):
        serial = SERIAL.read_text("ascii").strip("\0\n ")
        if serial.isalnum() and len(serial) <= 64:
            return serial
    return "unknown"


def _tell(config: Config, enrolled: EnrolReply, url: str, file: Path) -> None:
    print(f"This device is {enrolled.name} ({enrolled.kid}) now. Its token is in {file}.")
    named = (config.kitchen.id, config.cloud.url, config.cloud.token_file)
    if named == (enrolled.kid, url, file):
        print("A running likelight takes the token within 10 s.")
        return
    print(
        "Its configuration must say so, too:\n"
        f'  [kitchen]\n  id = "{enrolled.kid}"\n'
        f'  [cloud]\n  url = "{url}"\n  token_file = "{file}"\n'
        "Then: `sudo systemctl restart likelight`"
    )
