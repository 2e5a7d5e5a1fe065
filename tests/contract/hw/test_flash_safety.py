"""What the pins of every driver really got, judged by the independent counter of flashes."""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from likelight_hw.lamps.governor import FlashGovernor
from likelight_hw.lamps.group import LampGroup, LampSlot
from likelight_hw.ports import DARK, HardwareError, LightFrame, Lights
from support.asked import TICK, frames, sequences, waits
from support.flashes import Light, flashes_in_worst_second, is_saturated_red, red_changes
from support.lamps import COLOURED, NAMES, SWITCHED, lamp_rig

Steps = list[tuple[float, LightFrame]]
Seen = list[tuple[float, Light]]

WHITE = LightFrame(1.0, (255, 255, 255))
HALF = LightFrame(0.5, (255, 255, 255))
GREEN = LightFrame(1.0, (0, 255, 0))
DARK_BLUE = LightFrame(1.0, (0, 0, 90))
STROBE = [(TICK, (WHITE, LightFrame(0.0, (0, 0, 0)))[i // 7 % 2]) for i in range(150)]
COLOUR_STROBE = [(TICK, (GREEN, DARK_BLUE)[i // 9 % 2]) for i in range(150)]
# Between 22.5 and 31 % light lies a change that no governor need hold back, but rounding widens.
SHALLOW = [
    (TICK, (LightFrame(0.5455, (255, 255, 255)), LightFrame(0.6245, (255, 255, 255)))[i // 9 % 2])
    for i in range(150)
]

# The pins of the boards differ in nothing that a lamp could show.
ON_A_PI_5 = [name for name in NAMES if name.endswith("pi-5")]


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def played(
    lights: Lights, clock: Clock, steps: Steps, seen: Callable[[], Light]
) -> list[tuple[float, Light]]:
    """Write `steps` through a governor; return what came out, and when."""
    governed = FlashGovernor(lights, clock)
    history: Seen = [(-math.inf, seen())]
    for wait, frame in steps:
        clock.now += wait
        try:
            governed.write(frame)
        except HardwareError:
            assert seen() == (0, 0, 0)
        history.append((clock.now, seen()))
    return history


@pytest.mark.parametrize("name", ON_A_PI_5)
@settings(max_examples=25, deadline=None)
@given(steps=sequences)
@example(STROBE)
@example(COLOUR_STROBE)
@example(SHALLOW)
def test_no_driver_makes_a_flash_of_what_the_governor_let_pass(name: str, steps: Steps) -> None:
    clock = Clock()
    with lamp_rig(name, clock) as rig:
        history = played(rig.lamp, clock, steps, rig.light)

    assert flashes_in_worst_second(history) <= 2
    if name in COLOURED:
        assert not any(is_saturated_red(light) for _, light in history)
        assert red_changes(history) == 0


@pytest.mark.parametrize("name", [name for name in ON_A_PI_5 if name in SWITCHED])
@settings(max_examples=25, deadline=None)
@given(steps=sequences)
@example(STROBE)
def test_a_relay_changes_once_in_two_seconds(name: str, steps: Steps) -> None:
    clock = Clock()
    with lamp_rig(name, clock) as rig:
        history = played(rig.lamp, clock, steps, rig.light)

    changes = [at for (_, before), (at, after) in pairwise(history) if before != after]
    assert all(later - at >= 2.0 for at, later in pairwise(changes))


@pytest.mark.parametrize("frame", [WHITE, LightFrame(1.0, (0, 0, 60))], ids=["white", "dark-blue"])
@pytest.mark.parametrize("name", ON_A_PI_5)
def test_no_lamp_strobes_that_is_closed_and_opened_over_and_over(
    name: str, frame: LightFrame
) -> None:
    clock, history = Clock(), list[tuple[float, Light]]()
    with ExitStack() as stack:
        rigs = [stack.enter_context(lamp_rig(name, clock))]

        def open_again() -> Lights:
            rigs.append(stack.enter_context(lamp_rig(name, clock)))
            return rigs[-1].lamp

        governed = FlashGovernor(LampGroup([LampSlot(True, open_again)], clock), clock)
        for _ in range(30):
            for _ in range(8):
                clock.now += TICK
                governed.write(frame)
                history.append((clock.now, rigs[-1].light()))
            governed.close()
            history.append((clock.now, (0.0, 0.0, 0.0)))

    assert flashes_in_worst_second([(-math.inf, (0.0, 0.0, 0.0)), *history]) <= 2


class Loose:
    """A lamp whose plug is pulled and put back."""

    simulated = True

    def __init__(self, lamp: Lights) -> None:
        self.lamp = lamp
        self.out = False

    def open(self) -> Lights:
        if self.out:
            raise HardwareError("no plug")
        return self

    def write(self, frame: LightFrame) -> LightFrame:
        if self.out:
            raise HardwareError("no plug")
        return self.lamp.write(frame)

    def close(self) -> None:
        self.lamp.write(LightFrame(0.0, (0, 0, 0)))


@contextmanager
def room(clock: Clock) -> Iterator[tuple[list[Loose], list[Callable[[], Light]]]]:
    """Three lamps of three kinds, and the light of each."""
    with ExitStack() as stack:
        rigs = [
            stack.enter_context(lamp_rig(name, clock))
            for name in ("sysfs@pi-5", "ws2812@pi-5", "rgb@pi-5")
        ]

        yield [Loose(rig.lamp) for rig in rigs], [rig.light for rig in rigs]


def of_all(lights: list[Callable[[], Light]]) -> Light:
    """The light of the room: each lamp gives a share of it."""
    red, green, blue = zip(*(light() for light in lights), strict=True)
    return sum(red) / len(lights), sum(green) / len(lights), sum(blue) / len(lights)


@settings(max_examples=25, deadline=None)
@given(steps=sequences)
@example(STROBE)
@example(COLOUR_STROBE)
@example(SHALLOW)
def test_several_lamps_under_one_governor_are_one_light(steps: Steps) -> None:
    clock = Clock()
    with room(clock) as (lamps, lights):
        group = LampGroup([LampSlot(True, lamp.open) for lamp in lamps], clock)
        history = played(group, clock, steps, lambda: of_all(lights))

    assert flashes_in_worst_second(history) <= 2
    assert not any(is_saturated_red(seen) for _, seen in history)


# A lamp comes back while the others shine, which then fall on, rise and fall.
COMES_BACK = [
    (TICK, frame, 1, out)
    for ticks, frame, out in [
        (25, WHITE, False),
        (10, HALF, True),
        (60, HALF, False),
        (8, DARK, False),
        (10, WHITE, False),
        (10, DARK, False),
    ]
    for _ in range(ticks)
]

plugs = st.lists(st.tuples(waits, frames, st.integers(0, 2), st.booleans()), max_size=60)


@settings(max_examples=40, deadline=None)
@given(plugs)
@example([(TICK, WHITE, 0, i % 2 == 0) for i in range(150)])
@example(COMES_BACK)
def test_a_plug_that_comes_and_goes_makes_no_strobe(
    steps: list[tuple[float, LightFrame, int, bool]],
) -> None:
    clock = Clock()
    dark = (0.0, 0.0, 0.0)
    with room(clock) as (lamps, lights):
        governed = FlashGovernor(
            LampGroup([LampSlot(True, lamp.open) for lamp in lamps], clock), clock
        )
        history: Seen = [(-math.inf, of_all(lights))]
        # What each lamp shows from one loss to the next.
        lives: list[list[Seen]] = [[[(-math.inf, dark)]] for _ in lamps]
        for wait, frame, which, out in steps:
            clock.now += wait
            lamps[which].out = out
            with suppress(HardwareError):
                governed.write(frame)
            history.append((clock.now, of_all(lights)))
            for lamp, light, life in zip(lamps, lights, lives, strict=True):
                if lamp.out:
                    life.append([(clock.now, dark)])
                else:
                    life[-1].append((clock.now, light()))

    for life in lives:
        assert all(flashes_in_worst_second(seen) <= 2 for seen in life)
    # Losing the light is a fall that nobody can hold back.
    assert flashes_in_worst_second(history) <= 3
