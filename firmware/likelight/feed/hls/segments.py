"""The segments of a playlist: which are listed, which are kept, and their bit rates."""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from likelight.feed.fmp4 import TIMESCALE, Init

TARGET_DURATION = 2
"""Seconds; a segment's duration, rounded, must not exceed it."""

LONGEST_SEGMENT = TIMESCALE * 245 // 100

WINDOW = 8 * TIMESCALE
"""Ticks of closed segments that the playlist has at least: HOLD-BACK needs 6 s."""

KEPT = 2 * WINDOW + 3 * LONGEST_SEGMENT
"""Ticks of closed segments in memory: one that left the playlist may be asked for as long as the
playlist lasted, and itself (RFC 8216bis, 6.2.2). 6 MB at 2 Mbit/s."""

MOST_BYTES = 64 * 1024 * 1024
"""Closed segments in memory, whatever their time: `KEPT` at a camera's 20 Mbit/s at most has 58."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some fragments. `duration` is in ticks; `independent` when it begins with a keyframe."""

    body: bytes
    duration: int
    independent: bool


@dataclass(slots=True, eq=False)
class Segment:
    """Parts in order, of one init."""

    number: int
    """Its media sequence number."""
    init: Init
    init_number: int
    began_us: int
    """When its first frame was captured, in microseconds since the epoch, as the playlist says."""
    discontinuity: bool
    discontinuities_before: int
    parts: list[Part] = field(default_factory=list)
    closed: bool = False
    taken_back: bool = False
    """Its pictures may not be shown any more, and are gone; only its place is left."""

    @property
    def duration(self) -> int:
        """Ticks."""
        return sum(part.duration for part in self.parts)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(len(part.body) for part in self.parts)


class SegmentWindow:
    """The newest segments, in order; the last one is open. A number is never used twice."""

    def __init__(self, part_target: int) -> None:
        self.part_target = part_target
        """Ticks that a part lasts at most."""
        self._segments: deque[Segment] = deque()
        self._next_number = 0
        self._discontinuities = 0
        self._init: Init | None = None
        self._init_number = -1
        self._peak = 0

    @property
    def last(self) -> Segment | None:
        """The last segment; it is open, and may have no part yet, unless it was taken back."""
        return self._segments[-1] if self._segments else None

    @property
    def listed(self) -> Sequence[Segment]:
        """The segments of the playlist, up to `last`."""
        segments = list(self._segments)
        return segments[_surplus(segments, WINDOW) :]

    @property
    def newest(self) -> Segment | None:
        """The last segment that has a part."""
        return next((each for each in reversed(self._segments) if each.parts), None)

    @property
    def hint(self) -> tuple[int, int] | None:
        """Which part comes next, as segment and part; None when every segment is forgotten."""
        last = self.last
        if last is None:
            return None
        return (last.number + 1, 0) if last.closed else (last.number, len(last.parts))

    @property
    def last_number(self) -> int:
        """The number of the newest segment, also when it is forgotten."""
        return self.newest.number if self.newest else self._next_number - 1

    @property
    def duration(self) -> int:
        """Ticks in the playlist that can be played."""
        return sum(segment.duration for segment in self._playable)

    @property
    def peak(self) -> int:
        """The highest bit rate of a segment until now, in bits a second."""
        newest = self.newest
        return max(self._peak, _rate([newest]) if newest else 0)

    @property
    def average(self) -> int:
        """The bit rate over the playlist, in bits a second."""
        return _rate(self._playable)

    @property
    def _playable(self) -> Sequence[Segment]:
        return [segment for segment in self.listed if not segment.taken_back]

    def segment(self, number: int) -> Segment | None:
        """Return the segment `number` while it is kept."""
        return next((each for each in self._segments if each.number == number), None)

    def init(self, number: int) -> Init | None:
        """Return the init `number` while a segment needs it."""
        return next((each.init for each in self._segments if each.init_number == number), None)

    def has(self, number: int, part: int | None) -> bool:
        """Return whether the playlist holds this part (None: the whole segment), or a later one.

        A part past a segment's last one is the first of the next segment.
        """
        newest = self.newest
        if newest is None or newest.number < number:
            return False
        if newest.number > number:
            return True
        return newest.closed if part is None else part < len(newest.parts)

    def begin(self, init: Init, began_us: int, *, discontinuity: bool) -> None:
        """Open the next segment; the very first one is never a discontinuity."""
        if init != self._init:
            self._init, self._init_number = init, self._init_number + 1
        segment = Segment(
            number=self._next_number,
            init=init,
            init_number=self._init_number,
            began_us=began_us,
            discontinuity=discontinuity and self._next_number > 0,
            discontinuities_before=self._discontinuities,
        )
        self._segments.append(segment)
        self._discontinuities += segment.discontinuity
        self._next_number += 1

    def close(self) -> None:
        """Close the last segment, and forget those that nobody may ask for any more."""
        closed = self._segments[-1]
        closed.closed = True
        self._peak = max(self._peak, _rate([closed]))
        for _ in range(_surplus(self._segments, KEPT)):
            self._segments.popleft()
        size = sum(segment.size for segment in self._segments)
        while size > MOST_BYTES:
            size -= self._segments.popleft().size

    def forget(self) -> None:
        """Drop every segment at once."""
        self._segments.clear()
        self._peak = 0

    def take_back(self) -> None:
        """Drop every picture at once; what was listed stays listed, as a gap."""
        if self._segments and not self._segments[-1].parts:
            unlisted = self._segments.pop()
            self._next_number = unlisted.number
            self._discontinuities = unlisted.discontinuities_before
        for segment in self._segments:
            segment.parts = [replace(part, body=b"") for part in segment.parts]
            segment.closed = segment.taken_back = True
        self._peak = 0


def _surplus(segments: Collection[Segment], ticks: int) -> int:
    """Return how many of the oldest can go so that the closed ones left still last `ticks`."""
    left = sum(segment.duration for segment in segments if segment.closed)
    surplus = 0
    for segment in segments:
        left -= segment.duration
        if left < ticks:
            break
        surplus += 1
    return surplus


def _rate(segments: Sequence[Segment]) -> int:
    ticks = sum(segment.duration for segment in segments)
    return sum(segment.size for segment in segments) * 8 * TIMESCALE // ticks if ticks else 0
