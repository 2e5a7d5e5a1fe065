"""H.264 fragments of one rendition: each is packaged once, for all viewers.

A channel knows pictures and viewers; the hub decides which pictures may pass.
"""

from collections import deque

from likelight.feed import framing
from likelight.feed.fmp4 import TIMESCALE, Init, SideTimeline, Timeline, fragment
from likelight.feed.rendition import Rendition
from likelight.feed.ring import MAX_BEHIND, Fragment, Ring, StreamHeader
from likelight.feed.viewers import H264Viewer

_RATE_OVER = 2 * TIMESCALE


class H264Channel:
    """Turns one rendition's access units into fragments on `timeline`, for its viewers."""

    def __init__(self, rendition: Rendition, timeline: Timeline | SideTimeline) -> None:
        self.viewers: set[H264Viewer] = set()
        self.wants_keyframe = False
        """True while a viewer can go on only from a keyframe, and the last one is a second old."""
        self._rendition = rendition
        self._timeline = timeline
        self._sizes: deque[tuple[int, int]] = deque()  # (decode time, bytes) of the last 2 s
        self._size = 0
        self._ring = Ring()
        self._init: Init | None = None
        self._header = StreamHeader(b"")

    def publish(
        self, init: Init, units: list[bytes], *, keyframe: bool, captured_us: int
    ) -> Fragment:
        """Package the NAL `units` of one picture and write it to every drained viewer.

        When `init` differs from the last one, every viewer first gets it, with its mime text.
        FFmpeg's demuxer (in mpv and VLC, too) takes no second init of a stream, and showed the
        camera's last picture where a placeholder has another size: so a keyframe brings its
        parameter sets itself. MediaMTX does the same in its LL-HLS, which Apple's players play.
        """
        if keyframe:
            units = [init.told.sps, init.told.pps, *units]
        if init != self._init:
            self._init, self._header = init, _header(init, self._rendition)
        decode, duration = self._timeline.place(captured_us, init.fps)
        sequence = self._ring.end
        payload = fragment(
            units,
            sequence=sequence + 1,
            decode=decode,
            duration=duration,
            keyframe=keyframe,
            captured_us=captured_us,
        )
        framed = framing.binary_message(payload)
        made = Fragment(
            sequence,
            decode,
            duration,
            keyframe,
            captured_us,
            init,
            payload,
            self._header,
            framed,
            self._rendition,
        )
        self._ring.append(made)
        self._measure(made)
        waiting = 0
        for viewer in self.viewers:
            waiting += viewer.feed(self._ring)
        # Most viewers have the main rendition, and keyframes are large: they get few more of them.
        old = TIMESCALE if self._rendition is Rendition.MAIN else MAX_BEHIND
        self.wants_keyframe = waiting > 0 and self._ring.keyframe_age >= old
        return made

    @property
    def bits_per_s(self) -> float:
        """What this rendition needs: its rate over the last two seconds, or what it should be."""
        lasted = self._sizes[-1][0] - self._sizes[0][0] if self._sizes else 0
        if lasted < _RATE_OVER // 2:
            return self._rendition.nominal_bits_per_s
        return self._size * 8 * TIMESCALE / lasted

    def join(self, viewer: H264Viewer, text: bytes) -> None:
        """Add a viewer: init, `text`, and every fragment since the last keyframe at once."""
        viewer.join(self._ring, text)
        self.viewers.add(viewer)

    def forget(self) -> None:
        """Drop every cached fragment at once; the timeline goes on."""
        self._ring.clear()
        self._sizes.clear()
        self._size = 0

    def _measure(self, made: Fragment) -> None:
        self._sizes.append((made.decode, len(made.framed)))
        self._size += len(made.framed)
        while made.decode - self._sizes[0][0] > _RATE_OVER:
            self._size -= self._sizes.popleft()[1]


def _header(init: Init, rendition: Rendition) -> StreamHeader:
    text = framing.text_message(
        {
            "mime": init.mime,
            "width": init.width,
            "height": init.height,
            "fps": init.fps,
            "rendition": rendition.word,
        }
    )
    return StreamHeader(text + framing.binary_message(init.segment))
