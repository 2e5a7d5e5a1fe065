"""Rounding to whole steps keeps what glows aglow, and amber from turning red."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from likelight_hw.rpi.steps import gpiozero_value, whole_steps

duty = st.one_of(st.floats(0, 1), st.floats(0, 0.05))


@pytest.mark.parametrize(
    ("duties", "whole"),
    [
        ((0.0,), (0,)),
        ((0.001,), (1,)),
        ((0.184,), (18,)),
        ((1.0,), (100,)),
        ((0.007, 0.004, 0.002), (1, 1, 0)),
        ((0.10, 0.013, 0.014), (10, 1, 2)),
        ((0.10, 0.50, 0.90), (10, 50, 90)),
    ],
)
def test_some_of_them(duties: tuple[float, ...], whole: tuple[int, ...]) -> None:
    assert whole_steps(duties, 100) == whole


@given(duty, duty, duty, st.sampled_from([100, 255]))
def test_no_allowed_colour_becomes_a_saturated_red(
    red: float, green: float, blue: float, steps: int
) -> None:
    assume(red <= 3.9 * (green + blue))
    r, g, b = whole_steps((red, green, blue), steps)

    assert r == 0 or r / (r + g + b) < 0.8
    assert max(r, g, b) <= steps
    assert (r, g, b) != (0, 0, 0) or red + green + blue == 0
    # What the governor's margin of 1.5 % allows for.
    light = 0.2126 * (r - red * steps) + 0.7152 * (g - green * steps) + 0.0722 * (b - blue * steps)
    assert abs(light) < 1


@pytest.mark.parametrize("percent", range(101))
def test_lgpio_gets_the_percent_that_was_meant(percent: int) -> None:
    assert int(gpiozero_value(percent) * 100) == percent
    assert int((1 - gpiozero_value(percent, active_low=True)) * 100) == 100 - percent
