"""How soon a page gets a smaller picture on a line that is too slow, whatever buffers it has."""

import asyncio
import random
from math import inf

import pytest

from likelight.contract import State
from likelight.feed.hub import Hub
from likelight.feed.rendition import Rendition
from support.far_page import Page
from support.feed import now_us
from support.pictures import HEIGHT, WIDTH, heavy
from support.valve import Valve
from support.virtual import run_virtual

MAIN, LOW, SLIDE = Rendition
MBIT = 125_000
GOP = 30


class Kitchen:
    """A live hub and its camera of `fps`, whose keyframes have `key` bytes, some more, some less.

    It makes a keyframe with each 30th picture, which a camera on a busy machine has every 3 s.
    """

    def __init__(self, seed: int, fps: int, key: int) -> None:
        self._asked: set[Rendition] = set()
        self.hub = Hub(now_us=now_us, on_demand=lambda _: None, request_keyframe=self._asked.add)
        self._rng = random.Random(seed)
        self._fps = fps
        self._sizes = {MAIN: (key, 6_600, 1), LOW: (11_000, 1_340, 1), SLIDE: (7_600, 2_400, 6)}
        self._counts: dict[Rendition, int] = {}
        for each in Rendition:
            size = (WIDTH // 2, HEIGHT // 2) if each else (WIDTH, HEIGHT)
            self.hub.set_format(*size, fps // self._sizes[each][2], each)
        self.hub.show(State.LIVE)

    async def film(self, seconds: float) -> None:
        for _ in range(round(seconds * self._fps)):
            at = now_us()
            wanted = {MAIN, *self.hub.demand.renditions}
            self._counts = {each: self._counts.get(each, -1) + 1 for each in wanted}
            for each in sorted(wanted):
                self._publish(each, at)
            await asyncio.sleep(1 / self._fps)

    def _publish(self, rendition: Rendition, at: int) -> None:
        key, other, every = self._sizes[rendition]
        count = self._counts[rendition]
        if count % every:
            return
        first = count % GOP == 0 or rendition in self._asked
        self._asked.discard(rendition)
        size = (key if first else other) * self._rng.lognormvariate(0, 0.35)
        unit = heavy(int(size), keyframe=first)
        self.hub.publish(unit.data, keyframe=first, captured_us=at, rendition=rendition)


async def gets(
    place: Kitchen, mbit: float, room: float, delay_s: float, *, turns: bool
) -> list[tuple[float, Rendition]]:
    """Return what a page gets, and when, in seconds after its line is of `mbit` Mbit/s.

    The line `turns` slow while it watches, or is so from the start.
    """
    loop = asyncio.get_running_loop()
    proxy = Valve(room)
    wanted: list[tuple[float, Rendition]] = []
    with place.hub.watch_h264(proxy, "unproven" if turns else None) as viewer:
        page = Page(viewer, proxy, (20 if turns else mbit) * MBIT, delay_s)
        async with asyncio.TaskGroup() as group:
            parts = place.hub.run(), page.watch(), page.acknowledge()
            tasks = [group.create_task(part) for part in parts]
            if turns:
                await place.film(5)
                assert viewer.wants is MAIN
                page.bytes_per_s = mbit * MBIT
            slow_at = loop.time()
            while loop.time() < slow_at + 7:
                await place.film(1 / 10)
                if not wanted or wanted[-1][1] is not viewer.wants:
                    wanted.append((loop.time() - slow_at, viewer.wants))
            for task in tasks:
                task.cancel()
    return wanted


@pytest.mark.parametrize(
    ("mbit", "room", "delay_s", "fps", "key", "turns", "seed"),
    [
        (1.3, 2_000, 0.005, 30, 55_000, True, 5),
        (1.0, 32_000, 0.2, 30, 90_000, True, 4),
        (0.7, 2_000, 0.005, 30, 55_000, True, 3),
        (1.0, inf, 0.075, 30, 55_000, False, 1),
        (0.5, 200_000, 0.075, 10, 90_000, True, 0),
    ],
)
def test_within_three_seconds_and_for_good(
    mbit: float,
    room: float,
    delay_s: float,
    fps: int,
    key: int,
    turns: bool,
    seed: int,
) -> None:
    async def scenario() -> None:
        place = Kitchen(seed, fps, key)
        await place.film(2 + seed / 3)
        wanted = await gets(place, mbit, room, delay_s, turns=turns)
        assert [each for _, each in wanted] == [MAIN, LOW], "and nothing in between"
        assert wanted[1][0] < 2.99

    run_virtual(scenario())
