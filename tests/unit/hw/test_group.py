"""Several lamps as one: what fails costs nobody but itself."""

import logging

import pytest

from likelight_hw.lamps.governor import FRAME_S
from likelight_hw.lamps.group import GovernedLamps, LampGroup, LampSlot
from likelight_hw.ports import DARK, HardwareError, LightFrame, Lights
from likelight_hw.sim.lights import SimLights

GLOW = LightFrame(0.5, (255, 217, 160))


class Bench:
    """Two lamps, of which any may be absent, and the clock in the tester's hand."""

    def __init__(self, *, absent: tuple[int, ...] = ()) -> None:
        self.now = 0.0
        self.lamps = [SimLights(lambda: self.now), SimLights(lambda: self.now)]
        self.tries = [0, 0]
        for index in absent:
            self.lamps[index].broken = True
        self.slots = [LampSlot(True, lambda: self._open(0)), LampSlot(True, lambda: self._open(1))]
        self.group = LampGroup(self.slots, lambda: self.now)

    def _open(self, index: int) -> Lights:
        self.tries[index] += 1
        if self.lamps[index].broken:
            raise HardwareError(f"lamp {index} is unplugged")
        return self.lamps[index]

    def write_for(self, seconds: float, frame: LightFrame) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.now += FRAME_S
            self.group.write(frame)

    def shows(self) -> list[LightFrame]:
        return [lamp.frame for lamp in self.lamps]


def test_all_of_them_show_the_same() -> None:
    bench = Bench()
    assert bench.group.write(GLOW) == GLOW
    assert bench.shows() == [GLOW, GLOW]
    bench.group.close()
    bench.group.close()
    assert bench.shows() == [DARK, DARK]
    bench.group.write(GLOW)
    assert bench.shows() == [GLOW, GLOW]


def test_a_lamp_that_is_absent_at_the_start_joins_when_it_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    bench = Bench(absent=(1,))
    assert bench.group.write(GLOW) == GLOW
    bench.lamps[1].broken = False
    bench.group.write(GLOW)
    assert bench.shows() == [GLOW, DARK]
    bench.now = 1.0
    bench.group.write(GLOW)
    assert bench.shows()[0] == GLOW
    assert 0 < bench.shows()[1].level < GLOW.level
    bench.write_for(0.2, GLOW)
    assert bench.shows() == [GLOW, GLOW]
    assert caplog.messages == [
        "One lamp does not answer: lamp 1 is unplugged. The others go on",
        "A lamp that was lost answers again",
    ]


def test_a_lamp_that_comes_back_is_held_back_until_it_goes_with_the_others() -> None:
    bench = Bench()
    bench.lamps[1].broken = True
    bench.write_for(0.5, GLOW)
    bench.lamps[1].broken = False
    bench.write_for(2.0, GLOW)
    assert bench.shows() == [GLOW, GLOW]
    # From here on nothing but the governor above them holds it back.
    bench.group.write(DARK)
    assert bench.shows() == [DARK, DARK]


def test_a_lamp_that_fails_is_logged_once_and_tried_with_back_off(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    bench.lamps[0].broken = True
    for _ in range(7000):
        bench.now += 0.02
        assert bench.group.write(GLOW) == GLOW
    # After 1, 2, 4, 8, 16 and 30 s, and every 30 s from then on, of 140.
    assert bench.tries == [1 + 8, 1]
    assert len(caplog.records) == 1


def test_a_loose_plug_does_not_shorten_the_back_off() -> None:
    bench = Bench()
    for _ in range(3000):
        bench.now += 0.02
        bench.lamps[0].broken = not bench.lamps[0].broken
        bench.group.write(GLOW)
    assert bench.tries[0] <= 7


def test_a_driver_that_raises_when_it_is_closed_keeps_no_other_lit(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Torn(SimLights):
        def close(self) -> None:
            raise OSError("bad file descriptor")

    good = SimLights(lambda: 0.0)
    group = LampGroup([LampSlot(True, Torn), LampSlot(True, lambda: good)], lambda: 0.0)
    group.write(GLOW)
    group.close()
    assert good.frame == DARK
    assert caplog.messages == ["A lamp may still be on: bad file descriptor"]
    assert caplog.records[0].exc_info, "a driver's own mistake comes with where it was made"


def test_when_none_is_left_all_reasons_are_reported_and_all_are_tried() -> None:
    bench = Bench(absent=(0, 1))
    with pytest.raises(HardwareError, match="lamp 0 is unplugged; lamp 1 is unplugged"):
        bench.group.write(GLOW)
    bench.lamps[1].broken = False
    assert bench.group.write(GLOW) == GLOW


def test_it_is_simulated_only_if_no_real_lamp_is_in_it() -> None:
    def open_it() -> Lights:
        return SimLights()

    assert LampGroup([LampSlot(True, open_it)], lambda: 0.0).simulated
    assert not LampGroup([LampSlot(True, open_it), LampSlot(False, open_it)], lambda: 0.0).simulated


def test_a_lamp_that_holds_back_has_the_word() -> None:
    class Relay(SimLights):
        def write(self, frame: LightFrame) -> LightFrame:
            return DARK

    group = LampGroup([LampSlot(True, SimLights), LampSlot(True, Relay)], lambda: 0.0)
    assert group.write(GLOW) == DARK


def test_one_lamp_alone_and_no_other_lights_up_and_what_it_lacks_is_its_own() -> None:
    bench = Bench(absent=(1,))
    governed = GovernedLamps(bench.slots, lambda: bench.now)

    def lead(goal: LightFrame, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_S)):
            bench.now += FRAME_S
            governed.write(goal)

    governed.solo(1)
    with pytest.raises(HardwareError, match="lamp 1 is unplugged"):
        governed.write(GLOW)
    governed.solo(0)
    lead(GLOW, 2)
    assert bench.shows() == [GLOW, DARK]
    # The one that was lit goes dark at once, and no other one lights up within a second of that.
    bench.lamps[1].broken = False
    governed.solo(1)
    assert bench.shows() == [DARK, DARK]
    lead(GLOW, 0.9)
    assert bench.shows() == [DARK, DARK]
    lead(GLOW, 40)
    assert bench.shows() == [DARK, GLOW]
    governed.solo(None)
    lead(GLOW, 3)
    assert bench.shows() == [GLOW, GLOW]
