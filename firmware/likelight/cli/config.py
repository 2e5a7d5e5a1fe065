"""`likelight config`: whether a configuration is right, and where each setting comes from."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit
from likelight.config.places import DEFAULT_FILE

if TYPE_CHECKING:
    from likelight.cli.target import Commands
    from likelight.config.settings import ReadConfig


def add_config(commands: "Commands") -> None:
    """Add `likelight config check` and `likelight config show`."""
    config = commands.add_parser("config", help="check a configuration, or show what it says")
    actions = config.add_subparsers(title="actions", required=True, metavar="ACTION")
    check = actions.add_parser(
        "check",
        help="find all mistakes of a configuration, and start nothing",
        description="Find all mistakes of a configuration: where, what is wrong, what to type. "
        "Exit code 0 when there is none, 2 when there is one.",
    )
    check.set_defaults(run=_check)
    show = actions.add_parser(
        "show",
        help="print every setting with its value",
        description="Print every setting with its value. No secret is printed.",
    )
    show.add_argument(
        "--origin", action="store_true", help="add the place that each value comes from"
    )
    show.set_defaults(run=_show)
    for action in (check, show):
        action.add_argument(
            "file",
            nargs="?",
            type=Path,
            default=DEFAULT_FILE,
            metavar="FILE",
            help="the configuration (default %(default)s)",
        )
        add_set_option(action)


def add_set_option(command: argparse.ArgumentParser) -> None:
    """Add `--set`, which lies over all other places that a setting can stand in."""
    command.add_argument(
        "--set",
        dest="assignments",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting, such as web.port=8081, over all that the files say; may be repeated",
    )


def _check(arguments: argparse.Namespace) -> Exit:
    from likelight.config.cautions import cautions

    read = _read(arguments)
    for words in cautions(read.config):
        print(f"Take care: {words}")
    print(f"{arguments.file} has no mistakes")
    return Exit.DONE


def _show(arguments: argparse.Namespace) -> Exit:
    from likelight.config.origin import shown_settings

    read = _read(arguments)
    for setting in shown_settings(read, arguments.file):
        origin = f"    # {setting.origin}" if arguments.origin else ""
        print(f"{setting.name} = {setting.value}{origin}")
    return Exit.DONE


def _read(arguments: argparse.Namespace) -> "ReadConfig":
    from likelight.cli.target import Places, usual_state_dir
    from likelight.config.settings import read_layered

    usual = usual_state_dir(Places())
    return read_layered(arguments.file, os.environ, arguments.assignments, usual)
