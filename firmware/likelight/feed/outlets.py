"""What the hub feeds besides its own viewers: LL-HLS, the upload to a relay, a push."""

from dataclasses import dataclass
from typing import Protocol

from likelight.contract import State
from likelight.feed.jpegs import JpegPicture
from likelight.feed.rendition import Rendition
from likelight.feed.ring import Fragment


@dataclass(frozen=True, slots=True)
class Demand:
    """How many viewers want H.264 and how many want JPEG (a snapshot counts while it waits)."""

    h264: int = 0
    jpeg: int = 0
    renditions: frozenset[Rendition] = frozenset()
    """The renditions besides MAIN that somebody needs."""
    jpegs: frozenset[Rendition] = frozenset()
    """The renditions of which somebody needs JPEGs."""

    @property
    def jpeg_sizes(self) -> frozenset[Rendition]:
        """The renditions to make `jpegs` of: SLIDE's are those of LOW, SLIDE_FPS a second."""
        return frozenset(min(Rendition.LOW, each) for each in self.jpegs)

    @property
    def watched(self) -> bool:
        """True when anybody watches."""
        return self.h264 > 0 or self.jpeg > 0


class Outlet(Protocol):
    """A consumer of the hub that serves many viewers, or none by itself.

    The hub calls it on the event loop, for camera frames and for placeholders, in every rendition;
    it must not block.
    """

    @property
    def demand(self) -> Demand:
        """What it wants now; it calls `Hub.demand_changed` when that changes."""

    def on_fragment(self, fragment: Fragment) -> None: ...

    def on_jpeg(self, picture: JpegPicture) -> None: ...

    def on_state(self, state: State) -> None:
        """The state changed; for any but LIVE it forgets every camera frame before it returns."""
