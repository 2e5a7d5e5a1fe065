"""The camera child: one loop that takes pictures, sends them, and does what the daemon asks.

It lives as long as its socket. It has no network, and writes nothing to disk. When a source can't
be opened, the child does not end: it reports that and tries again, which costs far less than a new
process.
"""

import contextlib
import socket
import time
from collections.abc import Sequence

from likelight_hw.camera import drivers
from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.parent import DaemonGone, Parent
from likelight_hw.camera.pipeline import Pipeline
from likelight_hw.camera.placeholders import draw_placeholders
from likelight_hw.camera.wire import CameraMessage, pack_alive, pack_placeholder
from likelight_hw.child.packets import pack
from likelight_hw.guarded import Explainer
from likelight_hw.ports import HardwareError, PlaceholderSpec

RETRY_S = 2.0
"""How often a source that is busy or absent is tried. With its start, and the time to the first
picture, viewers have it back within 5 s."""


def serve(link: socket.socket) -> None:
    """Run the camera, and talk to the daemon over `link`, until the daemon closes it."""
    # The daemon has closed the link: this is how the child normally ends.
    with contextlib.suppress(DaemonGone):
        parent = Parent(link)
        config, specs = parent.setup()
        undrawn: Sequence[PlaceholderSpec] = specs
        driver = Explainer("camera", passes=DaemonGone)
        try:
            with driver.explained():
                while True:
                    undrawn = _try_source(parent, config, undrawn)
                    parent.wait_until(time.monotonic() + RETRY_S, parent.desired.stream)
        except HardwareError as error:
            # Only the end of the process frees a source that can't be released, and whatever a
            # driver held that failed in a way which nobody foresaw.
            _report(parent, error)
            parent.drain()


def _try_source(
    parent: Parent, config: CameraConfig, specs: Sequence[PlaceholderSpec]
) -> Sequence[PlaceholderSpec]:
    """Work with the source until it fails; return the placeholders still to be drawn."""
    try:
        pipeline = drivers.open_pipeline(config, parent)
    except HardwareError as error:
        _report(parent, error)
        return specs
    try:
        for placeholder in draw_placeholders(config, pipeline, specs):
            parent.send(pack_placeholder(placeholder))
        parent.send(pack(CameraMessage.READY))
        _work(parent, pipeline)
    except HardwareError as error:
        # Released before it is reported: a driver that hangs here gives no picture, and the daemon
        # kills the child for that.
        pipeline.release()
        _report(parent, error)
    return ()


def _report(parent: Parent, error: HardwareError) -> None:
    parent.send(pack(CameraMessage.TROUBLE, str(error).encode()))


def _work(parent: Parent, pipeline: Pipeline) -> None:
    stream = ping = 0
    while True:
        if parent.desired.ping != ping:
            ping = parent.desired.ping
            parent.send(pack_alive(ping))
        if parent.desired.stream != stream:
            if stream:
                # Also when another stream is wanted: a stop and a quick new start arrive as one
                # change.
                pipeline.close()
            stream = parent.desired.stream
            if stream:
                pipeline.open(stream)
            else:
                parent.send(pack(CameraMessage.RESTING))
        if stream and pipeline.wait(stream):
            pipeline.take()
        elif not stream:
            parent.wait(None)
