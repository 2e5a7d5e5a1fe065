"""Whatever is asked of a lamp, an independent counter finds no strobe in what it shows."""

import math
from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from likelight_hw.lamps.governor import FlashGovernor, without_saturated_red
from likelight_hw.ports import DARK, HardwareError, LightFrame
from likelight_hw.sim.lights import SimLights
from support.asked import TICK, channels, frames, sequences
from support.flashes import flashes_in_worst_second, is_saturated_red, luminance, red_changes

WHITE = LightFrame(1.0, (255, 255, 255))
BLUE = LightFrame(1.0, (0, 0, 255))
RED = LightFrame(1.0, (255, 0, 0))


class Bench:
    """A governed lamp and the clock in the tester's hand."""

    def __init__(self) -> None:
        self.time = 100.0
        self.lamp = SimLights(lambda: self.time)
        self.governor = FlashGovernor(self.lamp, lambda: self.time)

    def play(self, steps: Iterable[tuple[float, LightFrame]]) -> "Bench":
        for wait, frame in steps:
            self.time += wait
            assert self.governor.write(frame) == self.lamp.frame
        return self

    def reach(self, frame: LightFrame, within: float) -> float:
        """Write `frame` at 50 Hz until it shows; return how long that took."""
        began = self.time
        while self.governor.write(frame) != frame:
            self.time += TICK
            assert self.time - began <= within, (self.lamp.frame, frame)
        return self.time - began

    @property
    def history(self) -> list[tuple[float, LightFrame]]:
        return [(-math.inf, DARK), *self.lamp.history]


@settings(max_examples=400, deadline=None)
@given(sequences)
@example([(TICK, (WHITE, DARK)[i // 7 % 2]) for i in range(250)])
@example([(TICK, (WHITE, BLUE)[i // 7 % 2]) for i in range(250)])
# Near the top an edge of 20 % of the luminance fits into one frame.
@example([(TICK, (WHITE, LightFrame(0.87, (255, 255, 255)))[i % 2]) for i in range(250)])
@example([(TICK, (RED, DARK)[i // 25 % 2]) for i in range(250)])
# Between orange and rose, neither of them saturated, lies a red that is.
@example(
    [(0.005, LightFrame(1.0, ((255, 140, 0), (255, 0, 140))[i // 40 % 2])) for i in range(250)]
)
def test_never_a_strobe_and_never_a_red_flash(steps: list[tuple[float, LightFrame]]) -> None:
    history = Bench().play(steps).history

    assert flashes_in_worst_second(history) <= 2
    assert not any(is_saturated_red(frame) for _, frame in history)
    assert red_changes(history) == 0


@settings(max_examples=100, deadline=None)
@given(sequences, frames)
@example([(0.3, (WHITE, DARK)[i % 2]) for i in range(20)], BLUE)
def test_what_was_held_back_comes(steps: list[tuple[float, LightFrame]], last: LightFrame) -> None:
    asked = LightFrame(last.level, without_saturated_red(last.rgb))

    Bench().play(steps).reach(asked, within=3.0)


@settings(max_examples=100, deadline=None)
@given(sequences)
def test_no_stretch_moves_faster_than_an_edge(steps: list[tuple[float, LightFrame]]) -> None:
    history = Bench().play(steps).history
    for start, (began, before) in enumerate(history):
        for at, after in history[start + 1 : start + 25]:
            assert abs(after.level - before.level) <= (at - began + 0.02) / 0.14 + 1e-9


@pytest.mark.parametrize("tick", [0.001, 0.004, 0.02, 0.05])
@pytest.mark.parametrize(("begin", "end"), [(DARK, WHITE), (WHITE, DARK), (WHITE, BLUE)])
def test_a_full_edge_takes_120_ms(begin: LightFrame, end: LightFrame, tick: float) -> None:
    bench = Bench()
    bench.reach(begin, within=1.0)
    bench.time += 60
    lit = [luminance(bench.lamp.frame)]
    while bench.lamp.frame != end:
        lit.append(luminance(bench.governor.write(end)))
        bench.time += tick

    # From the first change to the last, each seen at once.
    assert (len(lit) - 2) * tick >= 0.120 - 1e-9
    assert lit in (sorted(lit), sorted(lit, reverse=True))


def test_a_2_hz_strobe_is_held_but_a_slow_swell_is_not() -> None:
    strobe = Bench().play((TICK, (WHITE, DARK)[i // 13 % 2]) for i in range(500))
    assert flashes_in_worst_second(strobe.history) == 2

    swell = Bench()
    for i in range(500):
        level = 0.5 - 0.5 * math.cos(i * TICK * math.pi)
        swell.time += TICK
        asked = LightFrame(level, (255, 217, 160))
        assert swell.governor.write(asked) == asked


def test_a_third_turn_waits_until_more_than_a_second_has_passed_since_the_first() -> None:
    bench, fainter = Bench(), LightFrame(0.87, (255, 255, 255))  # one frame, and one turn, apart
    bench.reach(WHITE, within=1.0)
    bench.time = 200.0
    for seconds, frame in ((0.0, fainter), (0.5, WHITE)):
        bench.time = 200.0 + seconds
        assert bench.governor.write(frame) == frame
    bench.time = 201.0
    assert bench.governor.write(fainter) == WHITE, "a second has two ends, and both count"
    bench.time = 201.001
    assert luminance(bench.governor.write(fainter)) < luminance(WHITE)


def test_a_write_repeated_at_the_same_instant_does_not_move() -> None:
    bench = Bench()
    first = bench.governor.write(WHITE)
    assert bench.governor.write(WHITE) == first


@pytest.mark.parametrize("rgb", [(255, 0, 0), (200, 30, 30), (1, 0, 0), (128, 0, 60)])
def test_saturated_red_comes_out_paler_and_settles(rgb: tuple[int, int, int]) -> None:
    paler = without_saturated_red(rgb)
    assert paler[0] == rgb[0]
    assert not is_saturated_red(LightFrame(1.0, paler))
    assert without_saturated_red(paler) == paler
    Bench().reach(LightFrame(1.0, paler), within=1.0)


@given(st.tuples(channels, channels, channels))
def test_only_reds_are_touched(rgb: tuple[int, int, int]) -> None:
    out = without_saturated_red(rgb)
    assert not is_saturated_red(LightFrame(1.0, out))
    if rgb[0] <= rgb[1] + rgb[2]:
        assert out == rgb


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (LightFrame(7.0, (300, 999, 256)), WHITE),
        (LightFrame(-1.0, (255, 255, 255)), LightFrame(0.0, (255, 255, 255))),
        (LightFrame(math.nan, (-5, 0, 0)), DARK),
    ],
)
def test_what_no_lamp_can_show_is_clamped(asked: LightFrame, shown: LightFrame) -> None:
    bench = Bench()
    bench.play([(TICK, asked)] * 30)
    assert bench.lamp.frame == shown


def test_close_is_dark_at_once_and_opening_again_is_no_way_around() -> None:
    bench = Bench()
    for _ in range(20):
        bench.play([(TICK, WHITE)] * 10)
        bench.governor.close()
        bench.governor.close()
        assert bench.lamp.frame == DARK

    # A fall at close is not held back; the rises are.
    assert flashes_in_worst_second(bench.history) <= 2


def test_a_lamp_with_a_loose_plug_does_not_strobe() -> None:
    bench = Bench()
    for _ in range(40):
        bench.lamp.broken = True
        bench.time += TICK
        with pytest.raises(HardwareError):
            bench.governor.write(WHITE)
        bench.lamp.broken = False
        bench.play([(TICK, WHITE)] * 10)

    assert flashes_in_worst_second(bench.history) <= 2


def test_it_is_as_simulated_as_its_lamp() -> None:
    assert Bench().governor.simulated is True
