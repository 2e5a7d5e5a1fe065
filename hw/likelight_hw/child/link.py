"""The daemon's end of the socket to a child. Nothing here blocks the event loop."""

import asyncio
from collections.abc import Callable
from typing import cast

from likelight_hw.child.packets import ChildPacket, Unpacker


class ChildLink(asyncio.Protocol):
    """Passes each packet of the child to `on_packet`, and calls `on_lost` once when it is over.

    It is over when the child closes its end, and when `on_packet` raises: `error` is then what it
    raised. `full` is true while more than `buffer_bytes` wait for a child that does not read.
    """

    def __init__(
        self,
        on_packet: Callable[[ChildPacket], None],
        on_lost: Callable[[], None],
        *,
        buffer_bytes: int = 0,
    ) -> None:
        self.full = False
        self.lost = False
        self.error: Exception | None = None
        self._on_packet = on_packet
        self._on_lost = on_lost
        self._buffer_bytes = buffer_bytes
        self._unpacker = Unpacker()
        self._transport: asyncio.Transport | None = None
        self._latest: bytes | None = None

    def write(self, packet: bytes) -> None:
        """Send `packet` after what waits already. To bound that, check `full` first."""
        if self._transport is not None and not self.lost:
            self._transport.write(packet)

    def write_latest(self, packet: bytes) -> None:
        """Send `packet` now; or, while `full`, later, if no newer one has replaced it by then."""
        if self.full:
            self._latest = packet
        else:
            self.write(packet)

    def close(self) -> None:
        """Close the socket at once; what waits is dropped."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=self._buffer_bytes)

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        latest, self._latest = self._latest, None
        if latest is not None:
            self.write(latest)

    def data_received(self, data: bytes) -> None:
        if self.lost:
            return
        try:
            for packet in self._unpacker.feed(data):
                self._on_packet(packet)
        except Exception as error:  # noqa: BLE001  the watcher of the child raises it
            self.error = error
            self._lose()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose()

    def _lose(self) -> None:
        if not self.lost:
            self.lost = True
            self._on_lost()
