"""JPEGs: each is packaged once for all its viewers, and who gets those of which rendition."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from likelight.feed import framing
from likelight.feed.jpeg_choice import JpegChoice
from likelight.feed.rendition import SLIDE_FPS, Rendition
from likelight.feed.viewers import Viewer


@dataclass(frozen=True, slots=True)
class JpegPicture:
    """One JPEG and its capture time in microseconds since the epoch."""

    jpeg: bytes
    captured_us: int
    rendition: Rendition = Rendition.MAIN
    """MAIN, or LOW, which is SLIDE's too."""


class JpegViewer(Viewer):
    """A viewer of MJPEG: it gets the newest picture whenever the last one has gone out.

    `wants` is the rendition that it asked for, None the largest that its connection takes.
    """

    protocol = "mjpeg"

    def __init__(
        self, transport: asyncio.Transport, now: float, wants: Rendition | None, *, by_proxy: bool
    ) -> None:
        super().__init__(transport, now)
        self.ends_with_the_gate = by_proxy
        self._wants = wants
        self._choice = JpegChoice(now)

    @property
    def wants(self) -> Rendition:
        """Whose JPEGs it is to get."""
        return self._choice.rendition if self._wants is None else self._wants

    def feed(self, part: bytes, now: float) -> bool:
        """Write `part`, if the transport has drained; return True where it now wants others."""
        before, ready = self.wants, self.ready
        if ready:
            self.write(part)
        else:
            self._skips += 1
        self._choice.offered(now, taken=ready)
        return self.wants is not before


class JpegChannel:
    """Hands JPEGs to MJPEG viewers, and to requests that wait for a single one.

    `on_choice` is called when a viewer wants those of another rendition.
    """

    def __init__(self, on_choice: Callable[[], None]) -> None:
        self.viewers: set[JpegViewer] = set()
        self._on_choice = on_choice
        self._waiting: set[asyncio.Future[JpegPicture | None]] = set()
        self._newest: dict[Rendition, bytes] = {}
        self._slide_at = -inf

    @property
    def demand(self) -> int:
        """How many viewers and requests want JPEGs now."""
        return len(self.viewers) + self.waiting

    @property
    def wanted(self) -> frozenset[Rendition]:
        """The renditions of which somebody wants JPEGs."""
        main = {Rendition.MAIN} if self._waiting else set()
        return frozenset(main | {viewer.wants for viewer in self.viewers})

    @property
    def waiting(self) -> int:
        """How many requests wait for a single JPEG."""
        return len(self._waiting)

    def publish(self, picture: JpegPicture) -> None:
        """Write one picture to every viewer of its rendition whose transport has drained."""
        if not self.viewers:
            return
        now = asyncio.get_running_loop().time()
        part = framing.multipart_part(picture.jpeg, picture.captured_us)
        changed = False
        shown = self._shows(picture, now)
        self._newest.update(dict.fromkeys(shown, part))
        for viewer in self.viewers:
            if viewer.wants in shown:
                changed |= viewer.feed(part, now)
        if changed:
            self._on_choice()

    def join(self, viewer: JpegViewer) -> None:
        """Add a viewer, and give it the newest picture at once."""
        if viewer.wants not in self.wanted:
            self._newest.pop(viewer.wants, None)  # it is old: from the last time somebody watched
        viewer.write(framing.FIRST_BOUNDARY + self._newest.get(viewer.wants, b""))
        self.viewers.add(viewer)

    def _shows(self, picture: JpegPicture, now: float) -> tuple[Rendition, ...]:
        """Return the renditions that `picture` is of."""
        if picture.rendition is Rendition.MAIN:
            return (Rendition.MAIN,)
        # Three quarters of the interval: the camera's rate is seldom a multiple of this one.
        if now - self._slide_at < 0.75 / SLIDE_FPS:
            return (Rendition.LOW,)
        self._slide_at = now
        return (Rendition.LOW, Rendition.SLIDE)

    def wait(self) -> asyncio.Future[JpegPicture | None]:
        """Return a future of the next `answer`; the caller must end it with `give_up`."""
        waiting: asyncio.Future[JpegPicture | None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        return waiting

    def give_up(self, waiting: asyncio.Future[JpegPicture | None]) -> None:
        """Forget `waiting`."""
        self._waiting.discard(waiting)

    def answer(self, picture: JpegPicture | None) -> None:
        """Answer every waiting request with `picture`, or with None when no picture will come."""
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(picture)

    def forget(self) -> None:
        """Drop the cached pictures at once."""
        self._newest.clear()
        self._slide_at = -inf
