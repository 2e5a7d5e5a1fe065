"""Live is said only while pictures arrive: a kitchen at the cloud, on a virtual clock."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from likelight.contract import Desired, State, Summary
from likelight_cloud.kitchens.kitchen import Kitchen
from likelight_cloud.store.records import KitchenRecord, Report
from support.cloud import NOON
from support.virtual import run_virtual, virtual_now

LIVE = Report(State.LIVE, NOON, simulated=True, lit_total=0, last_lit_at=None, received_at=NOON)
RECORD = KitchenRecord(
    kid="demo",
    name="Demo",
    epoch="k7Qe",
    created_at=NOON,
    revision=1,
    head=0,
    acked=0,
    likes_total=0,
    notes_shown=0,
    thanks=None,
    desired=Desired(version=1),
    report=LIVE,
)


class Scene:
    """A kitchen whose device polls, and everything that who follows it was told."""

    def __init__(self, record: KitchenRecord = RECORD, *, relays_pictures: bool = True) -> None:
        self.now = virtual_now(NOON)
        self.kitchen = Kitchen(record, now=self.now, relays_pictures=relays_pictures)
        self.told: list[tuple[float, State, bool | None]] = []
        self._began = time()

    async def follow(self) -> None:
        """Follow the summary for ever, as an event stream does."""
        while True:
            summary = self.kitchen.summary()
            arriving = summary.feed.arriving if summary.feed else None
            if not self.told or self.told[-1][1:] != (summary.state, arriving):
                self.told.append((round(time() - self._began, 3), summary.state, arriving))
            await self.kitchen.wait_for_change(self.kitchen.next_timed_change())

    def say(self, state: State) -> None:
        """The device reports `state`."""
        record = self.kitchen.record
        report = replace(LIVE, state=state, since=self.now(), received_at=self.now())
        self.kitchen.adopt(replace(record, revision=record.revision + 1, report=report))

    async def film(self, seconds: float, every: float = 0.1) -> None:
        """Let pictures of the camera come."""
        for _ in range(round(seconds / every)):
            self.kitchen.arrival.picture_came()
            await asyncio.sleep(every)


def time() -> float:
    return asyncio.get_running_loop().time()


def play(scenario: Callable[[Scene], Coroutine[Any, Any, None]], **options: Any) -> Scene:
    """Play `scenario` with a device that polls; return its scene."""
    scenes: list[Scene] = []

    async def body() -> None:
        scene = Scene(**options)
        scenes.append(scene)
        following = asyncio.ensure_future(scene.follow())
        with scene.kitchen.polling():
            await scenario(scene)
        following.cancel()

    run_virtual(body())
    return scenes[0]


def test_a_live_kitchen_without_pictures_is_interrupted_two_seconds_after_somebody_looks() -> None:
    last: list[Summary] = []

    async def scenario(scene: Scene) -> None:
        await asyncio.sleep(10)
        scene.kitchen.watch("a-random-view")
        await asyncio.sleep(5)
        last.append(scene.kitchen.summary())

    scene = play(scenario)
    assert scene.told == [
        (0.0, State.LIVE, False),
        (12.0, State.INTERRUPTED, False),
    ]
    assert (last[0].since - NOON).total_seconds() == pytest.approx(10, abs=0.01)


def test_it_is_live_as_long_as_pictures_come() -> None:
    async def scenario(scene: Scene) -> None:
        scene.kitchen.watch("a-random-view")
        await asyncio.sleep(3)
        await scene.film(10)
        await asyncio.sleep(4)
        await scene.film(3, every=0.75)  # a dark kitchen may have few
        await asyncio.sleep(0.1)

    told = [(state, arriving) for _, state, arriving in play(scenario).told]
    assert told == [
        (State.LIVE, False),
        (State.INTERRUPTED, False),
        (State.LIVE, True),
        (State.INTERRUPTED, False),
        (State.LIVE, True),
    ]


def test_the_end_of_the_pictures_is_told_nine_tenths_of_a_second_after_the_last() -> None:
    async def scenario(scene: Scene) -> None:
        scene.kitchen.watch("a-random-view")
        await scene.film(10)  # the last comes at 9.9 s
        await asyncio.sleep(5)

    assert play(scenario).told[-1] == (10.8, State.INTERRUPTED, False)


@pytest.mark.parametrize("state", [State.IDLE, State.PRIVATE, State.CLOSED, State.FAULT, State.OFF])
def test_where_no_picture_is_due_nothing_is_interrupted(state: State) -> None:
    async def scenario(scene: Scene) -> None:
        scene.kitchen.watch("a-random-view")
        await scene.film(3)
        scene.say(state)
        await asyncio.sleep(30)

    assert State.INTERRUPTED not in [told for _, told, _ in play(scenario).told]


def test_where_nobody_watches_nothing_is_interrupted() -> None:
    async def scenario(scene: Scene) -> None:
        scene.kitchen.watch("a-random-view")
        await scene.film(39.9)
        await asyncio.sleep(60)  # the view ended at 40 s

    assert State.INTERRUPTED not in [told for _, told, _ in play(scenario).told]


def test_a_device_that_serves_its_own_pictures_is_never_called_interrupted() -> None:
    async def scenario(scene: Scene) -> None:
        scene.kitchen.watch("a-random-view")
        await asyncio.sleep(30)

    assert play(scenario, relays_pictures=False).told == [(0.0, State.LIVE, None)]


def test_offline_goes_before_interrupted() -> None:
    async def body() -> None:
        scene = Scene()
        scene.kitchen.relay_watched(True)
        await asyncio.sleep(3)
        assert scene.kitchen.summary().state is State.INTERRUPTED
        await asyncio.sleep(90)
        assert scene.kitchen.summary().state is State.OFFLINE

    run_virtual(body())
