"""Perceived brightness, luminance and duty cycles against published values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likelight_hw.lamps.gamma import LINEAR, duty_cycles, lightness, luminance, relative_luminance
from likelight_hw.ports import LightFrame


@pytest.mark.parametrize(
    # L* of the grey card is the textbook pair; 8 is where the branches meet, at 216/24389.
    ("level", "y"),
    [(0.0, 0.0), (0.08, 216 / 24389), (0.494961, 0.18), (0.5, 0.184187), (1.0, 1.0)],
)
def test_lightness_is_cie_1976(level: float, y: float) -> None:
    assert luminance(level) == pytest.approx(y, abs=1e-6)
    assert lightness(y) == pytest.approx(level, abs=1e-6)


@given(st.floats(0, 1))
def test_lightness_undoes_luminance(level: float) -> None:
    assert lightness(luminance(level)) == pytest.approx(level, abs=1e-12)


@given(st.floats(0, 1), st.floats(0, 1))
def test_brighter_is_never_less_light(one: float, other: float) -> None:
    darker, brighter = sorted((one, other))
    assert luminance(darker) <= luminance(brighter)


def test_channels_are_srgb() -> None:
    assert (LINEAR[0], LINEAR[255]) == (0.0, 1.0)
    assert LINEAR[188] == pytest.approx(0.5029, abs=1e-4)
    assert list(LINEAR) == sorted(LINEAR)


def test_duty_cycles_are_linear_light() -> None:
    assert duty_cycles(LightFrame(1.0, (255, 188, 0))) == pytest.approx((1, 0.5029, 0), abs=1e-4)
    assert duty_cycles(LightFrame(0.5, (255, 0, 255))) == pytest.approx(
        (0.1842, 0, 0.1842), abs=1e-4
    )


def test_green_gives_most_of_white() -> None:
    primaries = [
        relative_luminance(LightFrame(1.0, rgb))
        for rgb in ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))
    ]
    assert primaries == pytest.approx([0.2126, 0.7152, 0.0722, 1.0])
