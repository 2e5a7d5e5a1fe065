"""The renditions of one picture: a channel each, on one timeline, and who watches which."""

from likelight.feed.channels import H264Channel
from likelight.feed.fmp4 import Init, SideTimeline, Timeline
from likelight.feed.placeholders import Placeholder
from likelight.feed.rendition import Rendition
from likelight.feed.ring import Fragment
from likelight.feed.viewers import H264Viewer

_SLIDE_AGAIN_US = 400_000
"""SLIDE gets a placeholder every other tick: it has 5 to 7 KB, so 112 kbit/s."""

NO_PICTURE_S = 1.5
"""A rendition that sends nothing for so long while the main one does is not to be had."""


class Renditions:
    """Hands each viewer the fragments of the rendition that it `wants`.

    A viewer that wants another keeps the old one until a keyframe of the new one comes.
    """

    def __init__(self) -> None:
        main = Timeline()
        self._channels = {
            each: H264Channel(each, SideTimeline(main) if each else main) for each in Rendition
        }
        self._live: set[Rendition] = set()
        """Those whose camera pictures have come since the state became LIVE."""
        self._came_at: dict[Rendition, float] = {}
        self._slide_us = 0
        """When SLIDE got its last placeholder."""

    @property
    def live(self) -> bool:
        """True once the camera's pictures have come since the state became LIVE."""
        return Rendition.MAIN in self._live

    @property
    def viewers(self) -> list[H264Viewer]:
        """All of them."""
        return [each for channel in self._channels.values() for each in channel.viewers]

    @property
    def wanted(self) -> frozenset[Rendition]:
        """The renditions besides MAIN that somebody has or waits for."""
        had = {each for each, channel in self._channels.items() if channel.viewers}
        return frozenset(had | {viewer.wants for viewer in self.viewers}) - {Rendition.MAIN}

    def runs(self, rendition: Rendition) -> bool:
        """Return whether viewers get pictures of it now."""
        return rendition in self._live and bool(self._channels[rendition].viewers)

    def wants_keyframe(self, rendition: Rendition) -> bool:
        """Return whether a viewer of it can go on only from a keyframe, and none came lately."""
        return self._channels[rendition].wants_keyframe

    def needs(self, rendition: Rendition) -> float:
        """Return its bit rate."""
        return self._channels[rendition].bits_per_s

    def takes(self, rendition: Rendition, *, keyframe: bool) -> bool:
        """Return whether a picture of the camera can be shown: each begins with a keyframe, and
        MAIN first.
        """
        return rendition in self._live or (keyframe and (not rendition or self.live))

    def publish_live(
        self,
        rendition: Rendition,
        init: Init,
        units: list[bytes],
        *,
        keyframe: bool,
        captured_us: int,
        now: float,
    ) -> Fragment:
        """Publish a picture of the camera."""
        if not self.live:
            self._came_at = dict.fromkeys(Rendition, now)
        self._live.add(rendition)
        self._came_at[rendition] = now
        if keyframe:
            self._gather(rendition)
        return self._channels[rendition].publish(
            init, units, keyframe=keyframe, captured_us=captured_us
        )

    def publish_placeholder(self, shown: Placeholder, *, captured_us: int) -> list[Fragment]:
        """Publish a placeholder in every rendition that is wanted."""
        for viewer in self.viewers:
            self._move(viewer, viewer.wants)
        made = []
        for each in sorted({Rendition.MAIN, *self.wanted}):
            if each is Rendition.SLIDE:
                if abs(captured_us - self._slide_us) < _SLIDE_AGAIN_US:
                    continue
                self._slide_us = captured_us
            still = shown.of(each)
            made.append(
                self._channels[each].publish(
                    still.init, still.units, keyframe=True, captured_us=captured_us
                )
            )
        return made

    def join(self, viewer: H264Viewer, text: bytes, now: float) -> None:
        """Add a viewer: init, `text`, and every fragment since the last keyframe at once."""
        self._came_at[viewer.wants] = now
        self._channels[viewer.wants].join(viewer, text)

    def leave(self, viewer: H264Viewer) -> None:
        """Forget a viewer."""
        for channel in self._channels.values():
            channel.viewers.discard(viewer)

    def forget(self) -> None:
        """Drop every cached fragment of every rendition at once; the timeline goes on."""
        self._live.clear()
        self._slide_us = 0
        for channel in self._channels.values():
            channel.forget()

    def rescue(self, now: float) -> None:
        """Give the main rendition to those whose own does not come."""
        if not self.live:
            return
        for rendition, channel in self._channels.items():
            missing = now - self._came_at[rendition] > NO_PICTURE_S
            if rendition and channel.viewers and missing:
                for viewer in list(channel.viewers):
                    self._move(viewer, Rendition.MAIN)

    def _gather(self, rendition: Rendition) -> None:
        for viewer in self.viewers:
            if viewer.wants is rendition:
                self._move(viewer, rendition)

    def _move(self, viewer: H264Viewer, rendition: Rendition) -> None:
        viewers = self._channels[rendition].viewers
        if viewer not in viewers:
            self.leave(viewer)
            viewers.add(viewer)
            viewer.change_channel()
