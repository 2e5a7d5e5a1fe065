"""One viewer: a transport that is written to only when it has drained."""

import asyncio
import socket
import struct
from contextlib import suppress

from likelight.feed.framing import close_message
from likelight.feed.ring import NOWHERE, Fragment, Opening, Ring

STALL_S = 10.0
"""A viewer to whom nothing has gone out for so long is gone."""

_NOTSENT_BYTES = 16_384
# Linux and macOS have it, each under its own number, and Python names it only where it is.
_NOTSENT_LOWAT: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)
_USER_TIMEOUT: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)


def tune(transport: asyncio.Transport) -> None:
    """Bound what the kernel holds back for a slow viewer, and how long it tries a dead one.

    Without the low-water mark the send buffer grows to 4 MB and a slow viewer sees pictures 8 s
    old; with 16 KiB they are 0.3 s old, at no cost for the fast ones.
    """
    peer = transport.get_extra_info("socket")
    if peer is None or peer.family not in (socket.AF_INET, socket.AF_INET6):
        return
    with suppress(OSError):  # macOS takes no option for a socket whose other end is gone
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if _NOTSENT_LOWAT is not None:
            peer.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, _NOTSENT_BYTES)
        if _USER_TIMEOUT is not None:
            peer.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, int(STALL_S * 1000))


def cut(transport: asyncio.Transport) -> None:
    """End a connection at once, and forget what it had still to send, in the kernel, too."""
    peer = transport.get_extra_info("socket")
    if peer is not None and not transport.is_closing():
        # Linger on, for no time: close() then sends a reset and drops the send buffer.
        with suppress(OSError):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Viewer:
    """What every viewer has: a transport, and the count of bytes that have left user space."""

    def __init__(self, transport: asyncio.Transport, now: float) -> None:
        self.transport = transport
        self.gone = asyncio.Event()
        self._written = 0
        self._seen = 0
        self._seen_at = now
        self._camera_until: int | None = None

    @property
    def ready(self) -> bool:
        """True when all that was written has gone to the kernel."""
        return not self.transport.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        """Write framed bytes, whatever waits before them; nothing once the connection ends."""
        transport = self.transport
        if not transport.is_closing():
            self._written += len(data)
            transport.write(data)

    def mark_camera(self) -> None:
        """Remember that all written so far may hold camera frames."""
        self._camera_until = self._written

    @property
    def holds_camera(self) -> bool:
        """True while bytes from before `mark_camera` have not left user space."""
        return self._camera_until is not None and self._drained < self._camera_until

    def stalled(self, now: float) -> bool:
        """True when bytes wait and none has left for `STALL_S`; to be asked again and again."""
        drained = self._drained
        if drained > self._seen or drained == self._written:
            self._seen, self._seen_at = drained, now
        return now - self._seen_at > STALL_S

    def close(self, code: int) -> None:
        """End the connection: in order when all has been sent, at once when not.

        `code` is a WebSocket's close code; who has no WebSocket does not hear it.
        """
        if self.ready:
            self.write(self.farewell(code))
            self.transport.close()
        else:
            cut(self.transport)
        self.gone.set()

    def farewell(self, code: int) -> bytes:
        """Return the last bytes of the connection, none for most."""
        return b""

    @property
    def _drained(self) -> int:
        return self._written - self.transport.get_write_buffer_size()


class H264Viewer(Viewer):
    """A viewer of fragments: an index into the ring."""

    def __init__(self, transport: asyncio.Transport, now: float) -> None:
        super().__init__(transport, now)
        self._cursor = NOWHERE
        self._opening: Opening | None = None

    def join(self, ring: Ring, state: bytes) -> None:
        """Write all that makes a picture at once; the `state` text goes before the first one."""
        fragments = ring.since_keyframe()
        opening = b""
        if fragments:
            self._opening = fragments[0].opening
            opening = self._opening.framed
        self.write(b"".join((opening, state, *map(self._framed, fragments))))

    def feed(self, ring: Ring) -> None:
        """Write what is missing, as long as the transport takes it."""
        if not self.ready:
            return
        newest = ring.newest
        if self._cursor == newest.sequence and self._opening is newest.opening:
            # Nearly always so, and 30 times a second for each viewer: the shared bytes as they are.
            self._cursor += 1
            self.write(newest.framed)
            return
        for fragment in ring.missing(self._cursor):
            self.write(self._framed(fragment))
            # What a slow viewer can't take now is decided on anew when it can.
            if not self.ready:
                break

    def _framed(self, fragment: Fragment) -> bytes:
        self._cursor = fragment.sequence + 1
        if fragment.opening is self._opening:
            return fragment.framed
        self._opening = fragment.opening
        return self._opening.framed + fragment.framed

    def farewell(self, code: int) -> bytes:
        """Return a WebSocket close frame."""
        return close_message(code)


class JpegViewer(Viewer):
    """A viewer of MJPEG: the newest picture whenever the last one has gone."""

    def feed(self, part: bytes) -> None:
        """Write `part`, if the transport has drained."""
        if self.ready:
            self.write(part)
