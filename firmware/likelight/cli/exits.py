"""How a command ends: its exit code, and one line on stderr that says why.

The numbers are those of sysexits(3) where it has one.
"""

import sys
from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of `likelight`."""

    DONE = 0
    FAILED = 1
    """The answer is no: a check or a step failed, or no consent is recorded."""
    USAGE = 2
    """The command or the configuration has a mistake. The same as argparse's own."""
    NOT_SEEN = 3
    """Nothing failed, and not everything was seen: nobody answered, or a step was skipped."""
    UNAVAILABLE = 69
    """EX_UNAVAILABLE: the device does not run, or refuses."""
    SOFTWARE = 70
    """EX_SOFTWARE: a critical component gave up; systemd starts the daemon again."""
    AGAIN = 75
    """EX_TEMPFAIL: it is another kitchen's device now, and systemd starts it again as that."""
    INTERRUPTED = 130
    """Ctrl-C or another signal ended it, as shells report it."""


def end(why: object, code: Exit) -> Exit:
    """Write `why` to stderr and return `code`."""
    print(f"likelight: {why}", file=sys.stderr)
    return code
