"""The counter that judges the governor, judged itself."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likelight_hw.ports import DARK, LightFrame
from support.flashes import (
    BRIGHT,
    CHANGE,
    flashes_in_worst_second,
    is_saturated_red,
    luminance,
    opposing_changes,
    red_changes,
)

WHITE = LightFrame(1.0, (255, 255, 255))
RED = LightFrame(1.0, (255, 0, 0))


def strobe(hertz: float, seconds: float) -> list[tuple[float, LightFrame]]:
    half = 0.5 / hertz
    return [(i * half, (DARK, WHITE)[i % 2]) for i in range(int(seconds / half))]


@pytest.mark.parametrize(("hertz", "pairs"), [(0.4, 0), (1, 2), (2, 4), (5, 10)])
def test_a_strobe_has_its_flashes_and_their_overlaps(hertz: float, pairs: int) -> None:
    # At 1 Hz a closed second holds three opposing changes: two overlapping pairs.
    assert flashes_in_worst_second(strobe(hertz, 5)) == pairs


def test_changes_above_80_percent_or_below_10_percent_are_no_flashes() -> None:
    assert opposing_changes([0.81, 0.95, 0.82, 0.99, 0.81]) == 0
    assert opposing_changes([0.30, 0.39, 0.30, 0.39, 0.30]) == 0
    assert opposing_changes([0.30, 0.35, 0.41, 0.36, 0.30]) == 2


def test_luminance_knows_white_black_and_middle_grey() -> None:
    assert luminance(WHITE) == pytest.approx(1.0)
    assert luminance(DARK) == 0.0
    assert luminance(LightFrame(0.5, (255, 255, 255))) == pytest.approx(0.184187, abs=1e-6)


def test_red_is_saturated_and_red_to_dark_a_red_change() -> None:
    assert is_saturated_red(RED)
    assert not is_saturated_red(WHITE)
    assert not is_saturated_red(DARK)
    assert red_changes([(0, DARK), (1, RED), (2, WHITE), (3, DARK)]) == 2


@given(st.lists(st.sampled_from([0.0, 0.05, 0.1, 0.15, 0.5, 0.79, 0.85, 0.95]), min_size=1))
def test_counting_on_the_fly_finds_the_longest_alternation(values: list[float]) -> None:
    @cache
    def longest(last: int, rising: bool) -> int:
        """Opposing changes of the longest chain that ends with this change, by brute force."""
        best = 0
        for before in range(last):
            change = values[last] - values[before]
            big = abs(change) >= CHANGE and min(values[last], values[before]) < BRIGHT
            if big and (change > 0) == rising:
                best = max(best, 1 + longest(before, not rising))
        return best

    ends = [(last, way) for last in range(len(values)) for way in (True, False)]
    assert opposing_changes(values) == max(longest(*end) for end in ends)
