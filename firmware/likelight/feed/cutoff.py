"""What happens to connections that still hold camera frames when the gate shuts."""

import asyncio
from collections.abc import Iterable
from weakref import WeakSet

from likelight.feed.transport import abort
from likelight.feed.viewers import Viewer

SHUT_WITHIN_S = 0.1
"""A connection that still holds camera frames this long after a shut is aborted."""


class Cutoff:
    """Aborts the viewers and responses whose camera frames have not gone out in 0.1 s."""

    def __init__(self) -> None:
        self._responses: WeakSet[asyncio.Transport] = WeakSet()

    def track_response(self, transport: asyncio.Transport) -> None:
        """Remember that a response over `transport` holds camera pictures."""
        self._responses.add(transport)

    def start(self, viewers: Iterable[Viewer]) -> None:
        """Give `viewers` and all tracked responses 0.1 s from now."""
        holding = [viewer for viewer in viewers if not viewer.ready]
        for viewer in holding:
            viewer.mark_camera()
        responses = [each for each in self._responses if each.get_write_buffer_size()]
        self._responses.clear()
        if holding or responses:
            loop = asyncio.get_running_loop()
            loop.call_later(SHUT_WITHIN_S, _abort_holders, holding, responses)


def _abort_holders(viewers: list[Viewer], responses: list[asyncio.Transport]) -> None:
    slow = [viewer.transport for viewer in viewers if viewer.holds_camera]
    slow += [transport for transport in responses if transport.get_write_buffer_size()]
    for transport in slow:
        abort(transport)
