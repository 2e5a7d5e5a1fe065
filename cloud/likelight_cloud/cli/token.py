"""`likelight-cloud token`: change a device's token, also while the cloud serves."""

import argparse
from collections.abc import Awaitable, Callable

from likelight_cloud.cli.database import Commands, existing
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.store.base import Store
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
    rotate.add_argument("kid", metavar="KID", help="the kitchen's id")
    rotate.set_defaults(run=_rotate_token)
    revoke = actions.add_parser(
        "revoke",
        parents=[database],
        help="end every token, its polls and uploads within 2 s, and print a new one, once",
    )
    revoke.add_argument("kid", metavar="KID", help="the kitchen's id")
    revoke.set_defaults(run=_revoke_token)


async def _rotate_token(options: argparse.Namespace) -> None:
    token = await _with_new_token(options, lambda store: store.add_token)
    print(
        f"A new token for the device of {options.kid}, shown only now. The one before ends once "
        f"the device has used this one twice.\n{token}"
    )


async def _revoke_token(options: argparse.Namespace) -> None:
    token = await _with_new_token(options, lambda store: store.revoke_tokens)
    print(
        f"No token of {options.kid} from before is valid any more. A new one for its device, shown "
        f"only now:\n{token}"
    )


async def _with_new_token(
    options: argparse.Namespace, change: Callable[[Store], Callable[[str, bytes], Awaitable[None]]]
) -> str:
    """Return a new token of the kitchen, after what `change` gives has stored its hash."""
    store, token = await existing(options), new_token()
    try:
        await change(store)(options.kid, hashed(token))
    except KeyError as error:
        raise CommandError(f"there is no kitchen {options.kid} in {options.database}.") from error
    finally:
        await store.close()
    return token
