"""What a driver or its library raises, expected or not, costs its own part alone."""

from collections.abc import AsyncGenerator, Callable

import pytest
from PIL import Image

from likelight_hw import registry
from likelight_hw.guarded import GuardedButton, GuardedDisplay, GuardedIndicator, GuardedLights
from likelight_hw.lamps.governor import FlashGovernor
from likelight_hw.lamps.group import LampGroup, LampSlot
from likelight_hw.panels import PANELS
from likelight_hw.ports import Display, HardwareError, LightFrame
from likelight_hw.sim.button import SimButton
from likelight_hw.sim.display import SimDisplay
from likelight_hw.sim.indicator import SimIndicator
from likelight_hw.sim.lights import SimLights
from likelight_hw.wiring import LampWiring

WHITE = LightFrame(1.0, (255, 255, 255))
OLED = PANELS["oled-1.3"].info

RAISED = [
    OSError(121, "Remote I/O error"),
    ImportError("No module named 'lgpio'"),
    AttributeError("'NoneType' object has no attribute 'write'"),
    KeyError(18),
    ValueError("image must match mode 1"),
    ZeroDivisionError(),
    type("error", (Exception,), {})("GPIO busy"),  # lgpio's own class
]
every_exception = pytest.mark.parametrize("raised", RAISED, ids=lambda error: type(error).__name__)


class Fails:
    """Raises `error` at everything but `close`."""

    simulated = False
    info = OLED

    def __init__(self, error: Exception) -> None:
        self.error = error

    @property
    def lit(self) -> bool:
        raise self.error

    def set(self, on: bool) -> None:
        raise self.error

    def write(self, frame: LightFrame) -> LightFrame:
        raise self.error

    async def show(self, image: Image.Image) -> None:
        raise self.error

    async def set_brightness(self, level: float) -> None:
        raise self.error

    async def edges(self) -> AsyncGenerator[bool, None]:
        raise self.error
        yield True

    def close(self) -> None: ...


def raising(error: Exception) -> Callable[[], Fails]:
    def open_part() -> Fails:
        raise error

    return open_part


@every_exception
def test_a_lamp_that_fails_leaves_the_others_lit(raised: Exception) -> None:
    well = SimLights(lambda: 0.0)
    slots = [
        LampSlot(False, lambda: GuardedLights(lambda: Fails(raised))),
        LampSlot(False, lambda: GuardedLights(raising(raised))),
        LampSlot(True, lambda: well),
    ]
    lamp = LampGroup(slots, lambda: 0.0)
    assert lamp.write(WHITE) == WHITE
    assert well.frame == WHITE


@every_exception
def test_an_on_air_light_that_fails_says_which_part_and_what(raised: Exception) -> None:
    for light in (GuardedIndicator(lambda: Fails(raised)), GuardedIndicator(raising(raised))):
        with pytest.raises(HardwareError, match="the on-air light's driver failed"):
            light.set(True)
        with pytest.raises(HardwareError, match=type(raised).__name__):
            _ = light.lit


@every_exception
async def test_a_panel_that_fails_says_which_part_and_what(raised: Exception) -> None:
    for panel in (
        GuardedDisplay(OLED, lambda: _panel(raised)),
        GuardedDisplay(OLED, raising(raised)),  # type: ignore[arg-type]  it never returns
    ):
        with pytest.raises(HardwareError, match="the panel's driver failed"):
            await panel.show(Image.new("1", (OLED.width, OLED.height)))
        with pytest.raises(HardwareError, match="the panel's driver failed"):
            await panel.set_brightness(0.5)


def _panel(raised: Exception) -> Display:
    class Panel(SimDisplay):
        async def show(self, image: Image.Image) -> None:
            raise raised

        async def set_brightness(self, level: float) -> None:
            raise raised

    return Panel(OLED)


@every_exception
async def test_a_button_that_fails_says_which_part_and_what(raised: Exception) -> None:
    for button in (GuardedButton(lambda: Fails(raised)), GuardedButton(raising(raised))):
        with pytest.raises(HardwareError, match="the button's driver failed"):
            await anext(button.edges())


async def test_a_part_that_comes_later_works_then() -> None:
    there = False

    def later() -> SimIndicator:
        if not there:
            raise ImportError("No module named 'gpiozero'")
        return SimIndicator()

    light = GuardedIndicator(later)
    with pytest.raises(HardwareError):
        light.set(True)
    there = True
    light.set(True)
    assert light.lit


async def test_what_a_driver_says_itself_is_not_changed() -> None:
    light = GuardedIndicator(raising(HardwareError("pin 23 is taken; free it")))
    with pytest.raises(HardwareError, match=r"^pin 23 is taken; free it$"):
        light.set(True)


async def test_a_guarded_button_passes_edges_on_and_releases_its_driver() -> None:
    closed = False

    class Contacts(SimButton):
        async def edges(self) -> AsyncGenerator[bool, None]:
            nonlocal closed
            try:
                yield True
                yield False
            finally:
                closed = True

    edges = GuardedButton(Contacts).edges()
    assert await anext(edges) is True
    await edges.aclose()
    assert closed


def test_the_registry_guards_every_real_driver() -> None:
    # There is no pin here, and perhaps no library: the group takes it for a lamp that is absent.
    lights = registry.open_lights([LampWiring("pwm", pin=18)], lambda: 0.0)
    assert isinstance(lights, FlashGovernor)
    with pytest.raises(HardwareError):
        lights.write(WHITE)
