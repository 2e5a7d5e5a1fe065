"""Fragments, gathered into the parts and segments of a playlist.

Cut by time, never by count, because a camera's frames jitter: a part ends when one frame more would
exceed PART-TARGET, and where it would end too short it ends its segment, too, whose last part may
be of any length. So every playlist keeps the rules, at every frame rate.
"""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from likelight.feed.fmp4 import TIMESCALE, Init
from likelight.feed.ring import Fragment

PART_TARGET = TIMESCALE * 54 // 100
"""Ticks. 16 frames of 30 fps fit in, and the 14 left of a second are still over 85 % of it, so that
at 24, 25, 30 and 60 fps each second's keyframe begins a part."""

SHORTEST_PART = -(-PART_TARGET * 85 // 100)

TARGET_DURATION = 2
"""Seconds; a segment's duration, rounded, must not exceed it."""

LONGEST_SEGMENT = TIMESCALE * 245 // 100

WINDOW = 8 * TIMESCALE
"""Ticks of closed segments that the playlist has at least: HOLD-BACK needs 6 s."""

KEPT = 2 * WINDOW + 3 * LONGEST_SEGMENT
"""Ticks of closed segments in memory: one that left the playlist may be asked for as long as the
playlist lasted, and itself (RFC 8216bis, 6.2.2). 6 MB at 2 Mbit/s."""

_DRIFT_US = 250_000
"""How far wall time may run off from the playlist's: a clock steps, a stall is listed too short."""


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
    """When its first frame was captured, in microseconds since the epoch."""
    discontinuity: bool
    discontinuities_before: int
    parts: list[Part] = field(default_factory=list)
    closed: bool = False

    @property
    def duration(self) -> int:
        """Ticks."""
        return sum(part.duration for part in self.parts)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(len(part.body) for part in self.parts)


class Segmenter:
    """The window of segments that fragments are put into; numbers never come back."""

    def __init__(self) -> None:
        self._segments: deque[Segment] = deque()
        self._next_number = 0
        self._discontinuities = 0
        self._init: Init | None = None
        self._init_number = -1
        self._peak = 0
        self._payloads: list[bytes] = []
        self._pending = 0  # ticks in the part to come
        self._pending_independent = False
        self._keyframe_at = 0

    @property
    def listed(self) -> Sequence[Segment]:
        """The segments of the playlist; the last one is open, and may have no part yet."""
        segments = list(self._segments)
        return segments[_surplus(segments, WINDOW) :]

    @property
    def newest(self) -> Segment | None:
        """The last segment that has a part."""
        return next((each for each in reversed(self._segments) if each.parts), None)

    @property
    def last_number(self) -> int:
        """The number of the newest segment, also when it is forgotten."""
        return self.newest.number if self.newest else self._next_number - 1

    @property
    def duration(self) -> int:
        """Ticks in the playlist."""
        return sum(segment.duration for segment in self.listed)

    @property
    def peak(self) -> int:
        """The highest bit rate of a segment until now, in bits a second."""
        newest = self.newest
        return max(self._peak, _rate([newest]) if newest else 0)

    @property
    def average(self) -> int:
        """The bit rate over the playlist, in bits a second."""
        return _rate(self.listed)

    def segment(self, number: int) -> Segment | None:
        """Return the segment `number` while it is kept."""
        return next((each for each in self._segments if each.number == number), None)

    def init(self, number: int) -> Init | None:
        """Return the init `number` while a segment needs it."""
        return next((each.init for each in self._segments if each.init_number == number), None)

    def has(self, number: int, part: int | None) -> bool:
        """Return whether the playlist holds this part, or all of the segment, or what is later.

        A part past a segment's last one is the first of the next segment.
        """
        newest = self.newest
        if newest is None or newest.number < number:
            return False
        if newest.number > number:
            return True
        return newest.closed if part is None else part < len(newest.parts)

    def forget(self) -> None:
        """Drop every part at once; what comes next is a discontinuity, under new numbers."""
        self._segments.clear()
        self._drop_pending()
        self._peak = 0

    def add(self, fragment: Fragment) -> bool:
        """Take the next fragment; return whether a part was completed by it.

        A frame that lasts longer than a part, after a stall, is listed as lasting one part.
        """
        if not self._segments:
            # The first frame after a pause lasts as long as the pause.
            if fragment.keyframe and fragment.duration <= PART_TARGET:
                self._begin(fragment)
                self._take(fragment)
            return False
        if self._ends_segment(fragment):
            self._close_segment()
            self._begin(fragment)
        elif self._ends_part(fragment):
            self._close_part()
        else:
            self._take(fragment)
            return False
        self._take(fragment)
        return True

    def _ends_segment(self, fragment: Fragment) -> bool:
        segment = self._segments[-1]
        if fragment.init != segment.init:
            return True
        length = segment.duration + self._pending
        if self._overflows(fragment) and self._pending < SHORTEST_PART:
            return True
        if length + min(fragment.duration, PART_TARGET) > LONGEST_SEGMENT:
            return True
        # A segment should begin with a keyframe: it ends here if the next one would come too late.
        gop = fragment.decode - self._keyframe_at
        return fragment.keyframe and (
            length + gop > LONGEST_SEGMENT or _drifted(segment, length, fragment)
        )

    def _ends_part(self, fragment: Fragment) -> bool:
        return self._overflows(fragment) or (fragment.keyframe and self._pending >= SHORTEST_PART)

    def _overflows(self, fragment: Fragment) -> bool:
        return self._pending + fragment.duration > PART_TARGET

    def _begin(self, fragment: Fragment) -> None:
        before = self._segments[-1] if self._segments else None
        broken = (
            before is None
            or fragment.init != before.init
            or _drifted(before, before.duration, fragment)
        )
        if fragment.init != self._init:
            self._init, self._init_number = fragment.init, self._init_number + 1
        self._segments.append(
            Segment(
                number=self._next_number,
                init=fragment.init,
                init_number=self._init_number,
                began_us=fragment.captured_us,
                discontinuity=broken and self._next_number > 0,
                discontinuities_before=self._discontinuities,
            )
        )
        self._discontinuities += self._segments[-1].discontinuity
        self._next_number += 1

    def _take(self, fragment: Fragment) -> None:
        if fragment.keyframe:
            self._keyframe_at = fragment.decode
        if not self._payloads:
            self._pending_independent = fragment.keyframe
        self._payloads.append(fragment.payload)
        self._pending += min(fragment.duration, PART_TARGET)

    def _close_part(self) -> None:
        part = Part(b"".join(self._payloads), self._pending, self._pending_independent)
        self._segments[-1].parts.append(part)
        self._drop_pending()

    def _close_segment(self) -> None:
        self._close_part()
        closed = self._segments[-1]
        closed.closed = True
        self._peak = max(self._peak, _rate([closed]))
        for _ in range(_surplus(self._segments, KEPT)):
            self._segments.popleft()

    def _drop_pending(self) -> None:
        self._payloads.clear()
        self._pending = 0


def _surplus(segments: Collection[Segment], ticks: int) -> int:
    """Return how many of the oldest can go so that the closed ones left still last `ticks`."""
    there = sum(segment.duration for segment in segments if segment.closed)
    surplus = 0
    for segment in segments:
        there -= segment.duration
        if there < ticks:
            break
        surplus += 1
    return surplus


def _drifted(segment: Segment, length: int, fragment: Fragment) -> bool:
    expected_us = segment.began_us + length * 1_000_000 // TIMESCALE
    return abs(fragment.captured_us - expected_us) > _DRIFT_US


def _rate(segments: Sequence[Segment]) -> int:
    ticks = sum(segment.duration for segment in segments)
    return sum(segment.size for segment in segments) * 8 * TIMESCALE // ticks if ticks else 0
