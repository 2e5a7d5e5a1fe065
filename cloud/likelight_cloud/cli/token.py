"""`likelight-cloud token`: change a device's token, also while the cloud serves."""

import argparse

from likelight_cloud.cli.database import Commands, kitchen_argument, opened
from likelight_cloud.trust.device import hashed, new_token


def add_token(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud token rotate` and `token revoke`."""
    token = commands.add_parser("token", help="change a kitchen's token, also while it is served")
    actions = token.add_subparsers(required=True, metavar="ACTION")
    rotate = actions.add_parser(
        "rotate",
        parents=[database],
        help="print a new token, once; the one before ends when the device has used this one twice",
    )
    kitchen_argument(rotate)
    rotate.set_defaults(run=_rotate_token)
    revoke = actions.add_parser(
        "revoke",
        parents=[database],
        help="end every token, its polls and uploads within 2 s, and print a new one, once",
    )
    kitchen_argument(revoke)
    revoke.set_defaults(run=_revoke_token)


async def _rotate_token(options: argparse.Namespace) -> None:
    token = new_token()
    async with opened(options) as store:
        await store.add_token(options.kid, hashed(token))
    print(
        f"A new token for the device of {options.kid}, shown only now. The one before ends once "
        f"the device has used this one twice.\n{token}"
    )


async def _revoke_token(options: argparse.Namespace) -> None:
    token = new_token()
    async with opened(options) as store:
        await store.revoke_tokens(options.kid, hashed(token))
    print(
        f"No token of {options.kid} from before is valid any more. A new one for its device, shown "
        f"only now:\n{token}"
    )
