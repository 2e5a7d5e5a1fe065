"""LL-HLS as a way out of the hub: what is held, who waits for what, and what counts as demand."""

import asyncio
from collections.abc import Callable

from likelight.contract import State
from likelight.feed.channels import JpegPicture
from likelight.feed.fmp4 import Init
from likelight.feed.hls.playlist import (
    PART_HOLD_BACK,
    Rendered,
    media_playlist,
    multivariant_playlist,
)
from likelight.feed.hls.segments import TARGET_DURATION, Segment, Segmenter
from likelight.feed.hub import Hub
from likelight.feed.outlets import Demand
from likelight.feed.ring import Fragment

HOLD_S = 3.0 * TARGET_DURATION
"""How long a request is held at most; Apple's player gives up a server that never answers."""

LEASE_S = 3.0 * TARGET_DURATION
"""How long a request counts as somebody who watches: a plain HLS player asks every 2 s."""

MEDIA_PLAYLIST = "live.m3u8"

_ADVANCE_PARTS = 6  # RFC 8216bis, 6.2.5.2: 3 s of parts


class Asked(ValueError):
    """A request that no playlist of the near future can answer."""


class Hls:
    """One hub's LL-HLS. It joins the hub by itself, and keeps nothing while nobody watches.

    `epoch` is random and stands in every URI but the first playlist's, so that no cache mixes two
    lives of a device. What is asked for is held until it is there: `TimeoutError` after `HOLD_S`.
    """

    def __init__(self, hub: Hub, *, epoch: str) -> None:
        self.epoch = epoch
        self._hub = hub
        self._window = Segmenter()
        self._news = asyncio.Event()
        self._playlist: Rendered | None = None
        self._multivariant: Rendered | None = None
        self._wanted_until = 0.0
        self._lease: asyncio.TimerHandle | None = None
        hub.add_outlet(self)

    @property
    def hub(self) -> Hub:
        """Whose stream this is."""
        return self._hub

    @property
    def demand(self) -> Demand:
        """One viewer, however many there are: caches hide their number."""
        return Demand(h264=1 if self._lease else 0)

    def on_fragment(self, fragment: Fragment) -> None:
        """Take the next fragment; nothing is kept when nobody has asked for long."""
        if self._lease and self._window.add(fragment):
            self._tell()

    def on_jpeg(self, picture: JpegPicture) -> None:
        """Take nothing: HLS has no JPEGs."""

    def on_state(self, state: State) -> None:
        """Forget every part and playlist at once, unless the camera may be seen."""
        if state is not State.LIVE:
            self._forget()

    async def multivariant(self) -> Rendered:
        """Return the first playlist, which knows codec, size and bit rate of the stream."""
        await self._hold(self._can_start)
        if self._multivariant is None:
            uri = f"hls/{self.epoch}/{MEDIA_PLAYLIST}"
            self._multivariant = multivariant_playlist(self._window, uri)
        return self._multivariant

    async def playlist(self, number: int | None = None, part: int | None = None) -> Rendered:
        """Return the media playlist as soon as it holds a part, or segment `number` as a whole.

        Without a number: as soon as a player can start with it. Raises `Asked` when that is too
        far ahead.
        """
        if number is None:
            if part is not None:
                raise Asked("_HLS_part without _HLS_msn")
            await self._hold(self._can_start)
        else:
            self._refuse_far_ahead(number, part)
            await self._hold(lambda: self._window.has(number, part))
        if self._playlist is None:
            self._playlist = media_playlist(self._window)
        return self._playlist

    async def part(self, number: int, part: int) -> bytes | None:
        """Return a part, the hinted one when it is complete; None when there will be none such."""
        if self._hinted(number, part):
            await self._hold(lambda: not self._hinted(number, part))
        segment = self._kept(number)
        if segment is None or part >= len(segment.parts):
            return None
        return segment.parts[part].body

    def segment(self, number: int) -> bytes | None:
        """Return a whole segment, None when it is not kept."""
        segment = self._kept(number)
        if segment is None or not segment.closed:
            return None
        return b"".join([part.body for part in segment.parts])

    def init(self, number: int) -> Init | None:
        """Return an init, None when no segment needs it."""
        self._want()
        return self._window.init(number)

    def _kept(self, number: int) -> Segment | None:
        self._want()
        return self._window.segment(number)

    def _hinted(self, number: int, part: int) -> bool:
        listed = self._window.listed
        return bool(listed) and (number, part) == (listed[-1].number, len(listed[-1].parts))

    def _can_start(self) -> bool:
        # A player starts so far behind the end; with less in the playlist it would stall at once.
        return self._window.duration >= PART_HOLD_BACK

    def _refuse_far_ahead(self, number: int, part: int | None) -> None:
        newest = self._window.newest
        if number > self._window.last_number + 2:
            raise Asked("_HLS_msn is too far ahead")
        if part is None or (newest and (number < newest.number or newest.closed)):
            return
        there = len(newest.parts) if newest and number == newest.number else 0
        if part >= there + _ADVANCE_PARTS:
            raise Asked("_HLS_part is too far ahead")

    async def _hold(self, there: Callable[[], bool]) -> None:
        self._want()
        async with asyncio.timeout(HOLD_S):
            while not there():
                await self._news.wait()
        self._want()

    def _tell(self) -> None:
        self._playlist = self._multivariant = None
        self._news.set()
        self._news = asyncio.Event()

    def _forget(self) -> None:
        self._window.forget()
        self._tell()

    def _want(self) -> None:
        loop = asyncio.get_running_loop()
        self._wanted_until = loop.time() + LEASE_S
        if self._lease is None:
            self._lease = loop.call_at(self._wanted_until, self._lease_ends)
            self._hub.demand_changed()

    def _lease_ends(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._wanted_until:
            self._lease = loop.call_at(self._wanted_until, self._lease_ends)
            return
        self._lease = None
        self._forget()
        self._hub.demand_changed()
