"""When a held poll answers, and when a kitchen is offline: on a virtual clock."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likelight.contract import Desired, State
from likelight_cloud.kitchens.cursor import Position
from likelight_cloud.kitchens.kitchen import Kitchen
from likelight_cloud.kitchens.long_poll import hold
from likelight_cloud.store.records import KitchenRecord, Report
from support.cloud import NOON
from support.virtual import run_virtual, virtual_now

RECORD = KitchenRecord(
    kid="demo",
    name="Demo",
    epoch="k7Qe",
    created_at=NOON,
    revision=1,
    head=3,
    acked=3,
    likes_total=10,
    notes_shown=0,
    thanks=None,
    desired=Desired(version=1),
    report=None,
)
HERE = Position("k7Qe", seq=3, total=10)


class Scene:
    """A kitchen and one poll of it, timed in virtual seconds."""

    def __init__(self, record: KitchenRecord = RECORD) -> None:
        self.now = virtual_now(NOON)
        self.kitchen = Kitchen(record, now=self.now)

    async def held(
        self,
        position: Position = HERE,
        *,
        wait: float = 25,
        version: int | None = 1,
        alive: Callable[[], bool] = lambda: True,
        seed: int = 1,
    ) -> float:
        """Return how long the poll was held."""
        began = time()
        with self.kitchen.polling() as poll:
            await hold(
                self.kitchen,
                poll,
                position,
                version=version,
                wait=wait,
                now=self.now,
                rng=random.Random(seed),
                alive=alive,
            )
        return time() - began

    async def after(self, seconds: float, **changes: object) -> None:
        """Commit a change `seconds` from now."""
        await asyncio.sleep(seconds)
        record = self.kitchen.record
        self.kitchen.adopt(replace(record, revision=record.revision + 1, **changes))  # type: ignore[arg-type]

    async def held_until(
        self, seconds: float, position: Position = HERE, **changes: object
    ) -> float:
        """Return how long a poll was held beside a change after `seconds`."""
        async with asyncio.TaskGroup() as group:
            poll = group.create_task(self.held(position))
            group.create_task(self.after(seconds, **changes))
        return poll.result()


def time() -> float:
    return asyncio.get_running_loop().time()


def test_nothing_new_holds_for_the_wait_less_jitter() -> None:
    async def scenario() -> None:
        waits = [await Scene().held(seed=seed) for seed in range(20)]
        assert all(25 * 15 / 16 - 1e-6 <= held <= 25 for held in waits)
        assert max(waits) - min(waits) > 0.5
        assert await Scene().held(wait=0) == 0

    run_virtual(scenario())


def test_the_first_like_after_a_calm_answers_at_once() -> None:
    async def scenario() -> None:
        assert await Scene().held_until(7, likes_total=11) == pytest.approx(7)

    run_virtual(scenario())


def test_more_likes_wait_for_the_pace() -> None:
    async def scenario() -> None:
        scene = Scene()
        just_told = replace(HERE, likes_ms=int(scene.now().timestamp() * 1000))
        assert await scene.held_until(0.25, just_told, likes_total=11) == pytest.approx(1)

    run_virtual(scenario())


def test_fifty_thousand_likes_a_second_cost_one_reply_a_second() -> None:
    async def scenario() -> None:
        scene, replies, position = Scene(), 0, HERE

        async def flood() -> None:
            for n in range(1, 2001):
                await scene.after(0.005, likes_total=10 + 250 * n)

        async with asyncio.TaskGroup() as group:
            group.create_task(flood())
            began = time()
            while time() - began < 10:
                await scene.held(position, wait=2)
                replies += 1
                ms = int(scene.now().timestamp() * 1000)
                position = replace(position, total=scene.kitchen.record.likes_total, likes_ms=ms)
        assert 10 <= replies <= 12

    run_virtual(scenario())


def test_a_clock_that_was_set_back_holds_likes_for_one_pace_at_most() -> None:
    async def scenario() -> None:
        scene = Scene()
        tomorrow = int((scene.now() + timedelta(days=1)).timestamp() * 1000)
        held = await scene.held_until(0.25, replace(HERE, likes_ms=tomorrow), likes_total=11)
        assert held == pytest.approx(1)

    run_virtual(scenario())


def test_a_note_and_a_new_wish_answer_at_once() -> None:
    async def scenario() -> None:
        assert await Scene().held_until(3, head=4) == pytest.approx(3)
        assert await Scene().held_until(4, desired=Desired(version=2)) == pytest.approx(4)
        assert await Scene().held(replace(HERE, seq=2)) == 0
        assert await Scene().held(version=7) == 0
        assert await Scene().held(version=None, wait=16) >= 15

    run_virtual(scenario())


def test_demand_ends_forty_seconds_after_the_last_view() -> None:
    async def scenario() -> None:
        scene = Scene()
        scene.kitchen.watch("view-1")
        await asyncio.sleep(20)
        told = replace(HERE, watching=True)
        assert await scene.held(told) == pytest.approx(20)
        assert not scene.kitchen.viewers().watching

    run_virtual(scenario())


def test_a_poll_whose_client_has_gone_ends_within_seconds() -> None:
    async def scenario() -> None:
        scene = Scene()
        gone_at = time() + 2
        assert await scene.held(alive=lambda: time() < gone_at) <= 5.01
        assert not scene.kitchen.polled

    run_virtual(scenario())


def test_the_older_of_two_polls_ends() -> None:
    async def scenario() -> None:
        scene = Scene()
        async with asyncio.TaskGroup() as group:
            older = group.create_task(scene.held())
            await asyncio.sleep(3)
            newer = group.create_task(scene.held())
        assert older.result() == pytest.approx(3)
        assert newer.result() > 20

    run_virtual(scenario())


def test_a_kitchen_is_offline_after_ninety_silent_seconds() -> None:
    async def scenario() -> None:
        scene = Scene(
            replace(RECORD, report=Report(State.IDLE, NOON, True, 3, NOON, received_at=NOON))
        )
        kitchen = scene.kitchen
        assert kitchen.summary().state is State.IDLE
        await asyncio.sleep(60)
        await scene.held(wait=30)
        assert kitchen.summary().state is State.IDLE
        heard = scene.now()
        assert kitchen.next_timed_change() == pytest.approx(time() + 90)
        await asyncio.sleep(89)
        assert kitchen.summary().state is State.IDLE
        await asyncio.sleep(1)
        assert kitchen.summary().state is State.OFFLINE
        assert kitchen.summary().since == heard
        assert kitchen.summary().simulated
        kitchen.note_contact()
        assert kitchen.summary().state is State.IDLE

    run_virtual(scenario())


def test_a_restarted_cloud_remembers_when_the_device_spoke() -> None:
    async def scenario() -> None:
        for ago, state in ((89, State.LIVE), (91, State.OFFLINE)):
            received = NOON - timedelta(seconds=ago)
            report = Report(State.LIVE, NOON, False, 0, None, received_at=received)
            assert Scene(replace(RECORD, report=report)).kitchen.summary().state is state

    run_virtual(scenario())


@given(st.integers(0, 50), st.integers(0, 50))
def test_an_older_commit_never_replaces_a_newer_one(first: int, second: int) -> None:
    async def scenario() -> None:
        kitchen = Scene(replace(RECORD, revision=0, likes_total=0)).kitchen
        for revision in (first, second):
            kitchen.adopt(replace(RECORD, revision=revision, likes_total=revision))
        assert kitchen.record.likes_total == max(first, second)

    run_virtual(scenario())
