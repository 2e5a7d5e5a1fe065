"""`likelight pair`: this device becomes a kitchen of a cloud."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit, end
from likelight.cli.target import add_device_options, target_of

if TYPE_CHECKING:
    from likelight.cli.target import Commands


def add_pair(commands: "Commands") -> None:
    """Add `likelight pair`."""
    pair = commands.add_parser(
        "pair",
        help="make this device a kitchen of a cloud, with an enrolment code or an operator",
        description="Draw a token, keep it in the file cloud.token_file, and have the cloud take "
        "it for the kitchen that CODE belongs to. Without CODE, show one, and wait until an "
        "operator confirms it. Where the connection breaks, type the same again.",
    )
    add_device_options(pair)
    pair.add_argument("code", nargs="?", metavar="CODE", help="the enrolment code")
    pair.add_argument(
        "--code-file",
        type=Path,
        metavar="FILE",
        help="read the code from this file, and delete it once the cloud has answered",
    )
    pair.add_argument(
        "--cloud",
        metavar="URL",
        help="the cloud, such as https://cloud.example (default: cloud.url)",
    )
    pair.set_defaults(run=_pair)


def _pair(arguments: argparse.Namespace) -> Exit:
    from likelight.cli.pair_actions import pair
    from likelight.runtime.atomic_file import sync_folder

    config, file = target_of(arguments).config, arguments.code_file
    if file is None:
        return pair(config, arguments.code, arguments.cloud)
    try:
        code = file.read_text("utf-8")
    except (FileNotFoundError, UnicodeDecodeError) as error:
        return end(f"--code-file {file}: {error}", Exit.USAGE)
    except OSError as error:
        return end(f"--code-file {file}: {error.strerror}", Exit.UNAVAILABLE)
    done = pair(config, code, arguments.cloud)
    if done is not Exit.UNAVAILABLE:
        try:
            file.unlink()
            sync_folder(file.parent)
        except OSError as error:
            # Tried again: the same code and the token that is kept get the same answer.
            return end(f"{file} can't be removed: {error.strerror}", Exit.UNAVAILABLE)
    return done
