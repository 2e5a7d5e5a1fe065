"""The entry point: Ctrl-C ends it quietly, also while Python still imports."""

import os
import signal
import sys


def main() -> int:
    """Run the command line; return the exit code."""
    # Nothing has begun that would have to be undone; what has to undo something puts its own
    # handler in place. As shells report it: a doctor that was stopped has not found all well.
    signal.signal(signal.SIGINT, lambda *_: os._exit(128 + signal.SIGINT))

    from likelight.cli.main import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
