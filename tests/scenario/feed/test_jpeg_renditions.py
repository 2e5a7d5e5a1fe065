"""Which JPEGs a viewer gets by what its connection takes, and what the camera makes of them."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise

import pytest

from likelight.contract import State
from likelight.feed.hub import Hub
from likelight.feed.outlets import Demand
from likelight.feed.rendition import Rendition
from support.feed import now_us
from support.valve import Valve
from support.virtual import run_virtual

MAIN, LOW, SLIDE = Rendition
FPS = 15
PICTURES = {MAIN: b"\xff\xd8" + bytes(35_000), LOW: b"\xff\xd8" + bytes(12_000)}
"""At 15 a second 4.2 and 1.44 Mbit/s; five of the small ones are 480 kbit/s."""
MBIT = 125_000


class Reader:
    """A connection that takes so many Mbit/s, and `room` bytes beyond that."""

    def __init__(self, mbit: float, room: float = 16_000) -> None:
        self.valve = Valve(room)
        self.mbit = mbit
        self.pictures: list[tuple[float, int]] = []
        """When each came, and its bytes."""

    async def read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while not self.valve.got:
                self.valve.written.clear()
                await self.valve.written.wait()
            data = self.valve.got.pop(0)
            await asyncio.sleep(len(data) / (self.mbit * MBIT))
            self.valve.unread -= len(data)
            self.pictures.append((loop.time(), len(data)))


class Store:
    """A live hub, its camera, and MJPEG viewers."""

    def __init__(self) -> None:
        self.hub = Hub(now_us=now_us, on_demand=self._hear)
        self.hub.show(State.LIVE)
        self.wanted: list[tuple[float, frozenset[Rendition]]] = []
        self.made = dict.fromkeys(PICTURES, 0)
        self.stack = ExitStack()

    def reader(
        self, mbit: float, rendition: Rendition | None = None, room: float = 16_000
    ) -> Reader:
        """Let one watch; None: what its connection takes."""
        reader = Reader(mbit, room)
        self.stack.enter_context(self.hub.watch_jpeg(reader.valve, rendition))
        return reader

    async def film(self, seconds: float, *readers: Reader) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(reader.read()) for reader in readers]
            for _ in range(round(seconds * FPS)):
                for size in {min(each, LOW) for each in self.hub.demand.jpegs}:
                    self.made[size] += 1
                    self.hub.publish_jpeg(PICTURES[size], captured_us=now_us(), rendition=size)
                await asyncio.sleep(1 / FPS)
            for task in tasks:
                task.cancel()

    def _hear(self, demand: Demand) -> None:
        self.wanted.append((asyncio.get_running_loop().time(), demand.jpegs))


@contextmanager
def store() -> Iterator[Store]:
    made = Store()
    with made.stack:
        yield made


@pytest.mark.parametrize(
    ("mbit", "rendition", "fps"),
    [(20.0, MAIN, 14.5), (2.5, LOW, 14.5), (0.7, SLIDE, 4.5), (0.2, SLIDE, 1.5)],
)
@pytest.mark.parametrize("room", [2_000, 64_000])
def test_a_connection_gets_the_largest_that_it_takes_at_its_rate(
    mbit: float, rendition: Rendition, fps: float, room: float
) -> None:
    async def scenario() -> None:
        with store() as place:
            reader = place.reader(mbit, room=room)
            began = asyncio.get_running_loop().time()
            await place.film(9, reader)
            assert place.hub.demand.jpegs == {rendition}
        steps = [set(jpegs) for _, jpegs in place.wanted]
        assert steps == [*({each} for each in Rendition if each <= rendition), set()]
        late = [at for at, _ in reader.pictures if at > began + 6]
        assert len(late) / 3 >= fps

    run_virtual(scenario())


def test_larger_ones_are_tried_ever_more_seldom_where_they_do_not_fit() -> None:
    async def scenario() -> None:
        with store() as place:
            reader = place.reader(2.5)
            await place.film(300, reader)
            tries = [at for at, jpegs in place.wanted if MAIN in jpegs][1:]
        apart = [later - earlier for earlier, later in pairwise(tries)]
        assert len(tries) <= 5
        assert apart == sorted(apart)
        assert apart[-1] > 80

    run_virtual(scenario())


def test_a_connection_that_gets_quick_again_has_the_whole_picture_again() -> None:
    async def scenario() -> None:
        with store() as place:
            reader = place.reader(0.7)
            await place.film(10, reader)
            reader.mbit = 20
            await place.film(25, reader)
            assert place.hub.demand.jpegs == {MAIN}

    run_virtual(scenario())


def test_who_asks_for_one_keeps_it_and_each_is_made_while_somebody_has_it() -> None:
    async def scenario() -> None:
        with store() as place:
            with ExitStack() as stay:
                outer, place.stack = place.stack, stay
                slow = place.reader(0.7, MAIN)
                low, slide = place.reader(20, LOW), place.reader(20, SLIDE)
                await place.film(10, slow, low, slide)
                assert place.hub.demand.jpegs == {MAIN, LOW, SLIDE}
                place.stack = outer
            assert place.hub.demand.jpegs == frozenset()
            sizes = [
                {size > 20_000 for _, size in each.pictures[1:]} for each in (slow, low, slide)
            ]
            assert sizes == [{True}, {False}, {False}]
            assert len(low.pictures) > 10 * FPS - 3
            assert 48 <= len(slide.pictures) <= 53
            before = dict(place.made)
            await place.film(2, place.reader(20))
            assert place.made[LOW] == before[LOW]

    run_virtual(scenario())
