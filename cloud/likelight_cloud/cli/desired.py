"""`likelight-cloud desired`: what the cloud asks of a kitchen's device."""

import argparse
import json

from likelight.contract import Desired
from likelight_cloud.cli import arguments
from likelight_cloud.cli.database import Commands, found, json_option, kitchen_argument, opened
from likelight_cloud.cli.errors import CommandError


def add_desired(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud desired show` and `desired set`."""
    desired = commands.add_parser("desired", help="what is asked of a kitchen's device")
    actions = desired.add_subparsers(required=True, metavar="ACTION")
    show = actions.add_parser("show", parents=[database], help="print what is asked")
    kitchen_argument(show)
    json_option(show)
    show.set_defaults(run=_show)
    change = actions.add_parser(
        "set",
        parents=[database],
        help="ask for something else, also while the cloud serves; it can only reduce what viewers "
        "see: 'on' lifts neither PRIVACY, consent nor the kitchen's own hours",
    )
    kitchen_argument(change)
    change.add_argument("--mode", choices=("on", "off"), help="off: no pictures")
    change.add_argument(
        "--pace-ms",
        type=arguments.pace,
        metavar="MS",
        help="the least time between two replies with new likes, 0 to 60000",
    )
    change.set_defaults(run=_set)


async def _show(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        asked = (await found(store, options.kid)).desired.model_dump(mode="json")
    if options.json:
        print(json.dumps(asked, indent=2))
        return
    for name, value in asked.items():
        print(f"{name}: {'-' if value in (None, {}) else value}")


async def _set(options: argparse.Namespace) -> None:
    wishes = {"mode": options.mode, "pace_ms": options.pace_ms}
    changes = {name: value for name, value in wishes.items() if value is not None}
    if not changes:
        raise CommandError("say what to ask for: --mode or --pace-ms.")

    def change(held: Desired) -> Desired:
        return held.model_copy(update=changes)

    async with opened(options) as store:
        await store.change_desired(options.kid, change)
    told = ", ".join(f"{name} {value}" for name, value in changes.items())
    print(f"The device of {options.kid} is asked for {told}.")
