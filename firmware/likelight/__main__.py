"""The entry point: Ctrl-C ends it quietly, also while Python still imports."""

import os
import signal
import sys


def main() -> int:
    """Run the command line; return the exit code."""
    # Nothing has begun that would have to be undone; the daemon puts its own handler in place.
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))

    from likelight.cli.main import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
