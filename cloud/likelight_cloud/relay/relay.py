"""The relay of one kitchen: a hub of the device's own kind, fed by the device's upload.

A relay lives while somebody watches or uploads, and a minute longer. It forgets a kitchen's
pictures when the device's gate shuts, when the upload breaks, and 0.9 s after it falls silent.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import WSCloseCode

from likelight.contract import State
from likelight.feed.hls.hls import Hls
from likelight.feed.hub import Hub
from likelight.feed.outlets import Demand
from likelight.feed.placeholders import packaged_placeholders
from likelight.feed.rendition import Rendition
from likelight.feed.upload.protocol import SUPERSEDED
from likelight_cloud.kitchens.kitchen import Kitchen
from likelight_cloud.relay.upload_session import UploadSession

JPEG_FPS = 5
"""JPEGs a second that a device uploads for MJPEG viewers: 1.4 Mbit/s at 720p."""

FORGET_AFTER_S = 60.0
LOOK_S = 5.0

_PLACEHOLDERS = {
    simulated: packaged_placeholders(simulated=simulated) for simulated in (False, True)
}


class Relay:
    """One kitchen's feed at the cloud."""

    def __init__(self, kitchen: Kitchen, now_us: Callable[[], int]) -> None:
        self.hub = Hub(
            now_us=now_us, on_demand=self._on_demand, request_keyframe=self._request_keyframe
        )
        self.hls = Hls(self.hub, epoch=secrets.token_urlsafe(6))
        self._kitchen = kitchen
        self._session: UploadSession | None = None
        self._token = b""
        self._broken = False
        """The last upload ended with its gate open: nothing has said yet why no pictures come."""
        self._simulated: bool | None = None
        self._used_at = 0.0
        self.ending = False
        """True once it accepts no new viewer or upload; it then closes its connections."""
        self._show()

    @property
    def uploading(self) -> bool:
        """True while a device uploads into this relay."""
        return self._session is not None

    def use(self) -> None:
        """Note that somebody watches or uploads now."""
        self._used_at = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Follow the kitchen's state until nobody has watched or uploaded for a minute, or the
        kitchen is gone from here."""
        try:
            async with asyncio.TaskGroup() as group:
                serving = group.create_task(self.hub.run())
                await self._follow()
                self.ending = True
                serving.cancel()
        finally:
            self.ending = True
            if self._session is not None:
                # Nobody would see an upload into a broken relay; the device connects again.
                self._session.end(WSCloseCode.INTERNAL_ERROR)

    @contextmanager
    def upload(self, token: bytes) -> Iterator[UploadSession]:
        """Take an upload that came with `token` while the context is open; the newest wins."""
        session = UploadSession(
            self.hub, on_change=self._show, on_picture=self._kitchen.arrival.picture_came
        )
        if self._session is not None:
            self._session.end(SUPERSEDED)
        self._session, self._token = session, token
        session.request_jpegs(_jpeg_fps(self.hub.demand), self.hub.demand.jpeg_sizes)
        session.request_renditions(self.hub.demand.renditions)
        # The camera of this upload may be another: nothing of the last one stays.
        self._show()
        try:
            yield session
        finally:
            if self._session is session:
                self._session = None
                self._broken = session.gate_open
                if not self.ending:
                    self.use()
                    self._show()

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._kitchen.gone:
            if self._session is not None and not self._kitchen.admits(self._token):
                self._session.end(WSCloseCode.POLICY_VIOLATION)
            self._show()
            demand = self.hub.demand
            if demand.watched or self._session is not None:
                self.use()
            elif loop.time() - self._used_at > FORGET_AFTER_S:
                return
            await self._kitchen.wait_for_change(
                min(self._kitchen.next_timed_change(), loop.time() + LOOK_S)
            )

    def _show(self) -> None:
        summary = self._kitchen.summary()
        if summary.simulated is not self._simulated:
            self._simulated = summary.simulated
            for placeholder in _PLACEHOLDERS[summary.simulated]:
                self.hub.set_placeholder(placeholder)
        uploaded = self._session.state if self._session is not None else None
        if uploaded is not None or summary.state not in (State.LIVE, State.INTERRUPTED):
            self._broken = False
        if uploaded is not None:
            self.hub.show(uploaded)
        elif summary.state is State.LIVE:
            # Live, but no upload has come yet: as when the camera wakes.
            self.hub.show(State.INTERRUPTED if self._broken else State.IDLE)
        else:
            self.hub.show(summary.state)

    def _on_demand(self, demand: Demand) -> None:
        self._kitchen.relay_watched(demand.watched)
        if self._session is not None:
            self._session.request_jpegs(_jpeg_fps(demand), demand.jpeg_sizes)
            self._session.request_renditions(demand.renditions)

    def _request_keyframe(self, rendition: Rendition) -> None:
        if self._session is not None and rendition is Rendition.MAIN:
            self._session.request_keyframe()


def _jpeg_fps(demand: Demand) -> int:
    return JPEG_FPS if demand.jpeg else 0
