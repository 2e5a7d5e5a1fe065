"""`python -m likelight_hw.push FD`: the push child. Started by process.py, never by hand."""

import ctypes
import os
import signal
import socket
import sys

_PR_SET_PDEATHSIG = 1

# Ctrl-C reaches the whole terminal, and systemd's SIGTERM the whole control group. It is the daemon
# that ends the push, in its own order, by killing this process.
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)


def main() -> None:
    """Push until the daemon or the server is gone."""
    if sys.platform == "linux":
        # A closed socket shows the daemon's end only when it is read, and a server that does not
        # answer can keep FFmpeg from that for ever.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    from likelight_hw.push.child import serve

    with socket.socket(fileno=int(sys.argv[1])) as link:
        serve(link)
    # Without FFmpeg's clean-up, which could wait for a server that does not read.
    os._exit(0)


if __name__ == "__main__":
    main()
