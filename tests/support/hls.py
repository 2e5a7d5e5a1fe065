"""A camera for the tests of LL-HLS, whose clock runs as fast as it is asked to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import aiohttp

from likelight.contract import State
from likelight.feed.hub import Hub
from likelight.feed.outlets import Demand
from likelight.feed.rendition import Rendition
from support.feed import Kitchen, kitchen, now_us
from support.pictures import CAMERA_SHADE, HEIGHT, WIDTH, Unit, encode

PLAYLIST = "/k/demo/hls/an-epoch/live.m3u8"


@cache
def second(fps: int) -> tuple[Unit, ...]:
    """One second of the camera, which begins with its only keyframe."""
    return tuple(encode([CAMERA_SHADE] * fps, gop=fps))


class Camera:
    """Pushes seconds of pictures whose capture times follow each other without a gap."""

    def __init__(self, hub: Hub, fps: int = 30) -> None:
        self._hub = hub
        self._at_us = now_us()
        self.restart(fps)
        hub.show(State.LIVE)

    def restart(self, fps: int) -> None:
        """Begin again in another mode."""
        self._fps = fps
        for each in Rendition:
            self._hub.set_format(WIDTH, HEIGHT, fps, each)

    def roll(self, frames: int) -> None:
        """Push so many frames, from a keyframe on."""
        for number in range(frames):
            unit = second(self._fps)[number % self._fps]
            self.push(unit)

    def push(self, unit: Unit, renditions: frozenset[Rendition] = frozenset()) -> None:
        """Push one frame, the same in each of `renditions`."""
        for each in sorted({Rendition.MAIN, *renditions}):
            self._hub.publish(
                unit.data, keyframe=unit.keyframe, captured_us=self._at_us, rendition=each
            )
        self._at_us += 1_000_000 // self._fps


@asynccontextmanager
async def watched_kitchen() -> AsyncIterator[tuple[Kitchen, aiohttp.ClientSession]]:
    """Serve a kitchen whose HLS is in demand, but has nothing yet."""
    async with kitchen() as place, aiohttp.ClientSession(place.url) as session:
        async with session.get("/k/demo/hls/an-epoch/init-0.mp4") as reply:
            assert reply.status == 404
        await place.demands.until(Demand(h264=1))
        yield place, session


async def status(session: aiohttp.ClientSession, uri: str) -> int:
    """Return the status of the answer to a GET."""
    async with session.get(uri) as reply:
        await reply.read()
        return reply.status


async def text(session: aiohttp.ClientSession, uri: str) -> str:
    """Return the body of the answer to a GET, which must be a success."""
    async with session.get(uri) as reply:
        assert reply.status == 200, (uri, reply.status)
        return await reply.text()
