"""What `likelight pair` does: it draws the device's token, keeps it, and has the cloud take it."""

import asyncio
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

from likelight.appreciation.obstacle import Obstacle
from likelight.cli.exits import Exit, end
from likelight.config.address import check_cloud_url
from likelight.config.pairing import (
    draw_token,
    drop_refusal,
    drop_token,
    keep_refusal,
    keep_token,
    kitchen_from_next_start,
    take_kitchen,
)
from likelight.config.secret import read_token
from likelight.config.settings import Config, ConfigError
from likelight.contract.enrolment import EnrolReply, code_of
from likelight.contract.problem import ProblemType
from likelight.daemon.pairing_client import PairingClient, Refused, Unanswered
from likelight.runtime.http_session import Trust, new_session

_CREDENTIALS = Path("/run/credentials")
_ANOTHER = "Ask for a new one: on the cloud's server, `likelight-cloud kitchen code KID`"
_REFUSALS = {
    (ProblemType.CODE, 404): f"the cloud has no such code: it is mistyped, or void. {_ANOTHER}",
    (ProblemType.CODE, 409): f"another device has used this code. {_ANOTHER}",
    (ProblemType.CODE, 410): f"this code has expired. {_ANOTHER}",
    (
        ProblemType.LIMIT,
        429,
    ): "the cloud is asked too often from this network, or very many devices "
    "wait already. Wait a minute, and type the same again",
}


class _NotPaired(Exception):
    """The operator has refused this device."""


def pair(config: Config, typed: str | None, cloud: str | None, *, starts_now: bool = False) -> Exit:
    """Pair the device of `config` with the code `typed`, at `cloud` or else at `cloud.url`. Without
    one, show a code and wait until an operator confirms it. `starts_now` is whether its caller
    starts the device with `config` afterwards.

    Raises `ConfigError` for what can't be tried.
    """
    try:
        url = check_cloud_url(cloud or config.cloud.url or "")
    except ValueError as error:
        raise ConfigError(f"--cloud URL, or cloud.url: {error}") from None
    try:
        code = None if typed is None else code_of(typed)
    except ValueError as error:
        raise ConfigError(f"CODE: {error}") from None
    file = config.token_file
    if file.is_relative_to(_CREDENTIALS):
        raise ConfigError(
            f"cloud.token_file is {file}, a credential that systemd reads from elsewhere. Leave it "
            "out, or name a file that this command can write"
        )
    try:
        token = draw_token(file, config.state_dir)
    except OSError as error:
        return end(
            f"no token can be kept in {file.parent}: {error.strerror}. Make that folder, or try it "
            "with sudo",
            Exit.UNAVAILABLE,
        )
    try:
        kitchen = asyncio.run(_kitchen(config, url, code, token))
    except _NotPaired as refused:
        return end(refused, Exit.FAILED)
    except Refused as refused:
        return _refused(config, refused)
    except Unanswered as error:
        return _unreached(error)
    try:
        if not take_kitchen(config, kitchen.kid, kitchen.name):
            keep_token(file)
        drop_refusal(config.state_dir)
    except OSError as error:
        return end(
            f"the cloud has taken this device's token, and {error.filename} can't be written: "
            f"{error.strerror}. Type the same again once it can",
            Exit.UNAVAILABLE,
        )
    print(f"This device is {kitchen.name} ({kitchen.kid}) now. Its token is in {file}.")
    if not starts_now:
        _tell_next(config, kitchen, url)
    return Exit.DONE


async def _kitchen(config: Config, url: str, code: str | None, token: str) -> EnrolReply:
    """Have the cloud take `token`; return for which kitchen."""
    async with new_session(config.cloud.proxy) as session:
        client = PairingClient(session, url, Trust(config.cloud.ca_file))
        if code is not None:
            return await _enrol(client, code, token, config.token_file)
        shown = _Shown()
        while (decided := await client.decision(token, shown.code)) is None:
            print("This code has ended.", flush=True)
    if decided.kid is None or decided.name is None:
        raise _NotPaired("the operator has refused this device. Ask why, and type the same again")
    return EnrolReply(kid=decided.kid, name=decided.name)


async def _enrol(client: PairingClient, code: str, token: str, file: Path) -> EnrolReply:
    """Have the cloud take `token` for `code`; or hear once more that it has taken the one in
    `file`, where this device was cut off before the code was removed."""
    try:
        return await client.enrol(code, token)
    except Refused as refused:
        if refused.status != HTTPStatus.CONFLICT:
            raise
        try:
            reply = await client.enrol(code, read_token(file))
        except (ConfigError, Refused):
            raise refused from None
    drop_token(file)
    return reply


def _refused(config: Config, refused: Refused) -> Exit:
    """Return how to end, after what the daemon's panel needs was kept."""
    why = _REFUSALS.get((refused.type, refused.status))
    if why is None:
        return _unreached(refused)
    if refused.type is ProblemType.CODE:
        used = refused.status == HTTPStatus.CONFLICT
        with suppress(OSError):
            keep_refusal(config.state_dir, Obstacle.CODE_USED if used else Obstacle.CODE_VOID)
    return end(why, Exit.FAILED)


class _Shown:
    """Prints each code once."""

    def __init__(self) -> None:
        self._last = ""

    def code(self, code: str) -> None:
        """Tell the person here what to do with `code`."""
        if code != self._last:
            self._last = code
            print(
                f"The code, for 15 minutes: {code}\n"
                f"On the cloud's server: `likelight-cloud pairing confirm {code} KID`\n"
                "This waits until then. Ctrl-C ends it, and loses nothing: type the same again.",
                flush=True,
            )


def _unreached(why: Exception) -> Exit:
    return end(
        f"the cloud was not reached: {why}. Nothing is lost: type the same again, or see "
        "`sudo likelight doctor`",
        Exit.UNAVAILABLE,
    )


def _tell_next(config: Config, kitchen: EnrolReply, url: str) -> None:
    if (config.kitchen.id, config.cloud.url) == (kitchen.kid, url):
        print("A running likelight takes the token within 10 s.")
        return
    if (kitchen_from_next_start(config), config.cloud.url) == (kitchen.kid, url):
        print("A running likelight has to begin anew: `sudo systemctl restart likelight`")
        return
    print(
        "Its configuration must say so, too:\n"
        f'  [kitchen]\n  id = "{kitchen.kid}"\n'
        f'  [cloud]\n  url = "{url}"\n'
        "Then: `sudo systemctl restart likelight`"
    )
