"""The hub: it passes one camera's frames to all viewers, and none of them while the gate is shut.
Each picture is framed once, for every viewer whose transport has drained. None is awaited.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

from likelight.contract import State
from likelight.feed import annexb
from likelight.feed.cutoff import Cutoff
from likelight.feed.fmp4 import Init
from likelight.feed.framing import text_message
from likelight.feed.jpegs import JpegChannel, JpegPicture, JpegViewer
from likelight.feed.keyframe_pace import KeyframePace
from likelight.feed.meter import Meter, OnAirTraffic, Traffic
from likelight.feed.outlets import Demand, Outlet
from likelight.feed.placeholders import TICK_S, Placeholder, PlaceholderSet
from likelight.feed.rendition import Rendition
from likelight.feed.renditions import Renditions
from likelight.feed.ring import Fragment
from likelight.feed.transport import abort, tune
from likelight.feed.viewers import H264Viewer, Mp4Viewer, SocketViewer, Viewer

SNAPSHOT_WITHIN_S = 2.0

_GOING_AWAY = 1001

Watching = TypeVar("Watching", bound=H264Viewer)


class Hub:
    """One kitchen's feed: camera packets and placeholders in, viewers and outlets served.

    `now_us` returns wall time in microseconds since the epoch; `on_demand` is called with the new
    `Demand` on each change of it, on the event loop. `request_keyframe` is called at most once a
    second, when a slow viewer would have to wait for one. The first state is IDLE.
    """

    def __init__(
        self,
        *,
        now_us: Callable[[], int],
        on_demand: Callable[[Demand], None],
        request_keyframe: Callable[[Rendition], None] = lambda _: None,
    ) -> None:
        self.meter = Meter()
        self._now_us = now_us
        self._on_demand = on_demand
        self._request_keyframe = request_keyframe
        self._paces = {each: KeyframePace() for each in Rendition}
        self._on_air = OnAirTraffic()
        self._reported = Demand()
        self._state = State.IDLE
        self._placeholders = PlaceholderSet()
        self._sizes: dict[Rendition, tuple[int, int, int]] = {}
        self._camera: dict[Rendition, Init] = {}
        # True once camera pictures have come since the state became LIVE; until then the
        # placeholder stays.
        self._live_jpeg = False
        self._h264 = Renditions()
        self._jpeg = JpegChannel(self.demand_changed)
        self._outlets: list[Outlet] = []
        self._cutoff = Cutoff()

    @property
    def state(self) -> State:
        """The state that viewers get; camera frames pass only while it is LIVE."""
        return self._state

    @property
    def live_h264(self) -> bool:
        """True while fragments are the camera's; LIVE begins with a placeholder until one comes."""
        return self._h264.live

    @property
    def live_jpeg(self) -> bool:
        """The same of JPEGs."""
        return self._live_jpeg

    @property
    def demand(self) -> Demand:
        """Who watches at this moment."""
        wanted = [outlet.demand for outlet in self._outlets]
        return Demand(
            len(self._h264.viewers) + sum(demand.h264 for demand in wanted),
            self._jpeg.demand + sum(demand.jpeg for demand in wanted),
            self._h264.wanted.union(*(demand.renditions for demand in wanted)),
            self._jpeg.wanted.union(*(demand.jpegs for demand in wanted)),
        )

    @property
    def traffic(self) -> dict[str, Traffic]:
        """What went out on the air so far, and to how many, by protocol; without the outlets."""
        return self._on_air.counted(self._present_traffic())

    def _present_traffic(self) -> dict[str, Traffic]:
        kinds: tuple[type[Viewer], ...] = (SocketViewer, Mp4Viewer, JpegViewer)
        total = {kind.protocol: Traffic() for kind in kinds}
        for viewer in self._viewers():
            total[viewer.protocol] += viewer.traffic
        return {**total, "snapshot": Traffic(viewers=self._jpeg.waiting)}

    def add_outlet(self, outlet: Outlet) -> None:
        """Feed `outlet` from now on; it gets the present state at once."""
        self._outlets.append(outlet)
        outlet.on_state(self._state)
        self.demand_changed()

    def remove_outlet(self, outlet: Outlet) -> None:
        """Stop feeding `outlet`."""
        self._outlets.remove(outlet)
        self.demand_changed()

    def demand_changed(self) -> None:
        """Call `on_demand` if `demand` differs from the last one reported."""
        demand = self.demand
        if demand != self._reported:
            self._reported = demand
            self._on_demand(demand)

    def show(self, state: State) -> None:
        """Change the state. When this returns, the gate holds.

        Any state but LIVE forgets every cached camera frame before it returns, and from then on
        none is written to any socket; LIVE lets them pass again from the next keyframe on.
        """
        if state is self._state:
            return
        was, self._state = self._state, state
        if state is not State.LIVE:
            self._placeholders.state = state
            self._live_jpeg = False
            self._h264.forget()
            self._jpeg.forget()
            if was is State.LIVE:
                self._cutoff.start(self._viewers())
            if state is not State.IDLE:
                self._jpeg.answer(None)
        self._on_air.turn(state, self._present_traffic())
        text = self._state_text()
        for viewer in self._h264.viewers:
            viewer.send_state(text)
        with ExitStack() as stack:
            # On leaving, it calls all outlets, even when one of them raises.
            for outlet in self._outlets:
                stack.callback(outlet.on_state, state)
        self._show_placeholder()

    def set_format(
        self, width: int, height: int, fps: int, rendition: Rendition = Rendition.MAIN
    ) -> None:
        """Announce a stream of the camera, in pixels; nothing passes until its first keyframe."""
        self._sizes[rendition] = (width, height, fps)
        self._camera.pop(rendition, None)

    def set_placeholder(self, placeholder: Placeholder) -> None:
        """Show `placeholder` in its state from now on."""
        if self._placeholders.add(placeholder):
            self._show_placeholder()

    def publish(
        self,
        access_unit: bytes,
        *,
        keyframe: bool,
        captured_us: int,
        rendition: Rendition = Rendition.MAIN,
    ) -> None:
        """Publish one access unit (Annex B) of the camera; dropped unless the state is LIVE."""
        size = self._sizes.get(rendition)
        if size is None or not self._takes(rendition, keyframe=keyframe):
            return
        sets, units = annexb.parse(access_unit)
        if keyframe and sets is not None:
            self._camera[rendition] = Init(sets, *size)
        init = self._camera.get(rendition)
        if init is not None and units:
            self._publish_live(rendition, init, units, keyframe=keyframe, captured_us=captured_us)

    def publish_units(
        self,
        init: Init,
        units: list[bytes],
        *,
        keyframe: bool,
        captured_us: int,
        rendition: Rendition = Rendition.MAIN,
    ) -> None:
        """Publish a picture unpacked from another hub's fragment; otherwise like `publish`."""
        if self._takes(rendition, keyframe=keyframe):
            self._publish_live(rendition, init, units, keyframe=keyframe, captured_us=captured_us)

    def publish_jpeg(
        self, jpeg: bytes, *, captured_us: int, rendition: Rendition = Rendition.MAIN
    ) -> None:
        """Publish one JPEG of the camera, MAIN's or LOW's; dropped unless the state is LIVE."""
        if self._state is not State.LIVE:
            return
        self._live_jpeg = True
        self.meter.picture()
        picture = JpegPicture(jpeg, captured_us, rendition)
        if rendition is Rendition.MAIN:
            self._jpeg.answer(picture)
        self._send_jpeg(picture)

    def watch_h264(
        self, transport: asyncio.Transport, line: str | None = None
    ) -> AbstractContextManager[SocketViewer]:
        """Serve fragments over `transport`, an open WebSocket's, while the context is open.

        `line` comes from a page that acknowledges: "slow", which begins with LOW, or "unproven",
        which begins with LOW where others have that already.
        """
        low = line == "slow" or (line == "unproven" and self._h264.runs(Rendition.LOW))
        viewer = SocketViewer(
            transport,
            asyncio.get_running_loop().time,
            wants=Rendition.LOW if low else Rendition.MAIN,
            acknowledges=line is not None,
            needs=self._h264.needs,
            on_choice=self.demand_changed,
        )
        return self._watch(viewer)

    def watch_mp4(
        self,
        transport: asyncio.Transport,
        rendition: Rendition = Rendition.MAIN,
        *,
        by_proxy: bool = False,
    ) -> AbstractContextManager[Mp4Viewer]:
        """Serve one endless MP4 over `transport`, an open response's, while the context is open.

        The viewer's `gone` is set when the connection has ended; one `by_proxy` ends when the gate
        shuts.
        """
        now = asyncio.get_running_loop().time()
        return self._watch(Mp4Viewer(transport, now, rendition, by_proxy=by_proxy))

    @contextmanager
    def _watch(self, viewer: Watching) -> Iterator[Watching]:
        tune(viewer.transport)
        if not self._h264.live and not self._h264.viewers:
            self._h264.forget()  # it may hold an old placeholder, from when somebody last watched
            self._show_placeholder_h264()
        self._h264.join(viewer, self._state_text(), asyncio.get_running_loop().time())
        self.demand_changed()
        try:
            yield viewer
        finally:
            self._h264.leave(viewer)
            self._remove(viewer)

    @contextmanager
    def watch_jpeg(
        self,
        transport: asyncio.Transport,
        rendition: Rendition | None = Rendition.MAIN,
        *,
        by_proxy: bool = False,
    ) -> Iterator[Viewer]:
        """Serve multipart parts as `watch_mp4` does; None: of what the connection takes."""
        tune(transport)
        now = asyncio.get_running_loop().time()
        viewer = JpegViewer(transport, now, rendition, by_proxy=by_proxy)
        self._jpeg.join(viewer)
        if not self._live_jpeg:
            self._show_placeholder_jpeg()
        self.demand_changed()
        try:
            yield viewer
        finally:
            self._jpeg.viewers.discard(viewer)
            self._remove(viewer)

    async def snapshot(self, transport: asyncio.Transport) -> JpegPicture | None:
        """Return one JPEG, to be sent over `transport` at once; None when there is no placeholder.

        While LIVE or IDLE it waits up to 2 s for a new camera picture (a snapshot counts as demand,
        so it wakes the camera). In other states, and after 2 s, it returns the placeholder.
        """
        if self._state in (State.LIVE, State.IDLE):
            fresh = await self._fresh_picture()
            if fresh is not None and self._state is State.LIVE:
                self.track_response(transport)
                return fresh
        placeholder = self._placeholders.shown
        return JpegPicture(placeholder.jpeg, self._now_us()) if placeholder else None

    def track_response(self, transport: asyncio.Transport) -> None:
        """Remember that a response over `transport` holds camera pictures.

        When the gate shuts, the connection is aborted unless the whole response is out in 0.1 s,
        and read in 1 s.
        """
        self._cutoff.track_response(transport)

    async def run(self) -> None:
        """Repeat placeholders and remove dead viewers; when cancelled, close every connection."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                await asyncio.sleep(TICK_S)
                self._show_placeholder()
                self._h264.rescue(loop.time())
                self._look_at_viewers(loop.time())
        finally:
            for viewer in self._viewers():
                viewer.close(_GOING_AWAY)
            self._jpeg.answer(None)

    def _takes(self, rendition: Rendition, *, keyframe: bool) -> bool:
        return self._state is State.LIVE and self._h264.takes(rendition, keyframe=keyframe)

    def _publish_live(
        self,
        rendition: Rendition,
        init: Init,
        units: list[bytes],
        *,
        keyframe: bool,
        captured_us: int,
    ) -> None:
        now = asyncio.get_running_loop().time()
        self._hand_out(
            self._h264.publish_live(
                rendition, init, units, keyframe=keyframe, captured_us=captured_us, now=now
            )
        )
        if rendition is Rendition.MAIN:
            self.meter.frame(captured_us, self._now_us())
        if self._h264.wants_keyframe(rendition) and self._paces[rendition].allow():
            self._request_keyframe(rendition)

    def _hand_out(self, fragment: Fragment) -> None:
        for outlet in self._outlets:
            outlet.on_fragment(fragment)

    def _send_jpeg(self, picture: JpegPicture) -> None:
        self._jpeg.publish(picture)
        for outlet in self._outlets:
            outlet.on_jpeg(picture)

    def _show_placeholder(self) -> None:
        demand = self.demand
        if demand.h264 and not self._h264.live:
            self._show_placeholder_h264()
        if demand.jpeg and not self._live_jpeg:
            self._show_placeholder_jpeg()

    def _show_placeholder_h264(self) -> None:
        shown = self._placeholders.shown
        if shown is not None:
            for fragment in self._h264.publish_placeholder(shown, captured_us=self._now_us()):
                self._hand_out(fragment)

    def _show_placeholder_jpeg(self) -> None:
        shown = self._placeholders.shown
        if shown is not None:
            for each in self.demand.jpeg_sizes:
                self._send_jpeg(JpegPicture(shown.of(each).jpeg, self._now_us(), each))

    def _state_text(self) -> bytes:
        return text_message({"state": self._state.value})

    async def _fresh_picture(self) -> JpegPicture | None:
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

    def _remove(self, viewer: Viewer) -> None:
        self._on_air.depart(viewer.protocol, viewer.traffic)
        if not viewer.ready:
            abort(viewer.transport)  # or the kernel would go on sending what it was too slow for
        self.demand_changed()

    def _look_at_viewers(self, now: float) -> None:
        for viewer in self._viewers():
            if viewer.transport.is_closing():
                viewer.gone.set()
            elif viewer.stalled(now):
                abort(viewer.transport)
                viewer.gone.set()
            elif isinstance(viewer, SocketViewer):
                viewer.look()

    def _viewers(self) -> list[Viewer]:
        return [*self._h264.viewers, *self._jpeg.viewers]
