"""From one camera to all viewers, and the place where a closed gate holds.

Everything is driven by what is published: each access unit becomes one fragment, framed once, and
goes to every viewer whose transport has drained. Nothing here awaits a viewer.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol
from weakref import WeakSet

from likelight.contract import State
from likelight.feed import annexb
from likelight.feed.channels import H264Channel, JpegChannel, Picture
from likelight.feed.fmp4 import Init
from likelight.feed.framing import text_message
from likelight.feed.meter import Meter, Traffic
from likelight.feed.placeholders import TICK_S, Placeholder
from likelight.feed.ring import Fragment
from likelight.feed.viewers import (
    H264Viewer,
    JpegViewer,
    Mp4Viewer,
    SocketViewer,
    Viewer,
    cut,
    tune,
)

SHUT_WITHIN_S = 0.1
"""A viewer whose buffer still holds camera frames so long after a shut is cut off."""

SNAPSHOT_WITHIN_S = 2.0

KEYFRAME_ASKED_EVERY_S = 1.0
"""However many viewers skip, the encoder is asked for a keyframe no more often than this."""

_GOING_AWAY = 1001

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Demand:
    """How many watch: viewers of H.264, and viewers of JPEG (snapshots count while they wait)."""

    h264: int = 0
    jpeg: int = 0


class Outlet(Protocol):
    """A way out that is no single viewer's connection: LL-HLS, the upload to a relay.

    It is called on the event loop and must not block; it is fed the placeholders, too.
    """

    @property
    def demand(self) -> Demand:
        """What it wants now; call `Hub.demand_changed` when that changes."""

    def on_fragment(self, fragment: Fragment) -> None: ...

    def on_picture(self, picture: Picture) -> None: ...

    def on_state(self, state: State) -> None:
        """The state changed; for any but LIVE it forgets every camera frame before it returns."""


class Hub:
    """One kitchen's window out: camera packets and placeholders in, viewers served.

    `now_us` returns wall time in microseconds since the epoch; `on_demand` is called with the new
    `Demand` on each change of it, on the event loop. `ask_keyframe` is called at most once a
    second, when a slow viewer would have to wait for one. The first state is IDLE.
    """

    def __init__(
        self,
        *,
        now_us: Callable[[], int],
        on_demand: Callable[[Demand], None],
        ask_keyframe: Callable[[], None] = lambda: None,
    ) -> None:
        self.meter = Meter()
        self._now_us = now_us
        self._on_demand = on_demand
        self._ask_keyframe = ask_keyframe
        self._asked_at = float("-inf")
        self._departed: dict[str, Traffic] = {}
        self._told = Demand()
        self._state = State.IDLE
        self._placeholder_state = State.IDLE
        """The state whose placeholder is shown until camera frames pass."""
        self._placeholders: dict[State, Placeholder] = {}
        self._size: tuple[int, int, int] | None = None
        self._camera: Init | None = None
        # Whether camera pictures have come since the state became LIVE: until then the
        # placeholder stays.
        self._rolling_h264 = self._rolling_jpeg = False
        self._h264 = H264Channel()
        self._jpeg = JpegChannel()
        self._outlets: list[Outlet] = []
        self._answered: WeakSet[asyncio.Transport] = WeakSet()

    @property
    def state(self) -> State:
        """What is shown to the world; camera frames pass only while it is LIVE."""
        return self._state

    @property
    def demand(self) -> Demand:
        """Who watches at this moment."""
        wanted = [outlet.demand for outlet in self._outlets]
        return Demand(
            len(self._h264.viewers) + sum(demand.h264 for demand in wanted),
            self._jpeg.demand + sum(demand.jpeg for demand in wanted),
        )

    @property
    def traffic(self) -> dict[str, Traffic]:
        """What went out so far and to how many, by protocol; outlets count for themselves."""
        kinds: tuple[type[Viewer], ...] = (SocketViewer, Mp4Viewer, JpegViewer)
        total = {kind.protocol: self._departed.get(kind.protocol, Traffic()) for kind in kinds}
        for viewer in self._everybody():
            total[viewer.protocol] += viewer.traffic
        return {**total, "snapshot": Traffic(viewers=self._jpeg.waiting)}

    def add_outlet(self, outlet: Outlet) -> None:
        """Feed `outlet` from now on; it hears the present state at once."""
        self._outlets.append(outlet)
        outlet.on_state(self._state)
        self.demand_changed()

    def remove_outlet(self, outlet: Outlet) -> None:
        """Feed `outlet` no more."""
        self._outlets.remove(outlet)
        self.demand_changed()

    def show(self, state: State) -> None:
        """Change the state. When this returns, the gate holds.

        Any state but LIVE forgets every cached camera frame before it returns, and from then on
        none is written to any socket; LIVE lets them pass again from the next keyframe on.
        """
        if state is self._state:
            return
        was, self._state = self._state, state
        if state is not State.LIVE:
            self._placeholder_state = state
            self._rolling_h264 = self._rolling_jpeg = False
            self._h264.forget()
            self._jpeg.forget()
            if was is State.LIVE:
                self._cut_off_camera()
            if state is not State.IDLE:
                self._jpeg.answer(None)
        text = self._state_text()
        for viewer in self._h264.viewers:
            viewer.tell(text)
        with ExitStack() as told:
            # On its way out it calls them all, also where one of them raises.
            for outlet in self._outlets:
                told.callback(outlet.on_state, state)
        self._show_placeholder()

    def set_format(self, width: int, height: int, fps: int) -> None:
        """Announce the camera's stream, in pixels; nothing passes until its first keyframe."""
        self._size = (width, height, fps)
        self._camera = None

    def set_placeholder(self, placeholder: Placeholder) -> None:
        """Show `placeholder` in its state from now on."""
        first = placeholder.state not in self._placeholders
        self._placeholders[placeholder.state] = placeholder
        if first and placeholder.state is self._placeholder_state:
            self._show_placeholder()

    def push(self, access_unit: bytes, *, keyframe: bool, captured_us: int) -> None:
        """Publish one access unit (Annex B) of the camera; dropped unless the state is LIVE."""
        if self._state is not State.LIVE or self._size is None:
            return
        if not keyframe and (self._camera is None or not self._rolling_h264):
            return
        sets, units = annexb.parse(access_unit)
        if keyframe and sets is not None:
            self._camera = Init(sets, *self._size)
        if self._camera is None or not units:
            return
        self._roll(self._camera, units, keyframe=keyframe, captured_us=captured_us)

    def push_units(
        self, init: Init, units: list[bytes], *, keyframe: bool, captured_us: int
    ) -> None:
        """Publish one picture that was unpacked from another hub's fragment; else as `push`."""
        if self._state is State.LIVE and (keyframe or self._rolling_h264):
            self._roll(init, units, keyframe=keyframe, captured_us=captured_us)

    def push_jpeg(self, jpeg: bytes, *, captured_us: int) -> None:
        """Publish one JPEG of the camera; dropped unless the state is LIVE."""
        if self._state is not State.LIVE:
            return
        self._rolling_jpeg = True
        self.meter.picture()
        picture = Picture(jpeg, captured_us)
        self._jpeg.answer(picture)
        self._publish_picture(picture)

    def watch_h264(self, transport: asyncio.Transport) -> AbstractContextManager[Viewer]:
        """Serve fragments over `transport`, an open WebSocket's, while the context is open."""
        return self._watch(SocketViewer(transport, asyncio.get_running_loop().time()))

    def watch_mp4(self, transport: asyncio.Transport) -> AbstractContextManager[Viewer]:
        """Serve one endless MP4 over `transport`, an open response's, while the context is open.

        The viewer's `gone` is set when the connection has ended.
        """
        return self._watch(Mp4Viewer(transport, asyncio.get_running_loop().time()))

    @contextmanager
    def _watch(self, viewer: H264Viewer) -> Iterator[Viewer]:
        tune(viewer.transport)
        if not self._rolling_h264 and not self._h264.viewers:
            self._h264.forget()  # a placeholder from when somebody last watched
            self._show_placeholder_h264()
        self._h264.join(viewer, self._state_text())
        self.demand_changed()
        try:
            yield viewer
        finally:
            self._h264.viewers.discard(viewer)
            self._part_from(viewer)

    @contextmanager
    def watch_jpeg(self, transport: asyncio.Transport) -> Iterator[Viewer]:
        """Serve multipart parts over `transport` while the context is open.

        The viewer's `gone` is set when the connection has ended.
        """
        tune(transport)
        viewer = JpegViewer(transport, asyncio.get_running_loop().time())
        self._jpeg.join(viewer)
        if not self._rolling_jpeg:
            self._show_placeholder_jpeg()
        self.demand_changed()
        try:
            yield viewer
        finally:
            self._jpeg.viewers.discard(viewer)
            self._part_from(viewer)

    async def snapshot(self, transport: asyncio.Transport) -> Picture | None:
        """Return one JPEG, to be sent over `transport` at once; None when there is none at all.

        While LIVE or IDLE (a snapshot, too, is demand and wakes the camera) it waits up to 2 s for
        a fresh picture; otherwise, and then, it is the placeholder.
        """
        if self._state in (State.LIVE, State.IDLE):
            fresh = await self._fresh_picture()
            if fresh is not None and self._state is State.LIVE:
                self.answered(transport)
                return fresh
        placeholder = self._placeholders.get(self._placeholder_state)
        return Picture(placeholder.jpeg, self._now_us()) if placeholder else None

    def answered(self, transport: asyncio.Transport) -> None:
        """Remember that a response over `transport` holds camera pictures.

        What of it has not been sent when the gate shuts won't be.
        """
        self._answered.add(transport)

    async def run(self) -> None:
        """Keep placeholders coming and dead viewers out; on the way out, say goodbye to all."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                await asyncio.sleep(TICK_S)
                self._show_placeholder()
                self._sweep(loop.time())
        finally:
            for viewer in self._everybody():
                viewer.close(_GOING_AWAY)
            self._jpeg.answer(None)

    def _roll(self, init: Init, units: list[bytes], *, keyframe: bool, captured_us: int) -> None:
        self._rolling_h264 = True
        self._publish(init, units, keyframe=keyframe, captured_us=captured_us)
        self.meter.frame(captured_us, self._now_us())
        if self._h264.wants_keyframe:
            self._want_keyframe()

    def _want_keyframe(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._asked_at >= KEYFRAME_ASKED_EVERY_S:
            self._asked_at = now
            self._ask_keyframe()

    def _publish(self, init: Init, units: list[bytes], *, keyframe: bool, captured_us: int) -> None:
        fragment = self._h264.publish(init, units, keyframe=keyframe, captured_us=captured_us)
        for outlet in self._outlets:
            outlet.on_fragment(fragment)

    def _publish_picture(self, picture: Picture) -> None:
        self._jpeg.publish(picture)
        for outlet in self._outlets:
            outlet.on_picture(picture)

    def _show_placeholder(self) -> None:
        demand = self.demand
        if demand.h264 and not self._rolling_h264:
            self._show_placeholder_h264()
        if demand.jpeg and not self._rolling_jpeg:
            self._show_placeholder_jpeg()

    def _show_placeholder_h264(self) -> None:
        shown = self._placeholders.get(self._placeholder_state)
        if shown is not None:
            self._publish(shown.init, shown.units, keyframe=True, captured_us=self._now_us())

    def _show_placeholder_jpeg(self) -> None:
        shown = self._placeholders.get(self._placeholder_state)
        if shown is not None:
            self._publish_picture(Picture(shown.jpeg, self._now_us()))

    def _state_text(self) -> bytes:
        return text_message({"state": self._state.value})

    def _cut_off_camera(self) -> None:
        holding = [viewer for viewer in self._everybody() if not viewer.ready]
        for viewer in holding:
            viewer.mark_camera()
        answers = [answer for answer in self._answered if answer.get_write_buffer_size()]
        self._answered.clear()
        if holding or answers:
            loop = asyncio.get_running_loop()
            loop.call_later(SHUT_WITHIN_S, self._abort_holders, holding, answers)

    def _abort_holders(self, holding: list[Viewer], answers: list[asyncio.Transport]) -> None:
        slow = [viewer.transport for viewer in holding if viewer.holds_camera]
        slow += [transport for transport in answers if transport.get_write_buffer_size()]
        for transport in slow:
            cut(transport)
        if slow:
            log.info("Cut off %d slow viewers who still had camera frames to come", len(slow))

    async def _fresh_picture(self) -> Picture | None:
        waiting = self._jpeg.wait()
        self.demand_changed()
        try:
            async with asyncio.timeout(SNAPSHOT_WITHIN_S):
                return await waiting
        except TimeoutError:
            return None
        finally:
            self._jpeg.give_up(waiting)
            self.demand_changed()

    def _part_from(self, viewer: Viewer) -> None:
        departed = replace(viewer.traffic, viewers=0)
        self._departed[viewer.protocol] = self._departed.get(viewer.protocol, Traffic()) + departed
        if not viewer.ready:
            cut(viewer.transport)  # what it was too slow to take shall not outlive it
        self.demand_changed()

    def _sweep(self, now: float) -> None:
        for viewer in self._everybody():
            if viewer.transport.is_closing():
                viewer.gone.set()
            elif viewer.stalled(now):
                cut(viewer.transport)
                viewer.gone.set()

    def _everybody(self) -> list[Viewer]:
        return [*self._h264.viewers, *self._jpeg.viewers]

    def demand_changed(self) -> None:
        """Tell the owner of the hub, if `demand` is another than it was told."""
        demand = self.demand
        if demand != self._told:
            self._told = demand
            self._on_demand(demand)
