"""`likelight pair`: this device becomes a kitchen of a cloud."""

import argparse
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit, end
from likelight.cli.target import add_device_options, target_of

if TYPE_CHECKING:
    from likelight.cli.target import Commands


def add_pair(commands: "Commands") -> None:
    """Add `likelight pair`."""
    pair = commands.add_parser(
        "pair",
        help="make this device a kitchen of a cloud, with an enrolment code",
        description="Draw a token, keep it in the file cloud.token_file, and have the cloud take "
        "it for the kitchen that the code belongs to. Where the connection breaks, type the same "
        "again.",
    )
    add_device_options(pair)
    pair.add_argument(
        "code", nargs="?", metavar="CODE", help="the enrolment code (default: it is asked for)"
    )
    pair.add_argument(
        "--cloud",
        metavar="URL",
        help="the cloud, such as https://cloud.example (default: cloud.url)",
    )
    pair.set_defaults(run=_pair)


def _pair(arguments: argparse.Namespace) -> Exit:
    from likelight.cli.pair_actions import pair

    target = target_of(arguments)
    try:
        typed = arguments.code or input("The enrolment code: ")
    except EOFError:
        return end("no code came. Type it behind the command: `likelight pair CODE`", Exit.USAGE)
    return pair(target.config, typed, arguments.cloud)
