"""One viewer: a transport that is written to only when it has drained."""

import asyncio
import socket
import struct
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import ClassVar

from likelight.feed.fmp4 import TIMESCALE
from likelight.feed.framing import close_message
from likelight.feed.meter import Traffic
from likelight.feed.ring import NOWHERE, Fragment, Opening, Ring

STALL_S = 10.0
"""A viewer to whom nothing has gone out for so long is gone."""

_SKIPS_BORNE, _SKIPS_WITHIN, _SLIDES_FOR = 3, 30 * TIMESCALE, 30 * TIMESCALE
"""Who skips so often in so long gets only keyframes for so long: steady beats fits and starts."""

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

    protocol: ClassVar[str]

    def __init__(self, transport: asyncio.Transport, now: float) -> None:
        self.transport = transport
        self.gone = asyncio.Event()
        self._skips = 0
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

    @property
    def traffic(self) -> Traffic:
        """What this viewer got so far; a skip is a picture, or a row of them, left out for it."""
        return Traffic(1, self._drained, self._skips)

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


class H264Viewer(Viewer, ABC):
    """A viewer of fragments: an index into the ring. Its children know how they are framed."""

    def __init__(self, transport: asyncio.Transport, now: float) -> None:
        super().__init__(transport, now)
        self._cursor = NOWHERE
        self._opening: Opening | None = None
        self._last_skips: tuple[int, ...] = ()
        self._slides_until = 0
        self._sliding = False

    def join(self, ring: Ring, state: bytes) -> None:
        """Write all that makes a picture at once; the `state` text goes before the first one."""
        fragments = ring.since_keyframe()
        opening = b""
        if fragments:
            self._opening = fragments[0].opening
            opening = self.opening(fragments[0])
        self.write(b"".join((opening, self.text(state), *map(self._framed, fragments))))

    def tell(self, state: bytes) -> None:
        """Write the `state` text, if this viewer can be told."""
        self.write(self.text(state))

    def feed(self, ring: Ring) -> bool:
        """Write what is missing, as long as the transport takes it.

        Return True when the viewer can go on only from a keyframe that has yet to come.
        """
        if not self.ready:
            return False
        newest = ring.newest
        if newest.decode < self._slides_until:
            self._show_slide(ring)
            return False
        if self._cursor == newest.sequence and self._opening is newest.opening:
            # Nearly always so, and 30 times a second for each viewer: the shared bytes as they are.
            self._cursor += 1
            self.write(self.message(newest))
            return False
        missing = ring.missing(self._cursor)
        if not missing:
            return True
        if missing[0].sequence > self._cursor != NOWHERE and not self._sliding:
            self._skip(missing[0].decode)
        self._sliding = False
        for fragment in missing:
            self.write(self._framed(fragment))
            # What a slow viewer can't take now is decided on anew when it can.
            if not self.ready:
                break
        return False

    def _show_slide(self, ring: Ring) -> None:
        """Write the newest keyframe, if it is fresh and has not gone out yet."""
        self._sliding = True
        for key in ring.missing(NOWHERE)[:1]:
            if key.sequence >= self._cursor:
                self.write(self._framed(key))

    def _skip(self, decode: int) -> None:
        self._skips += 1
        recent = (at for at in self._last_skips if decode - at < _SKIPS_WITHIN)
        self._last_skips = (*recent, decode)
        if len(self._last_skips) >= _SKIPS_BORNE:
            self._last_skips = ()
            self._slides_until = decode + _SLIDES_FOR

    def _framed(self, fragment: Fragment) -> bytes:
        self._cursor = fragment.sequence + 1
        if fragment.opening is self._opening:
            return self.message(fragment)
        self._opening = fragment.opening
        return self.opening(fragment) + self.message(fragment)

    @abstractmethod
    def opening(self, fragment: Fragment) -> bytes:
        """Return what goes before `fragment`, the first of its init."""

    @abstractmethod
    def message(self, fragment: Fragment) -> bytes:
        """Return `fragment` as it goes over the wire."""

    @abstractmethod
    def text(self, text: bytes) -> bytes:
        """Return a WebSocket's `text` as it goes over the wire."""


class SocketViewer(H264Viewer):
    """A viewer over a WebSocket."""

    protocol = "ws"

    def opening(self, fragment: Fragment) -> bytes:
        return fragment.opening.framed

    def message(self, fragment: Fragment) -> bytes:
        return fragment.framed

    def text(self, text: bytes) -> bytes:
        return text

    def farewell(self, code: int) -> bytes:
        """Return a WebSocket close frame."""
        return close_message(code)


class Mp4Viewer(H264Viewer):
    """A viewer of one endless MP4: init segments and fragments, and no word of the state."""

    protocol = "mp4"

    def opening(self, fragment: Fragment) -> bytes:
        return fragment.init.segment

    def message(self, fragment: Fragment) -> bytes:
        return fragment.payload

    def text(self, text: bytes) -> bytes:
        return b""


class JpegViewer(Viewer):
    """A viewer of MJPEG: the newest picture whenever the last one has gone."""

    protocol = "mjpeg"

    def feed(self, part: bytes) -> None:
        """Write `part`, if the transport has drained."""
        if self.ready:
            self.write(part)
        else:
            self._skips += 1
