"""The lamp over minutes of kitchen life, on the virtual clock, through the real governor."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likelight.appreciation.effects import BASES, Base
from likelight.appreciation.lamp import Lamp
from likelight_hw.governor import FlashGovernor
from likelight_hw.ports import DARK, LightFrame
from likelight_hw.sim.lights import SimLights
from support.flashes import flashes_in_worst_second, is_saturated_red
from support.virtual import run_virtual, virtual_now

QUIET = BASES[Base.QUIET]


class Kitchen:
    """A running lamp, and what it told."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.time = loop.time
        self.lights = SimLights(loop.time)
        self.frames: list[tuple[float, LightFrame]] = []
        self.lit: list[tuple[int, float]] = []
        self._now: Callable[[], datetime] = virtual_now()
        self._began = self._now()
        self._started = loop.time()
        self.lamp = Lamp(
            FlashGovernor(self.lights, loop.time),
            now=self._now,
            on_frame=lambda frame: self.frames.append((loop.time(), frame)),
            on_lit=self._on_lit,
        )

    def _on_lit(self, total: int, at: datetime) -> None:
        assert at.tzinfo is UTC
        # Whatever the lamp's owner says, this is what the lamp itself shows at that moment.
        assert self.lights.frame.level >= BASES[Base.OFFLINE].level + 0.1
        self.lit.append((total, self._started + (at - self._began).total_seconds()))

    @property
    def history(self) -> list[tuple[float, LightFrame]]:
        return [(-math.inf, DARK), *self.lights.history]

    def risen_at(self, since: float, base: float) -> float:
        """When the lamp itself, as history tells, first stood at base + 0.1 since `since`."""
        return next(
            at for at, frame in self.lights.history if at >= since and frame.level >= base + 0.1
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Kitchen"]:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(self.lamp.run())
            await asyncio.sleep(5)
            yield self
            running.cancel()


@pytest.mark.parametrize("base", Base)
def test_a_like_lights_the_lamp_within_60_ms_and_it_returns_to_its_base(base: Base) -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.lamp.set_base(base)
            await asyncio.sleep(5)
            assert kitchen.lights.frame == kitchen.lamp.frame == BASES[base]

            tapped = kitchen.time()
            kitchen.lamp.likes(1, 41)
            await asyncio.sleep(10)

            risen = kitchen.risen_at(tapped, BASES[base].level)
            assert risen - tapped < 0.060
            assert kitchen.lit == [(41, pytest.approx(risen))]
            assert kitchen.lights.frame == kitchen.lamp.frame == BASES[base]

    run_virtual(scenario())


def test_on_the_quiet_base_the_very_first_frame_glows() -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            tapped = kitchen.time()
            kitchen.lamp.likes(1, 1)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert kitchen.lit == [(1, pytest.approx(tapped))]
            assert kitchen.lamp.frame.level >= QUIET.level + 0.1

    run_virtual(scenario())


def test_ten_thousand_likes_at_once_are_one_brighter_longer_gesture() -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            peaks, spans = [], []
            for delta, total in ((1, 1), (10_000, 10_001)):
                began = kitchen.time()
                kitchen.lamp.likes(delta, total)
                await asyncio.sleep(15)
                glow = [(t, f.level) for t, f in kitchen.frames if t >= began]
                levels = [level for _, level in glow]
                top = levels.index(max(levels))
                assert levels[:top] == sorted(levels[:top])
                assert levels[top:] == sorted(levels[top:], reverse=True)
                peaks.append(levels[top])
                spans.append(glow[-1][0] - began)

            assert peaks[1] > peaks[0] + 0.2
            assert spans[1] > spans[0] + 2
            assert [total for total, _ in kitchen.lit] == [1, 10_001]
            assert flashes_in_worst_second(kitchen.history) <= 1

    run_virtual(scenario())


def test_likes_every_second_for_a_minute_never_flash() -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            lowest = 1.0
            for total in range(1, 61):
                kitchen.lamp.likes(1, total)
                await asyncio.sleep(1)
                lowest = min(lowest, kitchen.lamp.frame.level)

            assert lowest > QUIET.level + 0.3
            assert [total for total, _ in kitchen.lit] == list(range(1, 61))
            assert flashes_in_worst_second(kitchen.history) <= 1

    run_virtual(scenario())


events = st.tuples(
    st.one_of(st.floats(0, 3), st.sampled_from([0.0, 0.02, 0.1, 0.5])),
    st.one_of(
        st.builds(lambda n: ("likes", n), st.integers(1, 20_000)),
        st.builds(lambda n: ("welcome", n), st.integers(1, 20_000)),
        st.builds(lambda base: ("base", base), st.sampled_from(list(Base))),
        st.sampled_from([("note", 0), ("thanks", 0), ("unplug", 0), ("plug", 0)]),
    ),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(events, max_size=30))
def test_no_sequence_of_events_flashes_or_loses_a_receipt(
    story: list[tuple[float, tuple[str, int | Base]]],
) -> None:
    async def scenario() -> None:
        total = 0
        plugged = True
        async with Kitchen().open() as kitchen:
            for wait, event in story:
                await asyncio.sleep(wait)
                match event:
                    case "likes", int(count):
                        total += count
                        kitchen.lamp.likes(count, total)
                    case "welcome", int(count):
                        total += count
                        kitchen.lamp.welcome_back(count, total)
                    case "note", _:
                        kitchen.lamp.note()
                    case "thanks", _:
                        kitchen.lamp.thanks()
                    case "unplug", _:
                        kitchen.lights.broken, plugged = True, False
                    case "plug", _:
                        kitchen.lights.broken = False
                    case _, Base() as base:
                        kitchen.lamp.set_base(base)
            kitchen.lights.broken = False
            # An idle lamp writes nothing, so it learns of a plug only with the next event.
            kitchen.lamp.thanks()
            await asyncio.sleep(60)

            # A plug that is pulled is a fall that nobody governs.
            assert not plugged or flashes_in_worst_second(kitchen.history) <= 2
            assert not any(is_saturated_red(frame) for _, frame in kitchen.history)
            receipts = [lit for lit, _ in kitchen.lit]
            assert receipts == sorted(set(receipts))
            assert receipts[-1:] == ([total] if total else [])
            assert kitchen.lights.frame in BASES.values()

    run_virtual(scenario())


def test_a_broken_lamp_lights_nothing_until_it_is_mended(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.lights.broken = True
            for total in range(1, 61):
                kitchen.lamp.likes(1, total)
                await asyncio.sleep(1)
            assert kitchen.lit == []
            assert kitchen.lamp.frame == DARK

            mended = kitchen.time()
            kitchen.lights.broken = False
            await asyncio.sleep(60)
            assert kitchen.lit == [(60, pytest.approx(kitchen.risen_at(mended, QUIET.level)))]
            assert kitchen.lamp.frame == QUIET

    run_virtual(scenario())
    told = [record.message for record in caplog.records if record.name.endswith("lamp")]
    assert told == [
        "The lamp does not answer: the simulated lamp is unplugged; plug it in again."
        " Likes wait until it does",
        "The lamp answers again",
        "The lamp lit for 60 likes",
    ]


def test_a_lamp_that_is_mended_while_nothing_happens_finds_back_to_its_base() -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.lights.broken = True
            kitchen.lamp.note()
            await asyncio.sleep(60)
            kitchen.lights.broken = False
            await asyncio.sleep(60)
            assert kitchen.lights.frame == QUIET

    run_virtual(scenario())


def test_a_lamp_that_is_run_again_finds_back_to_its_base() -> None:
    async def scenario() -> None:
        kitchen = Kitchen()
        for _ in range(2):
            async with kitchen.open():
                assert kitchen.lights.frame == QUIET
            assert kitchen.lights.frame == DARK
            await asyncio.sleep(60)

    run_virtual(scenario())


def test_a_broken_lamp_is_asked_seldom_however_many_likes_come() -> None:
    class Counting(SimLights):
        writes = 0

        def write(self, frame: LightFrame) -> LightFrame:
            self.writes += 1
            return super().write(frame)

    async def scenario() -> None:
        lights = Counting(asyncio.get_running_loop().time)
        lights.broken = True
        lamp = Lamp(lights, now=virtual_now(), on_frame=print, on_lit=print)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(lamp.run())
            for total in range(1, 3001):
                lamp.likes(1, total)
                await asyncio.sleep(0.02)
            running.cancel()
        # 60 s: after 0, 1, 3, 7, 15 and 31 s.
        assert lights.writes == 6

    run_virtual(scenario())


def test_a_lamp_that_does_not_rise_is_not_called_lit() -> None:
    class Stuck(SimLights):
        """Answers every write, and stays at its base."""

        def write(self, frame: LightFrame) -> LightFrame:
            super().write(QUIET)
            return QUIET

    async def scenario() -> None:
        lit: list[int] = []
        lamp = Lamp(
            Stuck(asyncio.get_running_loop().time),
            now=virtual_now(),
            on_frame=lambda _: None,
            on_lit=lambda total, _: lit.append(total),
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(lamp.run())
            lamp.likes(5, 5)
            await asyncio.sleep(30)
            assert lit == []
            running.cancel()

    run_virtual(scenario())


def test_a_light_that_is_fading_from_a_brighter_base_is_no_receipt() -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.lamp.set_base(Base.ON_AIR)
            await asyncio.sleep(2)
            kitchen.lamp.note()
            await asyncio.sleep(1)
            # The note holds the lamp far above its base, but the like has not risen yet.
            assert kitchen.lamp.frame.level > BASES[Base.ON_AIR].level + 0.3
            kitchen.lamp.set_base(Base.OFFLINE)
            kitchen.lamp.likes(0, 99)
            await asyncio.sleep(10)
            assert kitchen.lit == []

    run_virtual(scenario())


def test_likes_before_the_lamp_runs_are_one_receipt_with_the_highest_total() -> None:
    async def scenario() -> None:
        kitchen = Kitchen()
        kitchen.lamp.likes(3, 10)
        kitchen.lamp.likes(2, 12)
        kitchen.lamp.welcome_back(1, 11)
        await asyncio.sleep(60)
        async with kitchen.open():
            assert [total for total, _ in kitchen.lit] == [12]

    run_virtual(scenario())


def test_a_total_without_news_does_nothing() -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            written = len(kitchen.lights.history)
            kitchen.lamp.likes(0, 912_345)
            kitchen.lamp.welcome_back(0, 912_345)
            await asyncio.sleep(60)
            assert len(kitchen.lights.history) == written
            assert kitchen.lit == []

    run_virtual(scenario())


def test_an_idle_lamp_does_not_tick() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with Kitchen().open() as kitchen:
            kitchen.lamp.likes(1, 1)
            kitchen.lamp.note()
            await asyncio.sleep(15)
            written = len(kitchen.lights.history)
            woken = 0

            def count() -> None:
                nonlocal woken
                woken += 1
                loop.call_later(1, count)

            count()
            await asyncio.sleep(3600.5)
            assert len(kitchen.lights.history) == written
            assert woken == 3601

    run_virtual(scenario())


def test_a_steady_glow_does_not_tick() -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.lamp.likes(10_000, 10_000)
            await asyncio.sleep(0.5)
            written = len(kitchen.lights.history)
            await asyncio.sleep(3)
            assert len(kitchen.lights.history) == written
            assert kitchen.lamp.frame.level > QUIET.level + 0.6

    run_virtual(scenario())


def test_a_colour_that_no_lamp_shows_does_not_keep_it_busy() -> None:
    class Pale(SimLights):
        """Shows no colour but white, as a lamp of one channel would."""

        def write(self, frame: LightFrame) -> LightFrame:
            return super().write(LightFrame(frame.level, (255, 255, 255)))

    async def scenario() -> None:
        lights = Pale(asyncio.get_running_loop().time)
        lamp = Lamp(lights, now=virtual_now(), on_frame=lambda _: None, on_lit=lambda *_: None)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(lamp.run())
            await asyncio.sleep(5)
            written = len(lights.history)
            await asyncio.sleep(60)
            assert len(lights.history) == written
            running.cancel()

    run_virtual(scenario())


def test_on_frame_tells_each_change_once_and_the_end_is_dark() -> None:
    async def scenario() -> None:
        kitchen = Kitchen()
        async with kitchen.open():
            kitchen.lamp.likes(1, 1)
            kitchen.lamp.thanks()
            await asyncio.sleep(10)
        told = [frame for _, frame in kitchen.frames]
        assert all(one != other for one, other in pairwise(told))
        assert told[-1] == kitchen.lamp.frame == kitchen.lights.frame == DARK

    run_virtual(scenario())


def test_the_log_speaks_plainly(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.lamp.likes(1, 1)
            await asyncio.sleep(1)
            kitchen.lamp.likes(12, 13)
            await asyncio.sleep(1)
            kitchen.lamp.welcome_back(5012, 5025)
            await asyncio.sleep(1)

    run_virtual(scenario())
    assert [record.message for record in caplog.records if record.name.endswith("lamp")] == [
        "A like arrived; the lamp lit",
        "The lamp lit for 12 likes",
        "The lamp lit for 5,012 likes",
    ]
