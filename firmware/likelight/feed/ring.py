"""The newest fragments, back to the last keyframe, and the rule that keeps slow viewers fresh."""

from collections.abc import Sequence
from dataclasses import dataclass

from likelight.feed.fmp4 import TIMESCALE, Init
from likelight.feed.rendition import Rendition

MAX_BEHIND = TIMESCALE * 3 // 10
"""How far behind live a viewer may be, in ticks: 0.3 s. One further behind skips ahead."""

# 30 s at 2 Mbit/s. It ends an encoder that never makes a keyframe, and a group of pictures whose
# capture times stand still.
_MAX_BYTES = 8 * 1024 * 1024

NOWHERE = -1
"""Cursor of a viewer that has nothing yet and so must begin at a keyframe."""


@dataclass(frozen=True, slots=True, eq=False)
class StreamHeader:
    """What precedes the first fragment of a stream: its mime text and init, framed to send."""

    framed: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Fragment:
    """One access unit as fMP4. `sequence` counts without a gap; times are in ticks of the timeline.

    `framed` is `payload` as a WebSocket message; `captured_us` is wall time.
    """

    sequence: int
    decode: int
    duration: int
    keyframe: bool
    captured_us: int
    init: Init
    payload: bytes
    header: StreamHeader
    framed: bytes
    rendition: Rendition = Rendition.MAIN


class Ring:
    """Fragments in order; a viewer is an index into them, the sequence of its next fragment."""

    def __init__(self) -> None:
        self._fragments: list[Fragment] = []
        self._base = 0  # sequence of the first fragment, or of the next when there is none
        self._end = 0
        self._key: Fragment | None = None
        self._bytes = 0

    @property
    def end(self) -> int:
        """The sequence that the next fragment must have, and the cursor of a viewer up to date."""
        return self._end

    @property
    def newest(self) -> Fragment:
        """The fragment last appended; there must be one."""
        return self._fragments[-1]

    @property
    def keyframe_age(self) -> int:
        """How far the newest keyframe is behind what came last, in ticks; 1 s if it is gone."""
        return self.newest.decode - self._key.decode if self._key else TIMESCALE

    def append(self, fragment: Fragment) -> None:
        """Add the newest fragment; a keyframe drops what no viewer needs any more."""
        if fragment.keyframe:
            # A viewer a little behind still gets the end of the old group of pictures, and so no
            # gap.
            self._keep_from(fragment.decode - MAX_BEHIND)
        if self._bytes > _MAX_BYTES:
            self.clear()
        if fragment.keyframe:
            self._key = fragment
        self._fragments.append(fragment)
        self._bytes += len(fragment.framed)
        self._end = fragment.sequence + 1

    def clear(self) -> None:
        """Forget every fragment at once."""
        self._fragments.clear()
        self._base = self._end
        self._key = None
        self._bytes = 0

    def since_keyframe(self) -> Sequence[Fragment]:
        """Return what a new viewer gets: everything from the newest keyframe on."""
        return self._fragments[self._key.sequence - self._base :] if self._key else ()

    def missing(self, cursor: int, most_behind: int = MAX_BEHIND) -> Sequence[Fragment]:
        """Return what a viewer at `cursor`, whose transport has drained, may be sent now.

        A viewer more than `most_behind` skips to the newest keyframe; when that is as old, it waits
        for the next one, because what it would get could only be late.
        """
        if cursor >= self._end or not self._fragments:
            return ()
        newest = self._fragments[-1].decode
        if cursor >= self._base:
            late = self._fragments[cursor - self._base :]
            if newest - late[0].decode <= most_behind:
                return late
        key = self._key
        if key is None or key.sequence < cursor or newest - key.decode > MAX_BEHIND:
            return ()
        return self._fragments[key.sequence - self._base :]

    def _keep_from(self, decode: int) -> None:
        keep = len(self._fragments)
        while keep and self._fragments[keep - 1].decode >= decode:
            keep -= 1
        self._bytes -= sum(len(fragment.framed) for fragment in self._fragments[:keep])
        del self._fragments[:keep]
        self._base += keep
