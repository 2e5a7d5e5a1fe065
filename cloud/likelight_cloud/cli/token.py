"""`likelight-cloud token`: change a device's token, also while the cloud serves."""

import argparse

from likelight.runtime.clock import utc_now
from likelight_cloud.cli.database import (
    Commands,
    action,
    actions_of,
    found,
    kitchen_argument,
    opened,
)
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.trust.device import hashed, new_token


def add_token(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud token rotate`, `token new` and `token revoke`."""
    actions = actions_of(
        commands,
        "token",
        "change the token of a kitchen's device, also while it is served",
        "`rotate` is for a device that works: it changes its token by itself. `new` is for one "
        "that a person gives the token. `revoke` is for a token that was stolen. To make another "
        "device the kitchen's: `likelight-cloud kitchen code KID`.",
    )
    rotate = action(
        actions,
        "rotate",
        database,
        _rotate_token,
        "ask the device to change its token by itself; nobody has to go there",
        "It does so as soon as it polls. The token before is valid until the device has used the "
        "new one twice, and ends then; until it has answered nothing changes. `likelight-cloud "
        "kitchen show KID` tells how far it is.",
    )
    kitchen_argument(rotate)
    new = action(
        actions,
        "new",
        database,
        _new_token,
        "print a new token, once, for a person to put into the device's token file",
        "The file is cloud.token_file, and the device takes the token within 10 s. The one before "
        "is valid until the device has used this one twice. It ends a rotation that was asked for.",
    )
    kitchen_argument(new)
    revoke = action(
        actions,
        "revoke",
        database,
        _revoke_token,
        "end every token, its polls and uploads within 2 s, and print a new one, once",
    )
    kitchen_argument(revoke)


async def _rotate_token(options: argparse.Namespace) -> None:
    kid = options.kid
    async with opened(options) as store:
        await found(store, kid)
        if not await store.token_hashes(kid):
            raise CommandError(
                f"no device of {kid} has a token, so none can change it. Give it one: "
                f"`likelight-cloud kitchen code {kid}`."
            )
        is_new = await store.ask_rotation(kid, utc_now())
        rotation = (await found(store, kid)).rotation
    if is_new or rotation is None:
        print(
            f"The device of {kid} is asked to change its token. It does so as soon as it polls; "
            f"`likelight-cloud kitchen show {kid}` tells how far it is."
        )
    else:
        print(
            f"The device of {kid} is asked to change its token since "
            f"{rotation.at.isoformat(timespec='seconds')}, and has not answered yet. It stays "
            "asked, and the token in use stays valid."
        )


async def _new_token(options: argparse.Namespace) -> None:
    token = new_token()
    async with opened(options) as store:
        await store.add_token(options.kid, hashed(token), utc_now())
    print(
        f"A new token for the device of {options.kid}, shown only now; put it into the device's "
        "token file. The one before ends once the device has used this one twice.\n"
        f"{token}"
    )


async def _revoke_token(options: argparse.Namespace) -> None:
    token = new_token()
    async with opened(options) as store:
        await store.revoke_tokens(options.kid, hashed(token))
    print(
        f"No token of {options.kid} from before is valid any more. A new one for its device, shown "
        f"only now:\n{token}"
    )
