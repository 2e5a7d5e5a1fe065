"""`likelight queue`: pauses likes and notes, and resumes them."""

import argparse
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit, end
from likelight.cli.target import add_device_options, target_of

if TYPE_CHECKING:
    from likelight.cli.target import Commands

QUEUE = {
    "pause": "notes and likes wait, and nothing is lost; what is under way ends first",
    "resume": "end the pause: what waited is shown",
    "skip": "the note on the screen is done, the next one comes",
    "mute": "the lamp stays at its base, notes still show; likes wait for the lamp",
    "unmute": "end the mute: the likes that waited are shown as one glow",
    "test": "show a note marked as a test, which is counted nowhere",
}
DONE = {
    "pause": "Paused until `likelight queue resume`, or until likelight is started again.",
    "resume": "Likes and notes are shown again.",
    "mute": "Muted until `likelight queue unmute`, or until likelight is started again.",
    "unmute": "The lamp answers likes again.",
    "test": "A note marked as a test is on its way to the screen.",
}
"""What to print after each of them; `skip` depends on the answer."""


def add_queue(commands: "Commands") -> None:
    """Add `likelight queue`."""
    queue = commands.add_parser(
        "queue",
        help="pause likes and notes, and resume them",
        description="Pause likes and notes, and resume them. Nothing is lost, and "
        "viewers are told only what has really happened.",
    )
    actions = queue.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, words in QUEUE.items():
        action = actions.add_parser(name, help=words, description=words.capitalize() + ".")
        action.set_defaults(run=_skip if name == "skip" else _queue, action=name)
        add_device_options(action)


def _queue(arguments: argparse.Namespace) -> Exit:
    from likelight.cli.send import send_command

    url = "/notes/test" if arguments.action == "test" else f"/queue/{arguments.action}"
    return send_command(target_of(arguments), url, DONE[arguments.action])


def _skip(arguments: argparse.Namespace) -> Exit:
    from likelight.web.control.client import CommandRefused, NotRunning, call
    from likelight.web.control.messages import SkipAnswer

    try:
        answer = call(target_of(arguments).socket, "POST", "/queue/skip", SkipAnswer)
    except (NotRunning, CommandRefused) as error:
        return end(error, Exit.UNAVAILABLE)
    print("The note is skipped." if answer.skipped else "There is no note on the screen.")
    return Exit.DONE
