"""The lamp over minutes of kitchen life, on the virtual clock, through the real governor."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from likelight.appreciation.lamp.effects import BASES, EFFECTS, MILESTONE, Base, UnknownEffect
from likelight.appreciation.lamp.lamp import Hold, Lamp
from likelight.appreciation.lamp.night import Night
from likelight.runtime.log import logging_to_stderr
from likelight_hw.lamps.governor import FlashGovernor
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
        self.darkest = BASES[Base.OFFLINE].level
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
        assert self.lights.frame.level >= self.darkest + 0.1
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
            for delta, total in ((1, 10_001), (10_000, 20_001)):
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
            assert [total for total, _ in kitchen.lit] == [10_001, 20_001]
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
        st.sampled_from([("note", 0), ("thanks", 0), ("felt", 0), ("unplug", 0), ("plug", 0)]),
        st.builds(lambda name: ("play", name), st.sampled_from(sorted(EFFECTS))),
        st.just(("test", 0)),
        st.builds(lambda why: ("hold", why), st.sampled_from(list(Hold))),
        st.builds(lambda why: ("release", why), st.sampled_from(list(Hold))),
        st.builds(lambda dim: ("dim", dim), st.floats(0, 1)),
    ),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(events, max_size=30))
@example(
    [
        (0.0, ("hold", Hold.OFF)),
        (1.0, ("release", Hold.OFF)),
        (0.0, ("likes", 1)),
        (1.0, ("test", 0)),
    ]
)
def test_no_sequence_of_events_flashes_or_loses_a_receipt(
    story: list[tuple[float, tuple[str, int | float | str]]],
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
                    case "felt", _:
                        kitchen.lamp.felt()
                    case "play", str(name):
                        kitchen.lamp.play(name)
                    case "test", _:
                        kitchen.lamp.test()
                    case "hold", Hold() as why:
                        if why is Hold.OFF:
                            kitchen.darkest = 0.0  # and the base rises from there afterwards
                        kitchen.lamp.hold(why)
                    case "release", Hold() as why:
                        kitchen.lamp.release(why)
                    case "dim", float(share):
                        kitchen.darkest = 0.0
                        kitchen.lamp.set_dim(share)
                    case "unplug", _:
                        kitchen.lights.broken, plugged = True, False
                    case "plug", _:
                        kitchen.lights.broken = False
                    case _, Base() as base:
                        kitchen.lamp.set_base(base)
            kitchen.lights.broken = False
            for why in Hold:
                kitchen.lamp.release(why)
            kitchen.lamp.set_dim(1.0)
            # An idle lamp writes nothing, so it learns of a plug only with the next event.
            kitchen.lamp.thanks()
            await asyncio.sleep(90)

            # A plug that is pulled is a fall that nobody governs.
            assert not plugged or flashes_in_worst_second(kitchen.history) <= 2
            assert not any(is_saturated_red(frame) for _, frame in kitchen.history)
            receipts = [lit for lit, _ in kitchen.lit]
            assert receipts == sorted(set(receipts))
            assert receipts[-1:] == ([total] if total else [])
            assert kitchen.lights.frame in BASES.values()

    run_virtual(scenario())


def test_a_broken_lamp_lights_nothing_until_it_is_repaired(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.lights.broken = True
            for total in range(1, 61):
                kitchen.lamp.likes(1, total)
                await asyncio.sleep(1)
            assert kitchen.lit == []
            assert kitchen.lamp.frame == DARK

            repaired = kitchen.time()
            kitchen.lights.broken = False
            await asyncio.sleep(60)
            assert kitchen.lit == [(60, pytest.approx(kitchen.risen_at(repaired, QUIET.level)))]
            assert kitchen.lamp.frame == QUIET

    run_virtual(scenario())
    told = [record.message for record in caplog.records if ".lamp." in record.name]
    assert told == [
        "The lamp does not answer: the simulated lamp is unplugged; plug it in again."
        " Likes wait until it does",
        "The lamp answers again",
        "The lamp lit for 60 likes",
    ]


def test_a_lamp_that_is_repaired_while_nothing_happens_returns_to_its_base() -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.lights.broken = True
            kitchen.lamp.note()
            await asyncio.sleep(60)
            kitchen.lights.broken = False
            await asyncio.sleep(60)
            assert kitchen.lights.frame == QUIET

    run_virtual(scenario())


def test_a_lamp_that_is_run_again_returns_to_its_base() -> None:
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


def test_a_light_that_is_fading_from_a_brighter_base_is_not_a_receipt() -> None:
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
            kitchen.lamp.likes(10_000, 25_000)
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
    assert [record.message for record in caplog.records if ".lamp." in record.name] == [
        "A like arrived; the lamp lit",
        "The lamp lit for 12 likes",
        "The lamp lit for 5,012 likes",
        "1,000 likes in all: the lamp celebrates",
    ]


def test_the_journal_has_no_line_for_each_like(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")

    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.lamp.likes(1, 1)
            await asyncio.sleep(1)
            kitchen.lamp.likes(12, 13)
            await asyncio.sleep(1)
            kitchen.lamp.welcome_back(5012, 5025)
            await asyncio.sleep(1)

    with logging_to_stderr():
        run_virtual(scenario())
    told = [line.partition(": ")[2] for line in capfd.readouterr().err.splitlines()]
    assert told == ["1,000 likes in all: the lamp celebrates"]


def test_a_pause_holds_likes_and_their_receipts_back_and_loses_none() -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.lamp.likes(2, 2)
            await asyncio.sleep(1)  # its glow is still there while the next ones come
            kitchen.lamp.hold(Hold.PAUSED)
            kitchen.lamp.likes(3, 5)
            kitchen.lamp.welcome_back(1, 6)
            await asyncio.sleep(600)
            assert kitchen.lights.frame == QUIET
            assert [total for total, _ in kitchen.lit] == [2]

            kitchen.lamp.thanks()  # the crew's own hand is answered all the same
            await asyncio.sleep(0.4)
            assert kitchen.lights.frame.level > QUIET.level + 0.2

            released = kitchen.time()
            kitchen.lamp.release(Hold.PAUSED)
            await asyncio.sleep(20)
            (_, (total, at)) = kitchen.lit
            assert total == 6
            assert released < at < released + 1
            assert kitchen.lights.frame == QUIET

    run_virtual(scenario())


def test_a_like_of_a_pause_is_not_called_lit_by_the_glow_of_an_older_one() -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.lamp.likes(10_000, 25_000)
            await asyncio.sleep(0.5)
            kitchen.lamp.hold(Hold.PAUSED)
            kitchen.lamp.likes(1, 25_001)
            await asyncio.sleep(0.5)
            assert [total for total, _ in kitchen.lit] == [25_000]
            kitchen.lamp.release(Hold.PAUSED)
            ends = kitchen.time() + 8
            await asyncio.sleep(8)
            assert kitchen.lit[-1] == (25_001, pytest.approx(ends - 8, abs=0.1))
            # A glow of its own: the old one alone would be over by now.
            assert kitchen.lamp.frame.level > QUIET.level + 0.02

    run_virtual(scenario())


@pytest.mark.parametrize("why", [Hold.MUTED, Hold.OFF])
def test_a_lamp_that_is_muted_or_off_shows_nothing_and_owes_everything(why: Hold) -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.lamp.likes(10_000, 25_000)
            await asyncio.sleep(0.5)
            kitchen.lamp.hold(why)
            await asyncio.sleep(3)
            rest = QUIET.level if why is Hold.MUTED else 0.0
            assert kitchen.lights.frame.level == rest

            quiet_since = kitchen.time()
            kitchen.lamp.likes(1, 25_001)
            kitchen.lamp.note()
            kitchen.lamp.thanks()
            kitchen.lamp.felt()
            await asyncio.sleep(60)
            assert all(f.level == rest for at, f in kitchen.lights.history if at >= quiet_since)
            assert [total for total, _ in kitchen.lit] == [25_000]

            kitchen.lamp.release(why)
            await asyncio.sleep(20)
            assert [total for total, _ in kitchen.lit] == [25_000, 25_001]
            assert kitchen.lights.frame == QUIET

    run_virtual(scenario())


def test_by_night_the_base_is_dark_and_likes_are_lit_all_the_same() -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.darkest = 0.0
            kitchen.lamp.set_dim(0.01)
            await asyncio.sleep(5)
            assert kitchen.lights.frame.level == 0
            kitchen.lamp.likes(1, 1)
            await asyncio.sleep(0.5)
            assert [total for total, _ in kitchen.lit] == [1]
            assert 0.1 < kitchen.lights.frame.level < 0.2
            await asyncio.sleep(10)
            assert kitchen.lights.frame.level == 0

            kitchen.lamp.set_dim(0.0)
            kitchen.lamp.likes(1, 2)
            await asyncio.sleep(60)
            assert [total for total, _ in kitchen.lit] == [1]
            kitchen.lamp.set_dim(1.0)
            await asyncio.sleep(60)
            assert [total for total, _ in kitchen.lit] == [1, 2]
            assert kitchen.lights.frame == QUIET

    run_virtual(scenario())


@pytest.mark.parametrize("base", Base)
@pytest.mark.parametrize("dim", [1.0, 0.3])
def test_a_press_is_felt_within_50_ms(base: Base, dim: float) -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.lamp.set_base(base)
            kitchen.lamp.set_dim(dim)
            await asyncio.sleep(5)
            rest, pressed = kitchen.lights.frame.level, kitchen.time()
            kitchen.lamp.felt()
            await asyncio.sleep(3)
            assert kitchen.risen_at(pressed, rest) - pressed <= 0.05
            assert max(f.level for t, f in kitchen.lights.history if t >= pressed) <= rest + 0.17
            assert kitchen.lights.frame.level == rest

    run_virtual(scenario())


def test_a_milestone_is_celebrated_once_and_not_again_after_a_restart() -> None:
    def celebrated(kitchen: Kitchen, since: float) -> bool:
        highest = max(f.level for at, f in kitchen.lights.history if at >= since)
        return highest > QUIET.level + 0.7

    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            began = kitchen.time()
            for total, special in ((99, False), (100, True), (101, False), (999, False)):
                since = kitchen.time()
                kitchen.lamp.likes(1, total)
                await asyncio.sleep(15)
                assert celebrated(kitchen, since) is special, total
            assert flashes_in_worst_second(kitchen.history) <= 2
            assert kitchen.time() - began < 61

        async with Kitchen().open() as restarted:
            # The device knows that 100 was lit: what is left over begins above it.
            since = restarted.time()
            restarted.lamp.welcome_back(899, 999)
            await asyncio.sleep(15)
            assert not celebrated(restarted, since)
            restarted.lamp.welcome_back(5, 1_004)
            await asyncio.sleep(15)
            assert celebrated(restarted, since)

    run_virtual(scenario())


def test_a_milestone_that_a_broken_lamp_missed_is_celebrated_when_it_is_back() -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.lights.broken = True
            kitchen.lamp.likes(1, 100)
            for total in range(101, 131):
                await asyncio.sleep(1)
                kitchen.lamp.likes(1, total)
            kitchen.lights.broken = False
            await asyncio.sleep(60)
            assert max(f.level for _, f in kitchen.frames) > QUIET.level + 0.7

    run_virtual(scenario())


def test_what_is_played_to_try_the_lamp_counts_for_nothing() -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            for name in EFFECTS:
                kitchen.lamp.play(name)
                await asyncio.sleep(0.5)
                assert kitchen.lamp.frame != QUIET
                await asyncio.sleep(12)
                assert kitchen.lights.frame == QUIET
            plan = kitchen.lamp.test()
            assert {one.effect.name for one in plan} == set(EFFECTS)
            for one in plan:
                await asyncio.sleep(one.effect.seconds / 2)
                assert kitchen.lamp.frame != QUIET
                await asyncio.sleep(one.effect.seconds / 2 + 0.5)
                assert kitchen.lights.frame == QUIET
                await asyncio.sleep(0.1)
            assert kitchen.lit == []
            assert MILESTONE.name in {one.effect.name for one in plan}
            kitchen.lamp.test()
            await asyncio.sleep(3)
            before = kitchen.lamp.frame
            kitchen.lamp.test()  # starts again, without a jump
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert kitchen.lamp.frame.level == pytest.approx(before.level, abs=0.05)
            await asyncio.sleep(plan[-1].starts_s + 10)
            assert kitchen.lights.frame == QUIET
            with pytest.raises(UnknownEffect):
                kitchen.lamp.play("strobe")

    run_virtual(scenario())


@pytest.mark.parametrize("dimmable", [True, False])
def test_quiet_hours_dim_the_lamp_and_the_morning_ends_that(dimmable: bool) -> None:
    async def scenario() -> None:
        async with Kitchen().open() as kitchen:
            kitchen.darkest = 0.0
            quiet = True
            async with asyncio.TaskGroup() as group:
                night = group.create_task(
                    Night(kitchen.lamp, lambda: quiet, dimmable=dimmable).run()
                )
                await asyncio.sleep(5)
                assert kitchen.lights.frame.level == 0
                kitchen.lamp.likes(1, 1)
                await asyncio.sleep(15)
                # What a relay's lamp can't say faintly waits until the morning.
                assert [total for total, _ in kitchen.lit] == ([1] if dimmable else [])
                written = len(kitchen.lights.history)
                await asyncio.sleep(3600)
                assert len(kitchen.lights.history) == written
                quiet = False
                await asyncio.sleep(30)
                assert [total for total, _ in kitchen.lit] == [1]
                assert kitchen.lights.frame == QUIET
                night.cancel()

    run_virtual(scenario())
