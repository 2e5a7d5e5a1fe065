"""`python -m likelight_hw.camera FD`: the camera child; with `--probe`, only look at the source.

Started by process.py and probe.py, never by hand.
"""

import signal
import socket
import sys

# Ctrl-C reaches the whole terminal, and systemd's SIGTERM the whole control group. It is the daemon
# that ends the camera, in its own order, by closing the socket.
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)


def main() -> int:
    """Run the child, and return its exit code."""
    from likelight_hw.camera.child import serve
    from likelight_hw.camera.config import CameraConfig
    from likelight_hw.camera.drivers import open_source
    from likelight_hw.guarded import Explainer
    from likelight_hw.ports import HardwareError

    if sys.argv[1] == "--probe":
        try:
            with Explainer("camera").explained():
                open_source(CameraConfig.from_json(sys.stdin.read()))
        except HardwareError as error:
            sys.stdout.write(str(error))
            return 1
        return 0
    with socket.socket(fileno=int(sys.argv[1])) as link:
        serve(link)
    return 0


if __name__ == "__main__":
    sys.exit(main())
