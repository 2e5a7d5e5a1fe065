"""The socket to the camera child, as the daemon's event loop sees it."""

import asyncio
from collections.abc import Callable
from typing import cast

from likelight_hw.camera.wire import DesiredState, pack_desired_state
from likelight_hw.child.packets import ChildPacket, Unpacker


class ChildLink(asyncio.Protocol):
    """Hands each packet of the child to `on_packet`; tells the child what is wanted of it.

    Of several wishes that wait for a child that does not read, only the newest is kept. `lost` is
    set once nothing will come any more; `error` is then what `on_packet` raised, if it did.
    """

    def __init__(
        self, on_packet: Callable[[ChildPacket], None], on_lost: Callable[[], None]
    ) -> None:
        self.lost = False
        self.error: Exception | None = None
        self._on_packet = on_packet
        self._on_lost = on_lost
        self._unpacker = Unpacker()
        self._transport: asyncio.Transport | None = None
        self._full = False
        self._waiting: DesiredState | None = None

    def want(self, want: DesiredState) -> None:
        """Tell the child, now or as soon as it reads."""
        if self._full or self._transport is None:
            self._waiting = want
        elif not self.lost:
            self._transport.write(pack_desired_state(want))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=0)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        waiting, self._waiting = self._waiting, None
        if waiting:
            self.want(waiting)

    def data_received(self, data: bytes) -> None:
        if self.lost:
            return
        try:
            for packet in self._unpacker.feed(data):
                self._on_packet(packet)
        except Exception as error:  # noqa: BLE001  the camera's owner raises it where it runs
            self.error = error
            self._lose()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose()

    def _lose(self) -> None:
        if not self.lost:
            self.lost = True
            self._on_lost()
