"""Where parts and segments end.

They end by time, never by count, because a camera's frames jitter: a part ends when one frame more
would exceed PART-TARGET. Where a part would be too short, its segment ends with it, because a
segment's last part may have any length. So every playlist keeps the rules, at every frame rate.
"""

from likelight.feed.fmp4 import TIMESCALE
from likelight.feed.hls.segments import LONGEST_SEGMENT, Part, Segment, SegmentWindow
from likelight.feed.ring import Fragment

PART_TARGET = TIMESCALE * 54 // 100
"""Ticks. 16 frames of 30 fps fit in, and the 14 left of a second are still over 85 % of it, so that
at 24, 25, 30 and 60 fps each second's keyframe begins a part."""

SLIDE_PART_TARGET = 2 * PART_TARGET
"""The same for 5 pictures a second: all five, from keyframe to keyframe, are one part."""

MOST_PART_BYTES = 4 * 1024 * 1024
"""60 Mbit/s; a camera has 20 at most. Only capture times that hardly move make a part larger: it
ends here, and its segment with it."""

_DRIFT_US = 250_000
"""How far wall time may differ from the playlist's: a clock steps, a stall is listed too short."""


class Segmenter:
    """Puts fragments into the parts and segments of `window`."""

    def __init__(self, part_target: int = PART_TARGET) -> None:
        self.window = SegmentWindow(part_target)
        self._target = part_target
        self._shortest = -(-part_target * 85 // 100)
        self._payloads: list[bytes] = []
        self._pending = 0  # ticks in the part to come
        self._pending_bytes = 0
        self._pending_independent = False
        self._keyframe_at = 0

    def forget(self) -> None:
        """Drop every part at once; what comes next is a discontinuity, under new numbers."""
        self.window.forget()
        self._drop_pending()

    def take_back(self) -> None:
        """Drop every picture at once, and leave gaps; what comes next is a discontinuity."""
        self.window.take_back()
        self._drop_pending()

    def add(self, fragment: Fragment) -> bool:
        """Take the next fragment; return True when it completed a part.

        A frame that lasts longer than a part, after a stall, is listed as lasting one part.
        """
        segment = self.window.last
        if segment is None or segment.taken_back:
            # The first frame after a pause lasts as long as the pause.
            if fragment.keyframe and fragment.duration <= self._target:
                self._begin(None, fragment)
                self._take(fragment)
            return False
        if self._ends_segment(segment, fragment):
            self._close_part(segment)
            self.window.close()
            self._begin(segment, fragment)
        elif self._ends_part(fragment):
            self._close_part(segment)
        else:
            self._take(fragment)
            return False
        self._take(fragment)
        return True

    def _ends_segment(self, segment: Segment, fragment: Fragment) -> bool:
        if fragment.init != segment.init:
            return True
        length = segment.duration + self._pending
        if self._overflows(fragment) and self._pending < self._shortest:
            return True
        if length + min(fragment.duration, self._target) > LONGEST_SEGMENT:
            return True
        # A segment should begin with a keyframe: it ends here if the next one would come too late.
        gop = fragment.decode - self._keyframe_at
        return fragment.keyframe and (
            length + gop > LONGEST_SEGMENT or _drifted(segment, length, fragment)
        )

    def _ends_part(self, fragment: Fragment) -> bool:
        return self._overflows(fragment) or (fragment.keyframe and self._pending >= self._shortest)

    def _overflows(self, fragment: Fragment) -> bool:
        return (
            self._pending + fragment.duration > self._target
            or self._pending_bytes + len(fragment.payload) > MOST_PART_BYTES
        )

    def _begin(self, before: Segment | None, fragment: Fragment) -> None:
        if (
            before is None
            or fragment.init != before.init
            or _drifted(before, before.duration, fragment)
        ):
            self.window.begin(fragment.init, _due_us(fragment), discontinuity=True)
        else:
            # Exactly where the one before ended: shaka-player places what it appends by these
            # dates, and where they moved by a millisecond it dropped all up to a keyframe.
            began_us = before.began_us + _micros(before.duration)
            self.window.begin(fragment.init, began_us, discontinuity=False)

    def _take(self, fragment: Fragment) -> None:
        if fragment.keyframe:
            self._keyframe_at = fragment.decode
        if not self._payloads:
            self._pending_independent = fragment.keyframe
        self._payloads.append(fragment.payload)
        self._pending_bytes += len(fragment.payload)
        self._pending += min(fragment.duration, self._target)

    def _close_part(self, segment: Segment) -> None:
        part = Part(b"".join(self._payloads), self._pending, self._pending_independent)
        segment.parts.append(part)
        self._drop_pending()

    def _drop_pending(self) -> None:
        self._payloads.clear()
        self._pending = self._pending_bytes = 0


def _drifted(segment: Segment, length: int, fragment: Fragment) -> bool:
    expected_us = segment.began_us + _micros(length)
    return abs(_due_us(fragment) - expected_us) > _DRIFT_US


def _due_us(fragment: Fragment) -> int:
    """Return when a camera that keeps its rate would have captured `fragment`.

    The timeline follows the captures one frame behind (fmp4.py): a frame that came late is not late
    there, but lasts as long as it was waited for.
    """
    return fragment.captured_us - _micros(fragment.duration) + 1_000_000 // fragment.init.fps


def _micros(ticks: int) -> int:
    return round(ticks * 1_000_000 / TIMESCALE)
