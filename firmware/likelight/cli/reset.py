"""`likelight reset`: a device forgets its store before it moves to another one."""

import argparse
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit, end
from likelight.cli.target import add_device_options, target_of
from likelight.config.places import DEFAULT_FILE

if TYPE_CHECKING:
    from likelight.cli.target import Commands


def add_reset(commands: "Commands") -> None:
    """Add `likelight reset`."""
    command = commands.add_parser(
        "reset",
        help="forget the store: consent, notes, totals and token, before a move to another one",
        description="Overwrite and remove what a device keeps of its store: the crew's consent, "
        "notes, totals, the token. It then starts private, without consent, and not paired. Its "
        "configuration and its network stay.",
    )
    command.add_argument(
        "--for-another-store",
        action="store_true",
        required=True,
        help="needed, since nothing brings back what is forgotten",
    )
    add_device_options(command)
    command.set_defaults(run=_reset)


def _reset(arguments: argparse.Namespace) -> Exit:
    from likelight.config.reset import begin_reset, finish_reset, reset_is_begun
    from likelight.config.state_dir import StateDirInUse, held
    from likelight.fleet.boot_volume.masks import keep_waiting

    config = target_of(arguments).config
    try:
        with held(config.state_dir):
            begin_reset(config)
            finish_reset(config)
            # The crew of the next store is not asked about the masks of this one.
            keep_waiting((arguments.config or DEFAULT_FILE).parent, None)
    except StateDirInUse:
        words = "likelight runs. First `sudo systemctl stop likelight`, then the same again"
        return end(words, Exit.UNAVAILABLE)
    except OSError as error:
        words = f"{error.filename}: {error.strerror}. Try it with sudo; "
        if reset_is_begun(config.state_dir):
            return end(f"{words}the rest is forgotten at the next start", Exit.UNAVAILABLE)
        return end(f"{words}nothing was forgotten", Exit.UNAVAILABLE)
    print("The store is forgotten. Once it is paired, the device begins private, without consent.")
    return Exit.DONE
