"""How a command ends: its exit code, and one line on stderr that says why.

The numbers are those of sysexits(3) where it has one.
"""

import signal
import sys
import threading
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


def let_ctrl_c_be_told() -> None:
    """Have Ctrl-C raise `KeyboardInterrupt` from here on, where the entry point has it end the
    program at once: for a command that then has something to undo, to note or to say."""
    if threading.current_thread() is threading.main_thread():  # only there Python allows it
        signal.signal(signal.SIGINT, signal.default_int_handler)
