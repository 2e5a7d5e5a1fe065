"""What the daemon asks of its camera: kept over restarts, and sent to each new child."""

import asyncio
from dataclasses import replace

from likelight_hw.camera.child_state import ChildState
from likelight_hw.camera.wire import DesiredState, pack_desired_state
from likelight_hw.ports import LightFrame, Rendition

KEYFRAME_EVERY_S = 1.0
"""Keyframes are large: viewers, the relay and a push that all ask for one share this rate."""
_COUNTER = 1 << 32


class CameraRequests:
    """Holds the `DesiredState`, and sends it to the connected child whenever it changes."""

    def __init__(self) -> None:
        self.desired = DesiredState()
        self._child: ChildState | None = None
        self._starts = 0
        self._keyframe_at = dict.fromkeys(Rendition, float("-inf"))

    def connect(self, child: ChildState) -> None:
        """Send the desired state to `child`, now and at each change."""
        self._child = child
        if child.link is not None:
            child.link.write_latest(pack_desired_state(self.desired))

    def disconnect(self) -> None:
        """The child is gone."""
        self._child = None

    def start(self) -> None:
        """Ask for a new stream, and for an answer: a frozen child must not look like a slow one."""
        self._starts += 1
        self._request(replace(self.desired, stream=self._starts, ping=self._next_ping()))

    def stop(self) -> None:
        """Ask for an end of the stream."""
        self._request(replace(self.desired, stream=0))

    def ping(self) -> None:
        """Ask for an answer."""
        self._request(replace(self.desired, ping=self._next_ping()))

    def jpeg_rate(self, fps: float, renditions: frozenset[Rendition]) -> None:
        """Ask for up to `fps` JPEGs a second, 0..30, of each of these renditions."""
        rate = min(max(fps, 0.0), 30.0)
        self._request(replace(self.desired, jpeg_fps=rate, jpegs=renditions))

    def lamp(self, frame: LightFrame) -> None:
        """Say how the lamp of the simulated scene glows."""
        self._request(replace(self.desired, lamp=frame))

    def renditions(self, wanted: frozenset[Rendition]) -> None:
        """Ask for these renditions besides MAIN."""
        self._request(replace(self.desired, renditions=wanted - {Rendition.MAIN}))

    def keyframe(self, rendition: Rendition) -> None:
        """Ask for a keyframe, now or as soon as the last request is 1 s old."""
        loop = asyncio.get_running_loop()
        asked_at = self._keyframe_at[rendition]
        if asked_at > loop.time():
            return  # a request is already waiting
        at = self._keyframe_at[rendition] = max(loop.time(), asked_at + KEYFRAME_EVERY_S)
        if at > loop.time():
            loop.call_at(at, self._ask_keyframe, rendition)
        else:
            self._ask_keyframe(rendition)

    def _ask_keyframe(self, rendition: Rendition) -> None:
        main, low, slide = (
            (count + (each is rendition)) % _COUNTER
            for each, count in zip(Rendition, self.desired.keyframes, strict=True)
        )
        self._request(replace(self.desired, keyframes=(main, low, slide)))

    def _next_ping(self) -> int:
        return (self.desired.ping + 1) % _COUNTER

    def _request(self, desired: DesiredState) -> None:
        if desired == self.desired:
            return
        pings = desired.ping != self.desired.ping
        self.desired = desired
        child = self._child
        if child is None or child.link is None:
            return
        child.link.write_latest(pack_desired_state(desired))
        if pings and child.pinged_at is None:
            child.pinged_at = asyncio.get_running_loop().time()
