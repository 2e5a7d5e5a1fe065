"""One contract for every lamp, on-air light and button: simulated, on a Pi 4, on a Pi 5."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from likelight_hw.lamps.gamma import duty_cycles
from likelight_hw.lamps.governor import FlashGovernor
from likelight_hw.ports import DARK, Button, Indicator, LightFrame
from likelight_hw.rpi.button import PinButton
from likelight_hw.rpi.indicator import PinIndicator
from likelight_hw.sim.button import SimButton
from likelight_hw.sim.indicator import SimIndicator
from support.flashes import luminance
from support.lamps import COLOURED, DIMMED, NAMES, LampRig, lamp_rig
from support.pi import PI_4, PI_5, pi
from support.virtual import run_virtual

WHITE = LightFrame(1.0, (255, 255, 255))
WARM = LightFrame(0.8, (255, 217, 160))


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=NAMES)
def rig(request: pytest.FixtureRequest, clock: Clock) -> Iterator[LampRig]:
    with lamp_rig(request.param, clock) as made:
        yield made


def test_a_lamp_starts_in_the_dark_and_knows_what_it_is(
    rig: LampRig, request: pytest.FixtureRequest
) -> None:
    assert luminance(rig.light()) == 0
    assert rig.lamp.simulated is ("sim" in request.node.name)


def test_dark_is_dark_and_white_is_all_that_a_lamp_has(rig: LampRig, clock: Clock) -> None:
    assert rig.lamp.write(WHITE) == WHITE
    assert rig.light() == pytest.approx((1, 1, 1), abs=1e-3)
    clock.now += 10
    assert rig.lamp.write(DARK) == DARK
    assert rig.light() == (0, 0, 0)


@pytest.mark.parametrize("rig", DIMMED, indirect=True)
def test_perceived_brightness_becomes_a_duty_cycle_once(rig: LampRig) -> None:
    for level in (0.1, 0.29, 0.5, 0.57, 0.58, 0.9):
        frame = LightFrame(level, (255, 255, 255))
        rig.lamp.write(frame)
        # Half as bright is 18.4 % of the light.
        assert rig.light() == pytest.approx(duty_cycles(frame), abs=0.501 / rig.steps)


@pytest.mark.parametrize("rig", COLOURED, indirect=True)
def test_a_lamp_of_three_colours_shows_them(rig: LampRig) -> None:
    rig.lamp.write(WARM)
    assert rig.light() == pytest.approx(duty_cycles(WARM), abs=0.501 / rig.steps)


@pytest.mark.parametrize("rig", DIMMED, indirect=True)
def test_every_lamp_shows_a_colour_by_its_luminance(rig: LampRig) -> None:
    rig.lamp.write(WARM)
    assert luminance(rig.light()) == pytest.approx(luminance(WARM), abs=0.501 / rig.steps)


@pytest.mark.parametrize("rig", COLOURED, indirect=True)
def test_a_dim_amber_does_not_turn_red(rig: LampRig) -> None:
    rig.lamp.write(LightFrame(0.06, (255, 201, 138)))
    red, green, blue = rig.light()
    assert 0 < red < 4 * (green + blue)


def test_close_is_dark_at_once_and_leaves_the_wire_pulled_towards_off(rig: LampRig) -> None:
    rig.lamp.write(WHITE)
    rig.lamp.close()
    assert luminance(rig.light()) == 0
    assert rig.is_let_go()
    rig.lamp.close()


def test_a_governed_lamp_rises_all_the_way_and_says_so(rig: LampRig, clock: Clock) -> None:
    governed = FlashGovernor(rig.lamp, clock)
    began = clock.now
    while governed.write(WHITE) != WHITE:
        clock.now += 0.02
        assert clock.now < began + 3
    assert luminance(rig.light()) == pytest.approx(1, abs=1e-3)


@dataclass(frozen=True, slots=True)
class IndicatorRig:
    light: Indicator
    glows: Callable[[], bool]


@contextmanager
def _sim_indicator() -> Iterator[IndicatorRig]:
    sim = SimIndicator()
    yield IndicatorRig(sim, lambda: sim.lit)


@contextmanager
def _pin_indicator(revision: str, active_low: bool) -> Iterator[IndicatorRig]:
    with pi(revision) as header:
        light = PinIndicator(23, active_low=active_low)
        yield IndicatorRig(light, lambda: header.duty(23, active_low=active_low) > 0)
        light.close()


INDICATORS = {
    "sim": _sim_indicator,
    "pi-4": lambda: _pin_indicator(PI_4, False),
    "pi-5": lambda: _pin_indicator(PI_5, False),
    "pi-5-low": lambda: _pin_indicator(PI_5, True),
}


@pytest.fixture(params=INDICATORS)
def on_air(request: pytest.FixtureRequest) -> Iterator[IndicatorRig]:
    with INDICATORS[request.param]() as made:
        yield made


def test_an_on_air_light_is_off_until_it_is_switched_on(on_air: IndicatorRig) -> None:
    assert not on_air.light.lit
    assert not on_air.glows()


def test_an_on_air_light_is_what_it_says(on_air: IndicatorRig) -> None:
    for on in (True, True, False, False, True):
        on_air.light.set(on)
        assert on_air.light.lit is on_air.glows() is on


def test_a_closed_on_air_light_is_off(on_air: IndicatorRig) -> None:
    on_air.light.set(True)
    on_air.light.close()
    on_air.light.close()
    assert not on_air.light.lit
    assert not on_air.glows()


@dataclass(frozen=True, slots=True)
class ButtonRig:
    button: Button
    contacts: Callable[[bool], None]
    """Close them, or open them."""


@contextmanager
def _sim_button() -> Iterator[ButtonRig]:
    sim = SimButton()
    yield ButtonRig(sim, lambda closed: sim.hold() if closed else sim.release())


@contextmanager
def _pin_button(revision: str) -> Iterator[ButtonRig]:
    with pi(revision) as header:
        pin = header.pin(5)
        button = PinButton(5)
        yield ButtonRig(button, lambda closed: pin.drive_low() if closed else pin.drive_high())
        button.close()


BUTTONS = {
    "sim": _sim_button,
    "pi-4": lambda: _pin_button(PI_4),
    "pi-5": lambda: _pin_button(PI_5),
}


@pytest.fixture(params=BUTTONS)
def wired(request: pytest.FixtureRequest) -> Iterator[ButtonRig]:
    with BUTTONS[request.param]() as made:
        yield made


def _heard(wired: ButtonRig, act: Callable[[], Awaitable[None]]) -> list[tuple[float, bool]]:
    """The edges, and the seconds from the start at which they came, during `act` and after."""
    heard: list[tuple[float, bool]] = []

    async def listen() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        async for edge in wired.button.edges():
            heard.append((round(loop.time() - began, 3), edge))

    async def scenario() -> None:
        async with asyncio.TaskGroup() as group:
            listener = group.create_task(listen())
            await asyncio.sleep(0)
            await act()
            await asyncio.sleep(1)
            listener.cancel()

    run_virtual(scenario())
    return heard


def test_a_press_is_felt_at_once_and_its_end_when_the_contacts_are_calm(wired: ButtonRig) -> None:
    async def press() -> None:
        await asyncio.sleep(0.2)
        wired.contacts(True)
        await asyncio.sleep(0.3)
        wired.contacts(False)

    assert _heard(wired, press) == [(0.2, True), (0.55, False)]


def test_a_worn_contact_that_opens_under_a_thumb_is_not_a_second_press(wired: ButtonRig) -> None:
    async def press() -> None:
        wired.contacts(True)
        await asyncio.sleep(0.3)
        wired.contacts(False)
        await asyncio.sleep(0.02)
        wired.contacts(True)
        await asyncio.sleep(0.3)
        wired.contacts(False)

    assert [edge for _, edge in _heard(wired, press)] == [True, False]


def test_a_button_that_chatters_at_1_khz_is_one_press_and_one_release(wired: ButtonRig) -> None:
    async def chatter() -> None:
        for step in range(2001):
            wired.contacts(step % 2 == 0)
            await asyncio.sleep(0.001)
        wired.contacts(False)

    heard = _heard(wired, chatter)
    assert [edge for _, edge in heard] == [True, False]
    assert heard[0][0] == 0


def test_contacts_that_bounce_for_10_ms_are_one_press(wired: ButtonRig) -> None:
    async def bounce() -> None:
        for _ in range(3):
            for closed in (True, False, True, False, True):
                wired.contacts(closed)
                await asyncio.sleep(0.002)
            await asyncio.sleep(0.2)
            wired.contacts(False)
            await asyncio.sleep(0.2)

    assert [edge for _, edge in _heard(wired, bounce)] == [True, False] * 3


def test_a_button_can_be_listened_to_again(wired: ButtonRig) -> None:
    async def scenario() -> None:
        for _ in range(2):
            edges = wired.button.edges()
            first = asyncio.ensure_future(anext(edges))
            await asyncio.sleep(0.1)
            wired.contacts(True)
            assert await first is True
            wired.contacts(False)
            assert await anext(edges) is False
            await edges.aclose()  # type: ignore[attr-defined]

    run_virtual(scenario())
