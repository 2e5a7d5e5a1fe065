"""A lamp that only knows on and off is on for gestures, and off for the base behind them."""

import pytest

from likelight.appreciation.lamp.effects import NOTE, THANKS, Base, Effect
from likelight.appreciation.lamp.scene import Scene
from likelight_hw.ports import LightFrame
from likelight_hw.rpi.lamps import OnOffLamp
from support.pi import PI_4, pi


def is_on_for(frame: LightFrame) -> bool:
    with pi(PI_4) as header:
        lamp = OnOffLamp(24, lambda: 0.0)
        lamp.write(frame)
        on = header.duty(24) == 1
        lamp.close()
    return on


@pytest.mark.parametrize("base", Base)
def test_the_base_layer_leaves_it_off(base: Base) -> None:
    assert not is_on_for(Scene().with_base(base, 0.0).frame(10.0))


@pytest.mark.parametrize("base", Base)
def test_one_like_switches_it_on(base: Base) -> None:
    assert is_on_for(Scene().with_base(base, 0.0).with_likes(1, 10.0).frame(10.5))


@pytest.mark.parametrize("gesture", [NOTE, THANKS], ids=["note", "thanks"])
@pytest.mark.parametrize("base", [Base.QUIET, Base.ON_AIR, Base.PRIVATE])
def test_a_note_and_a_thanks_switch_it_on(base: Base, gesture: Effect) -> None:
    scene = Scene().with_base(base, 0.0).with_effect(gesture, 10.0)
    assert any(is_on_for(scene.frame(10.0 + tenths / 10)) for tenths in range(20))
