"""What runs inside the virtual machine: our drivers on lgpio, and the kernel's own devices."""

import asyncio
import fcntl
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from likelight.config.settings import Config
from likelight.fleet.doctor import ioctls
from likelight.fleet.doctor.check import Result
from likelight.fleet.doctor.checks.service import watchdog_board
from likelight.fleet.doctor.system import System
from likelight_hw import registry
from likelight_hw.lamps.gamma import luminance
from likelight_hw.ports import DARK, HardwareError, LightFrame
from likelight_hw.rpi import pins
from likelight_hw.wiring import ButtonWiring, DisplayWiring, IndicatorWiring, LampWiring

SIM, DECOY = Path(os.environ["GPIO_SIM"]), Path(os.environ["GPIO_DECOY"])
WHITE = (255, 255, 255)
# The processor is emulated, some ten times slower than a real one.
PATIENCE_S = 100
WATCH, LINE_INFO_SIZE = 0xC100B406, 256
"""GPIO_V2_GET_LINEINFO_WATCH_IOCTL of linux/gpio.h."""


class Line:
    """One line of the simulated chip, from the other side of the wire."""

    def __init__(self, number: int) -> None:
        self._folder = SIM / f"sim_gpio{number}"

    @property
    def high(self) -> bool:
        return (self._folder / "value").read_text().strip() == "1"

    @property
    def pulled(self) -> str:
        return (self._folder / "pull").read_text().strip()

    def pull(self, up: bool) -> None:
        (self._folder / "pull").write_text("pull-up" if up else "pull-down")

    def duty_cycle(self, samples: int = 400) -> float:
        return sum(self.high for _ in range(samples)) / samples


@pytest.fixture(autouse=True)
def decoy_is_let_alone() -> Iterator[None]:
    """Fail a test in which anybody takes, sets or lets go of a line of the chip before ours."""
    chip = os.open(f"/dev/{DECOY.name}", os.O_RDWR | os.O_NONBLOCK)
    try:
        for line in range(54):
            question = bytearray(LINE_INFO_SIZE)
            struct.pack_into("=I", question, 64, line)
            fcntl.ioctl(chip, WATCH, bytes(question))
        yield
        with pytest.raises(BlockingIOError):
            os.read(chip, 4096)
    finally:
        os.close(chip)


def test_the_factory_is_lgpio_s_and_nothing_else_changed() -> None:
    folder = Path.cwd()
    factory = pins.factory()
    assert type(factory).__name__ == "LGPIOFactory"
    assert (_number(DECOY), factory.chip) == (0, _number(SIM))
    assert (factory.board_info.model, factory.board_info.pcb_revision) == ("4B", "1.5")
    assert Path.cwd() == folder, "lgpio changes the working directory, and ours is changed back"


def test_the_on_air_light_is_a_pin_of_its_own() -> None:
    line = Line(23)
    light = registry.open_indicator(IndicatorWiring("onoff", pin=23))
    for on in (True, False, True):
        light.set(on)
        assert (line.high, light.lit) == (on, on)
    light.close()
    assert not line.high


@pytest.mark.parametrize("active_low", [False, True])
def test_a_lamp_on_and_off(active_low: bool) -> None:
    line = Line(24)
    lamp = registry.open_lights(
        (LampWiring("onoff", pin=24, active_low=active_low),), time.monotonic
    )
    _lead(lamp, LightFrame(1.0, WHITE))
    assert line.high is not active_low
    lamp.close()
    assert line.high is active_low


def test_perceived_brightness_becomes_a_duty_cycle() -> None:
    line = Line(18)
    lamp = registry.open_lights((LampWiring("pwm", pin=18, frequency_hz=50),), time.monotonic)
    for level in (1.0, 0.75):
        _lead(lamp, LightFrame(level, WHITE))
        assert line.duty_cycle() == pytest.approx(luminance(level), abs=0.15)
    lamp.close()
    assert line.duty_cycle(50) == 0


def test_one_process_owns_a_line() -> None:
    pins.factory()
    import lgpio  # not sooner: it needs a folder to write to, and pins.py gives it one

    chip = lgpio.gpiochip_open(_number(SIM))
    try:
        lgpio.gpio_claim_output(chip, 25)
        light = registry.open_indicator(IndicatorWiring("onoff", pin=25))
        with pytest.raises(HardwareError, match="GPIO25"):
            light.set(True)
        assert not light.lit
    finally:
        lgpio.gpiochip_close(chip)


def test_the_doctor_sees_who_holds_a_line() -> None:
    assert ioctls.holder(20) is None
    light = registry.open_indicator(IndicatorWiring("onoff", pin=20))
    light.set(True)
    assert ioctls.holder(20) == "lg"
    assert ioctls.holder(21) is None
    light.close()


def test_all_off_needs_no_daemon() -> None:
    line = Line(12)
    line.pull(True)
    registry.all_off((LampWiring("pwm", pin=12),), IndicatorWiring("onoff", pin=16))
    assert not line.high


async def test_presses_arrive_in_turn_and_chatter_is_one() -> None:
    line = Line(5)
    line.pull(True)
    button = registry.open_button(ButtonWiring("gpio", pin=5))
    edges = button.edges()
    try:
        async with asyncio.timeout(PATIENCE_S):
            waiting = asyncio.ensure_future(anext(edges))
            while ioctls.holder(5) is None:
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.5)  # until its edges are asked for, too; nothing can tell
            assert line.pulled == "pull-up"
            for _ in range(2):
                line.pull(False)
                assert await waiting is True
                await asyncio.sleep(0.2)
                waiting = asyncio.ensure_future(anext(edges))
                line.pull(True)
                assert await waiting is False
                await asyncio.sleep(0.2)
                waiting = asyncio.ensure_future(anext(edges))
            for _ in range(25):
                line.pull(False)
                line.pull(True)
            line.pull(False)
            assert await waiting is True
            waiting = asyncio.ensure_future(anext(edges))
            await asyncio.sleep(0.5)
            assert not waiting.done()
            waiting.cancel()
    finally:
        await asyncio.gather(waiting, return_exceptions=True)
        await edges.aclose()  # type: ignore[attr-defined]


async def test_our_framebuffer_driver_on_the_kernel_s() -> None:
    monitor = Path("/dev", _framebuffer("bochs-drmdrmfb").name)
    assert monitor.name == "fb0"
    display = registry.open_display(DisplayWiring("framebuffer", panel="lcd-5"))
    image = Image.linear_gradient("L").resize((800, 480)).convert("RGB")
    image.paste((200, 30, 90), (10, 20, 60, 50))
    await display.show(image)
    assert _visible().tobytes() == image.tobytes()
    await display.set_brightness(0)
    assert _colours() == {(0, 0, 0)}
    await display.set_brightness(1)
    assert len(_colours()) > 200
    assert len(set(monitor.read_bytes())) < 10, "the monitor has got the panel's picture"
    await display.close()
    assert _colours() == {(0, 0, 0)}


def test_the_doctor_sees_whether_the_board_s_watchdog_is_armed(tmp_path: Path) -> None:
    (tmp_path / "sys").symlink_to("/sys")
    (tmp_path / "proc" / "device-tree").mkdir(parents=True)
    (tmp_path / "proc" / "device-tree" / "model").write_text("Raspberry Pi 4 Model B Rev 1.5\0")
    system = System(Config(), root=tmp_path)
    assert watchdog_board.look(system).result is Result.FAIL
    with Path("/dev/watchdog").open("wb", buffering=0) as watchdog:
        watchdog.write(b"1")
        armed = watchdog_board.look(system)
        watchdog.write(b"V")  # the magic close: without it the machine would restart
    assert (armed.result, armed.words) == (Result.OK, "after 60 s")
    assert watchdog_board.look(system).result is Result.FAIL


def _number(chip: Path) -> int:
    return int(chip.name.removeprefix("gpiochip"))


def _framebuffer(name: str) -> Path:
    """Return the kernel's folder of the framebuffer whose driver calls itself `name`."""
    folders = Path("/sys/class/graphics").glob("fb[0-9]*")
    (found,) = (path for path in folders if (path / "name").read_text().strip() == name)
    return found


def _visible() -> Image.Image:
    """Return the middle of the framebuffer: vfb has 800x520 pixels, red in the lowest byte."""
    about = _framebuffer("Virtual FB")
    width, height = map(int, (about / "virtual_size").read_text().split(","))
    stride = int((about / "stride").read_text())
    memory = Path("/dev", about.name).read_bytes()
    whole = Image.frombytes("RGB", (width, height), memory, "raw", "RGBX", stride)
    left, top = (width - 800) // 2, (height - 480) // 2
    return whole.crop((left, top, left + 800, top + 480))


def _colours() -> set[object]:
    return {colour for _, colour in _visible().getcolors(1 << 20) or ()}


def _lead(lamp: registry.GovernedLamps, goal: LightFrame) -> None:
    """Write until the governor and the lamp have let `goal` through."""
    until = time.monotonic() + PATIENCE_S
    while lamp.write(goal) != goal:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert goal != DARK
