"""Sending a command to the running daemon, and saying whether it worked."""

from likelight.cli.exits import Exit, end
from likelight.cli.target import Target
from likelight.web.control.client import CommandRefused, NotRunning, call
from likelight.web.control.messages import CommandAnswer


def send_command(target: Target, url: str, done: str) -> Exit:
    """Send the command `url` to the daemon of `target`, and print `done` when that has worked."""
    try:
        call(target.socket, "POST", url, CommandAnswer)
    except (NotRunning, CommandRefused) as error:
        return end(error, Exit.UNAVAILABLE)
    print(done)
    return Exit.DONE
