"""`likelight-cloud pairing`: devices that show a code, and which kitchens they are."""

import argparse
import asyncio
import hmac
import json
import os
import platform
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from likelight.contract.enrolment import PairingState, user_code_of
from likelight.runtime.clock import utc_now
from likelight_cloud.cli.database import (
    Commands,
    action,
    actions_of,
    found,
    json_option,
    kitchen_argument,
    opened,
)
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.store.base import Store
from likelight_cloud.store.pairing import Pairing, WrongCode
from likelight_cloud.store.rotation import RotationStep
from likelight_cloud.trust.device import hashed

LOGIN_ID = Path("/proc/self/loginuid")
"""Who logged in, by the kernel: sudo and su change nothing about it."""
_NOBODY = 2**32 - 1
"""What it has in a service and in most containers."""


def add_pairing(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud pairing` and its actions."""
    actions = actions_of(
        commands, "pairing", "devices that show a code: list them, confirm or refuse one"
    )
    every = action(
        actions,
        "list",
        database,
        _list,
        "print one line for each device that waits: its serial number, the network that it asks "
        "from, and for how long",
    )
    json_option(every)
    confirm = action(
        actions,
        "confirm",
        database,
        _confirm,
        "make the device that shows this code the kitchen's; its token is valid at once, beside "
        "the one before",
    )
    _code_argument(confirm)
    kitchen_argument(confirm)
    refuse = action(
        actions,
        "refuse",
        database,
        _refuse,
        "tell the device that shows this code that it is nobody's",
    )
    _code_argument(refuse)


def _code_argument(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "code",
        metavar="USER_CODE",
        help="what the device shows, such as K7QF-2MXP; case, spaces and hyphens do not count",
    )


async def _list(options: argparse.Namespace) -> None:
    now = utc_now()
    async with opened(options) as store:
        waiting = await store.pending_pairings(now)
    if options.json:
        print(json.dumps([_facts(one, now) for one in waiting], indent=2))
        return
    for one in waiting:
        print(_words(one, now))
    if not waiting:
        print("No device waits to be paired.")


async def _confirm(options: argparse.Namespace) -> None:
    now = utc_now()
    async with opened(options) as store:
        decided = await _decided(store, options.code, options.kid, now)
        rotation = (await found(store, options.kid)).rotation
    if decided.state is PairingState.REFUSED:
        raise CommandError(
            "this device was refused before. It shows a new code within 15 minutes, or when it is "
            "started again"
        )
    if decided.kid != options.kid:
        raise CommandError(
            f"this device is {decided.kid} already. If that is wrong: "
            f"{_undo(decided.kid or options.kid)}"
        )
    replaced = ""
    if rotation is not None and rotation.step is RotationStep.HALF_WAY:
        replaced = (
            f" {decided.kid} had a token before: a device that still uses it is refused as soon as "
            "this one has come twice."
        )
    print(
        f"{decided.name} ({decided.kid}) has this device now, {_words(decided, now)}. It begins "
        f"within seconds.{replaced} If it is another one than you meant: {_undo(options.kid)}"
    )


def _undo(kid: str) -> str:
    """Return what to type where the device of `kid` is the wrong one."""
    return (
        f"`likelight-cloud token revoke {kid}`, and at the device `sudo likelight pair` shows a "
        "new code"
    )


async def _refuse(options: argparse.Namespace) -> None:
    now = utc_now()
    async with opened(options) as store:
        decided = await _decided(store, options.code, None, now)
    if decided.state is not PairingState.REFUSED:
        raise CommandError(
            f"this device is {decided.kid} already. To end that: `likelight-cloud token revoke "
            f"{decided.kid}`"
        )
    print(f"Refused: {_words(decided, now)}")


async def _decided(store: Store, code: str, kid: str | None, now: datetime) -> Pairing:
    """Return the pairing of `code` once it is decided. Raises `CommandError` for a code that
    no device shows."""
    try:
        user_hash = hashed(user_code_of(code))
    except ValueError as error:
        raise CommandError(f"{error}; it counts for nothing") from error
    operator = await asyncio.to_thread(_operator, await store.secret())
    decided = await store.decide_pairing(operator, user_hash, kid, now)
    if not isinstance(decided, WrongCode):
        return decided
    wrong = (
        "no device shows this code: it is mistyped, or older than 15 minutes, and the device has a "
        "new one by now"
    )
    if decided.locked_until is None:
        raise CommandError(f"{wrong}. Wrong codes before you have to wait: {decided.tries_left}")
    raise CommandError(
        "five wrong codes came from you. Nothing you type counts before "
        f"{decided.locked_until.astimezone():%H:%M:%S}; others are not held up"
    )


def _operator(secret: bytes) -> bytes:
    """Return a hash of who types here, which without `secret` tells nothing."""
    user = os.getuid()
    with suppress(OSError, ValueError):
        logged_in = int(LOGIN_ID.read_text("ascii"))
        user = user if logged_in == _NOBODY else logged_in
    return hmac.digest(secret, f"operator {platform.node()} {user}".encode(), "sha256")


def _words(pairing: Pairing, now: datetime) -> str:
    minutes, seconds = divmod(_age_s(pairing, now), 60)
    # First what the cloud has seen, then what the device says of itself, which may be any words.
    return (
        f"from {pairing.place}, for {minutes} min {seconds:02} s: serial number {pairing.serial}, "
        f"likelight {pairing.sw}"
    )


def _facts(pairing: Pairing, now: datetime) -> dict[str, object]:
    """Return what an operator sees of a device, under the names that programs read."""
    return {
        "serial": pairing.serial,
        "sw": pairing.sw,
        "address_prefix": pairing.place,
        "age_s": _age_s(pairing, now),
    }


def _age_s(pairing: Pairing, now: datetime) -> int:
    return max(0, int((now - pairing.asked_at).total_seconds()))
