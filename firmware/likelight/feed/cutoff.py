"""What happens to connections that still hold camera frames when the gate shuts."""

import asyncio
from collections.abc import Iterable
from weakref import WeakSet

from likelight.feed.transport import Unread, abort
from likelight.feed.viewers import Viewer

SHUT_WITHIN_S = 0.1
"""A connection whose camera frames are still in user space this long after a shut is aborted."""

READ_WITHIN_S = 1.0
"""A reader that has not taken the camera frames this long after a shut is cut off."""


class Cutoff:
    """Aborts the viewers and responses whose camera frames have not gone out, or are not read."""

    def __init__(self) -> None:
        self._responses: WeakSet[asyncio.Transport] = WeakSet()

    def track_response(self, transport: asyncio.Transport) -> None:
        """Remember that a response over `transport` holds camera pictures."""
        self._responses.add(transport)

    def start(self, viewers: Iterable[Viewer]) -> None:
        """Give `viewers` and all tracked responses their time from now.

        A proxy takes all that it is given, so what the viewer behind it has read is not known: a
        stream through it ends at once, unless its page acknowledges.
        """
        staying = []
        for viewer in viewers:
            if viewer.ends_with_the_gate:
                abort(viewer.transport)
            else:
                viewer.mark_camera()
                staying.append(viewer)
        responses = [(each, Unread(each)) for each in self._responses]
        self._responses.clear()
        if staying or responses:
            later = asyncio.get_running_loop().call_later
            later(SHUT_WITHIN_S, _abort_holders, staying, [each for each, _ in responses])
            later(READ_WITHIN_S, _abort_unread, staying, responses)


def _abort_holders(viewers: list[Viewer], responses: list[asyncio.Transport]) -> None:
    slow = [viewer.transport for viewer in viewers if viewer.holds_camera]
    slow += [transport for transport in responses if transport.get_write_buffer_size()]
    for transport in slow:
        abort(transport)


def _abort_unread(viewers: list[Viewer], responses: list[tuple[asyncio.Transport, Unread]]) -> None:
    slow = [viewer.transport for viewer in viewers if viewer.camera_unread]
    slow += [transport for transport, unread in responses if unread.remains]
    for transport in slow:
        abort(transport)
