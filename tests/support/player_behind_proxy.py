"""A player behind proxies and a slow line: what it tells, and how old its picture really is."""

import asyncio
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Page

from likelight.contract import State
from likelight.feed.fmp4 import TIMESCALE
from likelight.feed.jpegs import JpegPicture
from likelight.feed.outlets import Demand
from likelight.feed.ring import Fragment
from support.feed import now_us
from support.pictures import HEIGHT, WIDTH, noise
from support.slow_proxy import SlowLine, slow_proxy
from support.stage import camera, same_clock, stage


class Timeline:
    """An outlet that knows when the picture at each time of the video was captured."""

    demand = Demand()

    def __init__(self) -> None:
        self._times: list[float] = []
        self._captured: list[int] = []

    def on_fragment(self, fragment: Fragment) -> None:
        self._times.append(fragment.decode / TIMESCALE)
        self._captured.append(fragment.captured_us)

    def on_jpeg(self, picture: JpegPicture) -> None: ...

    def on_state(self, state: State) -> None: ...

    def age(self, time_s: float, at_us: float) -> float:
        """Return how old the picture at `time_s` of the video is at `at_us`, in seconds."""
        return (at_us - self._captured[bisect_right(self._times, time_s + 0.001) - 1]) / 1e6


RATE = sum(len(unit.data) for unit in noise())
"""Bytes a second of the stream: more than 120,000."""


@dataclass
class Watched:
    """A page behind proxies, and the camera that it shows."""

    page: Page
    line: SlowLine
    timeline: Timeline
    to_now_us: int
    """What wall time needs to become `now_us`."""

    async def pairs(self) -> list[tuple[float, float]]:
        """Return what was told each second, and how old the picture was then, in seconds."""
        answers: list[Any] = await self.page.evaluate("heard.told")
        return [
            (seconds, self.timeline.age(at, wall_ms * 1000 + self.to_now_us))
            for seconds, _, at, wall_ms in answers
            if seconds is not None
        ]


@asynccontextmanager
async def watched(
    browser: Browser,
    line: SlowLine,
    *,
    before_line: Callable[[str], AbstractAsyncContextManager[str]] = nullcontext,
    init_script: str = "",
) -> AsyncIterator[Watched]:
    """Watch heavy pictures over `line`, the last piece of the way, until the first has come."""

    @asynccontextmanager
    async def front(url: str) -> AsyncIterator[str]:
        async with before_line(url) as near, slow_proxy(near, line) as proxy:
            yield proxy.url

    to_now_us = now_us() - time.time_ns() // 1000
    wall = stage(browser, init_script=same_clock() + init_script, front=front)
    timeline = Timeline()
    async with wall as (place, page), asyncio.TaskGroup() as group:
        place.hub.add_outlet(timeline)
        place.hub.set_format(WIDTH, HEIGHT, 30)
        place.hub.show(State.LIVE)
        rolling = group.create_task(camera(place, units=noise()))
        await page.wait_for_function("() => heard.delays.some((seconds) => seconds !== null)")
        yield Watched(page, line, timeline, to_now_us)
        rolling.cancel()
