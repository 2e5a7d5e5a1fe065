"""One viewer: a transport that is written to only when it has drained."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from likelight.feed.acks import QUEUE_S, Acks, UnderWay
from likelight.feed.fmp4 import TIMESCALE
from likelight.feed.framing import close_message
from likelight.feed.meter import Traffic
from likelight.feed.ring import NOWHERE, Fragment, Ring, StreamHeader
from likelight.feed.transport import STALL_S, Unread, abort

_MAX_SKIPS, _SKIPS_WITHIN, _KEYFRAMES_FOR = 3, 30 * TIMESCALE, 30 * TIMESCALE
"""A viewer that skips 3 times in 30 s gets only keyframes for 30 s: steady looks better than
stutter."""


class Viewer:
    """What every viewer has: a transport, and the count of bytes that have left user space."""

    protocol: ClassVar[str]
    ends_with_the_gate = False
    """Whether the stream ends when the gate shuts: what a viewer behind a proxy has is unknown."""

    def __init__(self, transport: asyncio.Transport, now: float) -> None:
        self.transport = transport
        self.gone = asyncio.Event()
        self._skips = 0
        self._written = 0
        self._seen = 0
        self._seen_at = now
        self._camera_until: int | None = None
        self._unread: Unread | None = None

    @property
    def ready(self) -> bool:
        """True when all that was written has gone to the kernel."""
        return not self.transport.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        """Write framed bytes, also when others still wait; nothing once the connection ends."""
        transport = self.transport
        if not transport.is_closing():
            self._written += len(data)
            transport.write(data)

    @property
    def traffic(self) -> Traffic:
        """What this viewer got so far; several pictures left out in a row are one skip."""
        return Traffic(1, self._drained, self._skips)

    def mark_camera(self) -> None:
        """Remember that all written so far may hold camera frames."""
        self._camera_until = self._written
        self._unread = Unread(self.transport)

    @property
    def holds_camera(self) -> bool:
        """True while bytes from before `mark_camera` have not left user space."""
        return self._camera_until is not None and self._drained < self._camera_until

    @property
    def camera_unread(self) -> bool:
        """True while the other end has not taken the bytes from before `mark_camera`."""
        return self._unread is not None and self._unread.remains

    def stalled(self, now: float) -> bool:
        """True when bytes wait and none has left for `STALL_S`; to be called regularly."""
        drained = self._drained
        if drained > self._seen or drained == self._written:
            self._seen, self._seen_at = drained, now
        return now - self._seen_at > STALL_S

    def close(self, code: int) -> None:
        """End the connection: in order when all has been sent, at once when not.

        `code` is the close code for a WebSocket; other viewers get none.
        """
        if self.ready:
            self.write(self.close_frame(code))
            self.transport.close()
        else:
            abort(self.transport)
        self.gone.set()

    def close_frame(self, code: int) -> bytes:
        """Return the last bytes of the connection: none, except for a WebSocket."""
        return b""

    @property
    def _drained(self) -> int:
        return self._written - self.transport.get_write_buffer_size()


class H264Viewer(Viewer, ABC):
    """A viewer of fragments: an index into the ring. Its subclasses frame them."""

    def __init__(self, transport: asyncio.Transport, now: float) -> None:
        super().__init__(transport, now)
        self._cursor = NOWHERE
        self._header: StreamHeader | None = None
        self._last_skips: tuple[int, ...] = ()
        self._keyframes_until = 0
        self._keyframes_only = False

    def join(self, ring: Ring, state: bytes) -> None:
        """Write all that makes a picture at once; the `state` text goes before the first one."""
        pieces = [piece for each in ring.since_keyframe() for piece in self._pieces(each)]
        self._note(pieces)
        self.write(b"".join((*pieces[:1], self.text(state), *pieces[1:])))

    def send_state(self, state: bytes) -> None:
        """Write the `state` text, if this kind of viewer takes text."""
        self.write(self.text(state))

    def feed(self, ring: Ring) -> bool:
        """Write what is missing, as long as the transport takes it.

        Return True when the viewer can go on only from a keyframe that has yet to come.
        """
        if not self._may_send:
            return False
        newest = ring.newest
        if newest.decode < self._keyframes_until:
            self._send_newest_keyframe(ring)
            return False
        if self._cursor == newest.sequence and self._header is newest.header:
            # The usual case, 30 times a second for each viewer: it gets the shared bytes.
            self._cursor += 1
            message = self.message(newest)
            self._note((message,))
            self.write(message)
            return False
        missing = ring.missing(self._cursor)
        if not missing:
            return True
        if missing[0].sequence > self._cursor != NOWHERE and not self._keyframes_only:
            self._skip(missing[0].decode)
        self._keyframes_only = False
        for fragment in missing:
            self._send_fragment(fragment)
            # A slow viewer gets the rest, or skips it, when its transport has drained.
            if not self.ready:
                break
        return False

    def _send_newest_keyframe(self, ring: Ring) -> None:
        """Write the newest keyframe, if it is fresh and has not gone out yet."""
        self._keyframes_only = True
        for key in ring.missing(NOWHERE)[:1]:
            if key.sequence >= self._cursor:
                self._send_fragment(key)

    def _skip(self, decode: int) -> None:
        self._skips += 1
        recent = (at for at in self._last_skips if decode - at < _SKIPS_WITHIN)
        self._last_skips = (*recent, decode)
        if len(self._last_skips) >= _MAX_SKIPS:
            self._last_skips = ()
            self._keyframes_until = decode + _KEYFRAMES_FOR

    @property
    def _may_send(self) -> bool:
        return self.ready

    def _note(self, pieces: Sequence[bytes]) -> None:
        """Take note of the init segments and fragments that are now written."""

    def _send_fragment(self, fragment: Fragment) -> None:
        pieces = self._pieces(fragment)
        self._note(pieces)
        self.write(b"".join(pieces))

    def _pieces(self, fragment: Fragment) -> tuple[bytes, ...]:
        """Return what is to be written of `fragment`; its init segment first, if that is new."""
        self._cursor = fragment.sequence + 1
        if fragment.header is self._header:
            return (self.message(fragment),)
        self._header = fragment.header
        return self.header(fragment), self.message(fragment)

    @abstractmethod
    def header(self, fragment: Fragment) -> bytes:
        """Return what goes before `fragment`, the first of its init."""

    @abstractmethod
    def message(self, fragment: Fragment) -> bytes:
        """Return `fragment` as this viewer gets it."""

    @abstractmethod
    def text(self, text: bytes) -> bytes:
        """Return the WebSocket message `text` for a WebSocket, nothing for others."""


class SocketViewer(H264Viewer):
    """A viewer over a WebSocket. One whose page acknowledges is held to what has arrived there.

    `clock` is the loop's.
    """

    protocol = "ws"

    def __init__(self, transport: asyncio.Transport, clock: Callable[[], float]) -> None:
        super().__init__(transport, clock())
        self._under_way = UnderWay(clock)

    def acknowledge(self, acks: Acks) -> None:
        """Take note of what has arrived at the page."""
        self._under_way.acknowledge(acks)

    def mark_camera(self) -> None:
        super().mark_camera()
        self._under_way.mark()

    @property
    def camera_unread(self) -> bool:
        """True, too, while a page that acknowledges has not received them."""
        return super().camera_unread or self._under_way.marked_remains

    def stalled(self, now: float) -> bool:
        """True, too, when a page that acknowledged has received nothing for `STALL_S`."""
        return super().stalled(now) or self._under_way.silent_s > STALL_S

    @property
    def _may_send(self) -> bool:
        return self.ready and self._under_way.waits_s <= QUEUE_S

    def _note(self, pieces: Sequence[bytes]) -> None:
        self._under_way.sent(map(len, pieces))

    def header(self, fragment: Fragment) -> bytes:
        return fragment.header.framed

    def message(self, fragment: Fragment) -> bytes:
        return fragment.framed

    def text(self, text: bytes) -> bytes:
        return text

    def close_frame(self, code: int) -> bytes:
        """Return a WebSocket close frame."""
        return close_message(code)


class Mp4Viewer(H264Viewer):
    """A viewer of one endless MP4: init segments and fragments, without the state."""

    protocol = "mp4"

    def __init__(self, transport: asyncio.Transport, now: float, *, by_proxy: bool) -> None:
        super().__init__(transport, now)
        self.ends_with_the_gate = by_proxy

    def header(self, fragment: Fragment) -> bytes:
        return fragment.init.segment

    def message(self, fragment: Fragment) -> bytes:
        return fragment.payload

    def text(self, text: bytes) -> bytes:
        return b""


class JpegViewer(Viewer):
    """A viewer of MJPEG: it gets the newest picture whenever the last one has gone out."""

    protocol = "mjpeg"

    def __init__(self, transport: asyncio.Transport, now: float, *, by_proxy: bool) -> None:
        super().__init__(transport, now)
        self.ends_with_the_gate = by_proxy

    def feed(self, part: bytes) -> None:
        """Write `part`, if the transport has drained."""
        if self.ready:
            self.write(part)
        else:
            self._skips += 1
