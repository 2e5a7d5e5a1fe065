"""LL-HLS as an outlet of the hub: requests that wait, and what counts as demand."""

import asyncio
from collections.abc import Callable

from likelight.contract import State
from likelight.feed.fmp4 import Init
from likelight.feed.hls.playlist import (
    Rendered,
    Variant,
    media_playlist,
    multivariant_playlist,
    part_hold_back,
)
from likelight.feed.hls.segmenter import PART_TARGET, SLIDE_PART_TARGET, Segmenter
from likelight.feed.hls.segments import TARGET_DURATION, Segment
from likelight.feed.hub import Hub
from likelight.feed.jpegs import JpegPicture
from likelight.feed.outlets import Demand
from likelight.feed.rendition import Rendition
from likelight.feed.ring import Fragment

HOLD_S = 3.0 * TARGET_DURATION
"""How long a request waits at most; Apple's player gives up a server that never answers."""

LEASE_S = 3.0 * TARGET_DURATION
"""How long a request counts as a viewer: a plain HLS player asks every 2 s."""

MEDIA_PLAYLIST = "live.m3u8"

_ADVANCE_PARTS = 6  # RFC 8216bis, 6.2.5.2: 3 s of parts


class HlsRequestError(ValueError):
    """A request that is malformed, or asks for a part too far in the future."""


class Hls:
    """One hub's LL-HLS of one rendition. It adds itself to the hub, and keeps nothing while nobody
    watches. The main one has the `others`, and the playlist that lists them all.

    `epoch` is random and part of every URI but the first playlist's, so that no cache mixes two
    runs of a device. A request waits until its answer exists: `TimeoutError` after `HOLD_S`.
    """

    def __init__(self, hub: Hub, *, epoch: str, rendition: Rendition = Rendition.MAIN) -> None:
        self.epoch = epoch
        self.others: dict[str, Hls] = {}
        self._hub = hub
        self._rendition = rendition
        slide = rendition is Rendition.SLIDE
        self._segmenter = Segmenter(SLIDE_PART_TARGET if slide else PART_TARGET)
        self._window = self._segmenter.window
        self._news = asyncio.Event()
        self._live = False
        self._playlist: Rendered | None = None
        self._multivariant: Rendered | None = None
        self._leased_until = 0.0
        self._lease: asyncio.TimerHandle | None = None
        hub.add_outlet(self)
        if rendition is Rendition.MAIN:
            for each in (Rendition.LOW, Rendition.SLIDE):
                self.others[each.word] = Hls(hub, epoch=epoch, rendition=each)

    @property
    def hub(self) -> Hub:
        """The hub whose stream this is."""
        return self._hub

    @property
    def demand(self) -> Demand:
        """One viewer, however many there are: caches hide their number."""
        if not self._lease:
            return Demand()
        return Demand(h264=1, renditions=frozenset({self._rendition} - {Rendition.MAIN}))

    def on_fragment(self, fragment: Fragment) -> None:
        """Take the next fragment; it is dropped when nobody has sent a request for 6 s."""
        if self._lease and fragment.rendition is self._rendition and self._segmenter.add(fragment):
            self._changed()

    def on_jpeg(self, picture: JpegPicture) -> None:
        """Take nothing: HLS has no JPEGs."""

    def on_state(self, state: State) -> None:
        """Drop the camera's pictures at once when the state is not LIVE any more.

        Their places stay in the playlist as gaps: players lost their way where all was gone.
        """
        if self._live and state is not State.LIVE:
            self._segmenter.take_back()
            self._changed()
        self._live = state is State.LIVE

    async def only(self) -> Rendered:
        """Return a first playlist of this rendition alone."""
        await self._wait_until(self._can_start)
        return multivariant_playlist([self._variant(f"hls/{self.epoch}/")])

    async def multivariant(self) -> Rendered:
        """Return the first playlist, which names codec, size and bit rate of each rendition."""
        await self._wait_until(self._can_start)
        if self._multivariant is None:
            under = f"hls/{self.epoch}/"
            variants = [self._variant(under)]
            variants += [each._variant(f"{under}{word}/") for word, each in self.others.items()]
            self._multivariant = multivariant_playlist(variants)
        return self._multivariant

    async def playlist(self, number: int | None = None, part: int | None = None) -> Rendered:
        """Return the media playlist as soon as it holds a part, or segment `number` as a whole.

        Without a number: as soon as a player can start with it. Raises `HlsRequestError` when the
        part is too far in the future.
        """
        if number is None:
            if part is not None:
                raise HlsRequestError("_HLS_part without _HLS_msn")
            await self._wait_until(self._can_start)
        else:
            self._refuse_far_ahead(number, part)
            await self._wait_until(lambda: self._window.has(number, part))
        if self._playlist is None:
            self._playlist = media_playlist(self._window)
        return self._playlist

    async def part(self, number: int, part: int) -> bytes | None:
        """Return a part, or None when it does not exist; wait for it when the playlist hints it."""
        if self._hinted(number, part):
            await self._wait_until(lambda: not self._hinted(number, part))
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
        self._renew_lease()
        return self._window.init(number)

    def _variant(self, under: str) -> Variant:
        return Variant(under + MEDIA_PLAYLIST, self._window, self._rendition)

    def _kept(self, number: int) -> Segment | None:
        self._renew_lease()
        segment = self._window.segment(number)
        return None if segment is None or segment.taken_back else segment

    def _hinted(self, number: int, part: int) -> bool:
        return (number, part) == self._window.hint

    def _can_start(self) -> bool:
        # A player starts PART-HOLD-BACK before the end; with less to play it stalls at once.
        return self._window.duration >= part_hold_back(self._window)

    def _refuse_far_ahead(self, number: int, part: int | None) -> None:
        newest = self._window.newest
        if number > self._window.last_number + 2:
            raise HlsRequestError("_HLS_msn is too far ahead")
        if part is None or (newest and (number < newest.number or newest.closed)):
            return
        parts = len(newest.parts) if newest and number == newest.number else 0
        if part >= parts + _ADVANCE_PARTS:
            raise HlsRequestError("_HLS_part is too far ahead")

    async def _wait_until(self, holds: Callable[[], bool]) -> None:
        self._renew_lease()
        async with asyncio.timeout(HOLD_S):
            while not holds():
                await self._news.wait()
        self._renew_lease()

    def _changed(self) -> None:
        self._playlist = self._multivariant = None
        self._news.set()
        self._news = asyncio.Event()

    def _renew_lease(self) -> None:
        loop = asyncio.get_running_loop()
        self._leased_until = loop.time() + LEASE_S
        if self._lease is None:
            self._lease = loop.call_at(self._leased_until, self._lease_ends)
            self._hub.demand_changed()

    def _lease_ends(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._leased_until:
            self._lease = loop.call_at(self._leased_until, self._lease_ends)
            return
        self._lease = None
        self._segmenter.forget()
        self._changed()
        self._hub.demand_changed()
