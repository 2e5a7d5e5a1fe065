"""What an upload may send, shared by the client, which fills it, and the sender of a connection."""

import asyncio
from dataclasses import dataclass, field

from likelight.contract import State
from likelight.feed.jpegs import JpegPicture
from likelight.feed.rendition import MAIN_ONLY, Rendition
from likelight.feed.ring import Ring


@dataclass(slots=True, eq=False)
class Outgoing:
    """The newest pictures and the state, and what the cloud and the relay want of them."""

    state: State = State.IDLE
    rings: dict[Rendition, Ring] = field(
        default_factory=lambda: {each: Ring() for each in Rendition}
    )
    pictures: dict[Rendition, JpegPicture] = field(default_factory=dict)
    """The newest JPEG of each that has not been sent."""
    watched: bool = False
    """True while the cloud says that somebody watches."""
    jpeg_fps: int = 0
    """How many JPEGs a second the relay asks for."""
    jpegs: frozenset[Rendition] = MAIN_ONLY
    """The renditions of which the relay wants JPEGs."""
    renditions: frozenset[Rendition] = frozenset()
    """What the relay asks for besides MAIN."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set on each change; a task that waits for it clears it first."""

    def forget(self) -> None:
        """Drop every picture at once."""
        for ring in self.rings.values():
            ring.clear()
        self.pictures.clear()

    @property
    def may_connect(self) -> bool:
        """True while somebody watches, and the gate is open or opens when the camera runs."""
        return self.watched and self.state in (State.IDLE, State.LIVE)

    @property
    def may_stay(self) -> bool:
        """True while an open connection is kept, in a fault too: the camera is back in seconds."""
        return self.may_connect or (self.watched and self.state is State.FAULT)
