"""One viewer: a transport that is written to only when it has drained."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from likelight.feed.acks import QUEUE_S, Acks, UnderWay
from likelight.feed.choice import Choice, Line
from likelight.feed.fmp4 import TIMESCALE, spliced
from likelight.feed.framing import binary_message, close_message, padding
from likelight.feed.meter import Traffic
from likelight.feed.rendition import Rendition
from likelight.feed.ring import MAX_BEHIND, NOWHERE, Fragment, Ring, StreamHeader
from likelight.feed.transport import STALL_S, Unread, abort

_MAX_SKIPS, _SKIPS_WITHIN, _KEYFRAMES_FOR = 3, 30 * TIMESCALE, 30 * TIMESCALE
"""A viewer that skips 3 times in 30 s gets only keyframes for 30 s: steady looks better than
stutter."""

_PROBE = padding(12, 683)
"""8 KB: 90 ms of a line of 0.7 Mbit/s. 24 KB took a second of one of 0.2."""

_JOINS_WITHIN_S, _JOINS_BEHIND = 2.0, 3 * TIMESCALE // 2
"""A page that acknowledges gets a keyframe, and all since then once that has arrived."""

_LONGEST_GAP = TIMESCALE // 4
_SPLICE = TIMESCALE // 200
"""How much of what was sent last a picture of another rendition covers: one that began no later
than that would be taken out again by the next."""


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

    def __init__(
        self, transport: asyncio.Transport, now: float, wants: Rendition = Rendition.MAIN
    ) -> None:
        super().__init__(transport, now)
        self.wants = wants
        """The rendition that it is to get; it has the old one until that comes."""
        self._cursor = NOWHERE
        self._header: StreamHeader | None = None
        self._last_skips: tuple[int, ...] = ()
        self._keyframes_until = 0
        self._keyframes_only = False

    def join(self, ring: Ring, state: bytes) -> None:
        """Write all that makes a picture at once; the `state` text goes before the first one."""
        pieces = [piece for each in self._first(ring) for piece in self._pieces(each)]
        self._note(pieces)
        self.write(b"".join((*pieces[:1], self.text(state), *pieces[1:])))

    def change_channel(self) -> None:
        """Go on with another rendition, from its next keyframe on."""
        self._cursor = NOWHERE

    def send_state(self, state: bytes) -> None:
        """Write the `state` text, if this kind of viewer takes text."""
        self.write(self.text(state))

    def feed(self, ring: Ring) -> bool:
        """Write what is missing, as long as the transport takes it.

        Return True when the viewer can go on only from a keyframe that has yet to come.
        """
        return self.ready and self._send(ring)

    def _send(self, ring: Ring) -> bool:
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
        missing = ring.missing(self._cursor, self._most_behind)
        if not missing:
            return True
        if missing[0].sequence > self._cursor != NOWHERE and not self._keyframes_only:
            self._skips += 1
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
        recent = (at for at in self._last_skips if decode - at < _SKIPS_WITHIN)
        self._last_skips = (*recent, decode)
        if len(self._last_skips) >= _MAX_SKIPS:
            self._last_skips = ()
            self._keyframes_until = decode + _KEYFRAMES_FOR

    def _first(self, ring: Ring) -> Sequence[Fragment]:
        return ring.since_keyframe()

    @property
    def _most_behind(self) -> int:
        return MAX_BEHIND

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
    """A viewer over a WebSocket. One whose page acknowledges is held to what has arrived there, and
    gets the rendition that its line carries.

    `clock` is the loop's, `needs` gives the bit rate of a rendition; `on_choice` is called when the
    viewer `wants` another. `acknowledges` is True where the page has said that it will.
    """

    protocol = "ws"

    def __init__(
        self,
        transport: asyncio.Transport,
        clock: Callable[[], float],
        *,
        wants: Rendition,
        acknowledges: bool,
        needs: Callable[[Rendition], float],
        on_choice: Callable[[], None],
    ) -> None:
        super().__init__(transport, clock(), wants)
        self._clock = clock
        self._under_way = UnderWay(clock)
        self._choice = Choice(clock(), wants, needs)
        self._on_choice = on_choice
        self._proven = not acknowledges
        self._joins_until = clock() + _JOINS_WITHIN_S if acknowledges else 0.0
        self._sent_until: int | None = None
        self._has: Rendition | None = None
        self._has_from = 0
        self._held_at: float | None = None
        """Since when the line has been too full for the next picture."""

    def feed(self, ring: Ring) -> bool:
        if not self._proven and self._has is not None:
            return False  # the first picture has yet to arrive
        if not self.ready or self._under_way.waits_s > QUEUE_S:
            if self._held_at is None:
                self._held_at = self._clock()
            return False
        waiting = self._send(ring)
        self._held_at = None
        return waiting

    def acknowledge(self, acks: Acks) -> None:
        """Take note of what has arrived at the page."""
        self._under_way.acknowledge(acks)
        bits_per_s = self._under_way.take_probe()
        if bits_per_s is not None:
            self._choice.probed(self._clock(), bits_per_s)
        self.look()

    def look(self) -> None:
        """Judge the line; a page that never acknowledged has no say. To be called regularly."""
        under_way = self._under_way
        if not under_way.acknowledged_count:
            return
        arrived = under_way.acknowledged_count >= self._has_from
        if not self._proven and self._has is not None and arrived:
            self._proven = True
            self._choice.began(self._clock(), under_way.carries_bits_per_s)
        # Before the first has come there is no queue but its own.
        heard = self._has is self.wants and (arrived or not self._proven)
        line = Line(under_way.late_s, under_way.arrived_bits_per_s, heard)
        if self._choice.judge(self._clock(), line) and self.ready:
            under_way.probe(map(len, _PROBE))
            self.write(b"".join(_PROBE))
        self._follow_choice()

    def _follow_choice(self) -> None:
        if self._choice.rendition is not self.wants:
            self.wants = self._choice.rendition
            self._joins_until = 0.0
            self._on_choice()

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

    def _note(self, pieces: Sequence[bytes]) -> None:
        self._under_way.sent(map(len, pieces), self._held_at)

    def _first(self, ring: Ring) -> Sequence[Fragment]:
        return super()._first(ring)[: 1 if self._joins_until else None]

    @property
    def _most_behind(self) -> int:
        return _JOINS_BEHIND if self._clock() < self._joins_until else MAX_BEHIND

    def _skip(self, decode: int) -> None:
        self._choice.skipped(self._clock())
        # Anywhere else another rendition is the better answer, where the page acknowledges.
        if self.wants is Rendition.SLIDE or not self._under_way.acknowledged_count:
            super()._skip(decode)

    def header(self, fragment: Fragment) -> bytes:
        return fragment.header.framed

    def message(self, fragment: Fragment) -> bytes:
        end = fragment.decode + fragment.duration
        before, self._sent_until = self._sent_until, end
        if self._has is fragment.rendition:
            return fragment.framed
        changed = self._has is not None
        self._has = fragment.rendition
        self._held_at = None  # what held it was of the old one
        self._has_from = self._under_way.sent_count + 2  # its init segment goes before it
        # Over a longer gap, which pictures left out have made, the page jumps.
        if (
            not changed
            or before is None
            or not -TIMESCALE < fragment.decode - before < _LONGEST_GAP
        ):
            return fragment.framed
        begin = min(before, end - _SPLICE)
        return binary_message(spliced(fragment.payload, begin=begin, end=end))

    def text(self, text: bytes) -> bytes:
        return text

    def close_frame(self, code: int) -> bytes:
        """Return a WebSocket close frame."""
        return close_message(code)


class Mp4Viewer(H264Viewer):
    """A viewer of one endless MP4: init segments and fragments, without the state."""

    protocol = "mp4"

    def __init__(
        self,
        transport: asyncio.Transport,
        now: float,
        wants: Rendition = Rendition.MAIN,
        *,
        by_proxy: bool,
    ) -> None:
        super().__init__(transport, now, wants)
        self.ends_with_the_gate = by_proxy

    def header(self, fragment: Fragment) -> bytes:
        return fragment.init.segment

    def message(self, fragment: Fragment) -> bytes:
        return fragment.payload

    def text(self, text: bytes) -> bytes:
        return b""
