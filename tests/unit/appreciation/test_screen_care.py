"""How bright a panel is when: a pure decision."""

from typing import Any

import pytest

from likelight.appreciation.screens.care import (
    DAY,
    DAY_BURNS_IN,
    LOOK_EVERY_S,
    READABLE,
    REST_AFTER_S,
    brightness,
)

CALM: dict[str, Any] = {
    "burns_in": False,
    "quiet": False,
    "night": 0.3,
    "attended": False,
    "still_s": 0.0,
    "needed": False,
}
OLED = {"burns_in": True}
LONG = {"still_s": REST_AFTER_S + 1}


@pytest.mark.parametrize(
    ("how", "level"),
    [
        ({}, DAY),
        (LONG, DAY),
        (OLED, DAY_BURNS_IN),
        (OLED | LONG, 0.0),
        (OLED | LONG | {"attended": True}, DAY_BURNS_IN),
        (OLED | LONG | {"needed": True}, 0.0),
        (OLED | {"needed": True, "still_s": REST_AFTER_S + LOOK_EVERY_S - 1}, DAY_BURNS_IN),
        ({"quiet": True}, 0.3),
        ({"quiet": True, "night": 0.0}, 0.0),
        ({"quiet": True, "night": 0.0, "attended": True}, READABLE),
        (OLED | {"quiet": True}, 0.0),
        (OLED | {"quiet": True, "attended": True}, 0.3),
        (OLED | {"quiet": True, "attended": True, "night": 1.0}, DAY_BURNS_IN),
    ],
)
def test_a_panel_is_as_bright_as_the_hour_and_its_life_allow(
    how: dict[str, Any], level: float
) -> None:
    assert brightness(**(CALM | how)) == level
