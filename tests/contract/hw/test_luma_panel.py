"""Small panels over luma: what goes wrong on buses and pins, turns, brightness, and the exit."""

import atexit
import builtins
import errno
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from gpiozero.pins.mock import MockFactory, MockPin
from PIL import Image, ImageDraw

from likelight.config.settings import Config
from likelight_hw.panels import PANELS, panel
from likelight_hw.ports import DisplayInfo, HardwareError
from likelight_hw.rpi import kernel_names, pins
from likelight_hw.rpi.luma_panel import luma_display
from likelight_hw.wiring import DisplayWiring
from support.machine import with_bus
from support.panel_bus import SpiBus
from support.panel_memory import Oled
from support.panel_rigs import BACKLIGHT, LUMA_RIGS, LumaRig, rig


def picture(info: DisplayInfo, colour: str = "red") -> Image.Image:
    image = Image.new("RGB", (info.width, info.height))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 11, 3), fill="white")
    draw.rectangle((info.width - 5, 0, info.width - 1, info.height // 2), fill=colour)
    return image.convert(info.mode, dither=Image.Dither.NONE)


async def sees(rig: LumaRig, image: Image.Image) -> bool:
    return (await rig.seen()).tobytes() == rig.as_seen(image).tobytes()


@pytest.mark.parametrize("rotate", [1, 2, 3])
@pytest.mark.parametrize("name", ["ssd1306-i2c", "sh1106-spi", "st7789-spi", "ili9341-spi"])
async def test_a_panel_that_hangs_turned_reads_upright(
    name: str, rotate: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(name, tmp_path, monkeypatch, rotate=rotate) as made:
        image = picture(made.display.info)
        await made.display.show(image)
        assert await sees(cast(LumaRig, made), image)


@pytest.mark.parametrize("name", LUMA_RIGS)
async def test_a_bus_that_breaks_off_in_mid_frame(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(name, tmp_path, monkeypatch) as made:
        luma = cast(LumaRig, made)
        display = luma.display
        await display.show(picture(display.info))
        before = luma.bus.transfers
        await display.show(picture(display.info, "lime"))
        frame = luma.bus.transfers - before

        luma.bus.transfers_left = frame // 2
        with pytest.raises(HardwareError):
            await display.show(picture(display.info, "white"))
        luma.bus.error = luma.bus.transfers_left = None  # as a loose wire does, with no new start

        newest = picture(display.info, "yellow")
        await display.show(newest)
        assert await sees(luma, newest)
        assert luma.bus.opened == luma.bus.closed + 1


@pytest.mark.parametrize("name", ["ssd1306-i2c", "ssd1309-spi", "sh1106-i2c"])
async def test_an_oled_starts_with_a_quarter_of_its_light_and_dims_as_the_eye_sees_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(name, tmp_path, monkeypatch) as made:
        chip = cast(Oled, cast(LumaRig, made).chip)
        await made.display.show(picture(made.display.info))
        assert chip.contrast == 0x3F
        contrasts = []
        for level in (1.0, 0.57, 0.25, 0.001):
            await made.display.set_brightness(level)
            contrasts.append(chip.contrast)
        assert contrasts == [255, 63, 11, 1]


async def test_a_backlight_is_dimmed_by_pwm_as_the_eye_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig("st7789-spi", tmp_path, monkeypatch) as made:
        pin = pins.factory().pin(BACKLIGHT)
        duties = []
        for level in (1.0, 0.5, 0.01, 0.0):
            await made.display.set_brightness(level)
            duties.append(pin.state)
        assert duties == pytest.approx([1.0, 0.18, 0.01, 0.0], abs=0.001)
        await made.display.close()
        assert (pin.function, pin.pull) == ("input", "down")


async def test_a_backlight_without_pwm_is_on_or_off(monkeypatch: pytest.MonkeyPatch) -> None:
    with pins.use(MockFactory(pin_class=MockPin)) as factory:
        bus = SpiBus(Oled("ssd1306"), factory)
        bus.install(monkeypatch)
        wiring = DisplayWiring("luma", "oled-0.96", bus="spi", pin_backlight=BACKLIGHT)
        display = luma_display(wiring)
        states = []
        for level in (1.0, 0.3, 0.0):
            await display.set_brightness(level)
            states.append(factory.pin(BACKLIGHT).state)
        assert states == [True, True, False]
        await display.close()


async def test_a_reset_pin_is_pulsed_and_let_go_of_low(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig("sh1106-spi", tmp_path, monkeypatch, pin_reset=25) as made:
        reset = pins.factory().pin(25)
        image = picture(made.display.info)
        await made.display.show(image)
        levels = [bool(state.state) for state in reset.states]
        assert levels[-2:] == [False, True]
        assert await sees(cast(LumaRig, made), image)
        await made.display.close()
        assert (reset.function, reset.pull) == ("input", "down")


async def test_pins_and_bus_are_free_again_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig("st7789-spi", tmp_path, monkeypatch, pin_reset=25) as made:
        made.fail()
        for _ in range(3):
            with pytest.raises(HardwareError, match=r"no panel answers at /dev/spidev0\.0"):
                await made.display.set_brightness(1.0)
        bus = cast(LumaRig, made).bus
        assert bus.opened == bus.closed == 3
        for number in (24, 25, BACKLIGHT):
            assert pins.factory().pin(number).function == "input"


async def test_no_panel_leaves_anything_for_the_exit_nor_needs_rpi_gpio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig("ili9341-spi", tmp_path, monkeypatch) as made:
        await made.display.show(picture(made.display.info))
        before = atexit._ncallbacks()
        for _ in range(3):
            made.fail()
            with pytest.raises(HardwareError):
                await made.display.show(picture(made.display.info, "lime"))
            made.repair()
            await made.display.show(picture(made.display.info))
        assert atexit._ncallbacks() == before
    assert "RPi" not in sys.modules


I2C = DisplayWiring("luma", "oled-0.96")
SPI = DisplayWiring("luma", "lcd-1.3")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EREMOTEIO, ""), "no panel answers at 0x3C on /dev/i2c-1 .*check its wires"),
        (OSError(errno.EIO, ""), "no panel answers at 0x3C"),
        (TimeoutError(errno.ETIMEDOUT, ""), "no panel answers at 0x3C"),
        (PermissionError(errno.EACCES, "", "/dev/i2c-1"), "add likelight's user to the group i2c"),
        (OSError(errno.ENOSPC, ""), "the panel at 0x3C on /dev/i2c-1 failed: No space"),
        (ValueError("2 + 2 = 5"), "the panel oled-0.96 failed: 2 \\+ 2 = 5"),
        (AssertionError(), "the panel oled-0.96 failed: AssertionError"),
    ],
)
async def test_what_a_bus_may_say(
    error: Exception, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig("ssd1306-i2c", tmp_path, monkeypatch) as made:
        bus = cast(LumaRig, made).bus
        bus.error = error
        with pytest.raises(HardwareError, match=words):
            await made.display.set_brightness(1.0)
        bus.error = None
        await made.display.show(picture(made.display.info))
        bus.error = error
        with pytest.raises(HardwareError, match=words):
            await made.display.show(picture(made.display.info, "white"))
        bus.error = None
        await made.display.show(image := picture(made.display.info))
        assert await sees(cast(LumaRig, made), image)


@pytest.mark.parametrize(
    ("name", "wired", "words"),
    [
        ("ssd1306-i2c", {"port": 7}, "no bus for .* put dtparam=i2c_arm=on into"),
        ("ssd1306-i2c", {"address": 0x3D}, "no panel answers at 0x3D"),
        ("st7789-spi", {"chip_select": 1}, "no bus for .*spidev0.1: put dtparam=spi=on into"),
        ("st7789-spi", {"pin_backlight": 24, "pin_dc": 24}, "24.* give each part its own pin"),
        ("st7789-spi", {"pin_dc": 99}, "the panel's GPIO99: this board has no such pin"),
        ("st7789-spi", {"pin_reset": 24, "pin_backlight": 24}, "24.* give each part its own pin"),
    ],
)
async def test_a_panel_that_is_wired_otherwise(
    name: str,
    wired: dict[str, Any],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with rig(name, tmp_path, monkeypatch, **wired) as made:
        with pytest.raises(HardwareError, match=words):
            await made.display.set_brightness(1.0)


@pytest.mark.parametrize(
    ("name", "bus", "where"),
    [("ssd1306-i2c", "i2c", "0x3C on /dev/i2c-11"), ("st7789-spi", "spi", "/dev/spidev11.0")],
)
async def test_a_panel_is_on_the_header_s_bus_whatever_its_number(
    name: str, bus: str, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_bus(bus, 11).system(tmp_path, Config())
    monkeypatch.setattr(kernel_names, "SYSFS", tmp_path / "sys")
    async with rig(name, tmp_path, monkeypatch) as made:
        cast(LumaRig, made).bus.port = 11
        await made.display.show(image := picture(made.display.info))
        assert await sees(cast(LumaRig, made), image)
        assert where in await made.display.probe()  # type: ignore[attr-defined]
    async with rig(name, tmp_path, monkeypatch, port=2) as made:
        cast(LumaRig, made).bus.port = 2
        await made.display.show(picture(made.display.info))


async def test_a_panel_that_is_not_a_panel_of_lumas() -> None:
    display = luma_display(DisplayWiring("luma", "lcd-7"))
    with pytest.raises(HardwareError, match="luma doesn't drive the panel lcd-7; framebuffer does"):
        await display.set_brightness(1.0)
    with pytest.raises(HardwareError, match=r"no panel is called 'lava'; there is: oled-0\.96"):
        luma_display(DisplayWiring("luma", "lava"))
    await display.close()


@pytest.mark.parametrize(
    ("wiring", "missing", "words"),
    [
        (SPI, "spidev", "needs spidev, which is missing: `sudo apt install python3-spidev`"),
        (SPI, "likelight_hw.rpi.luma_chips", "which is missing: install likelight\\[rpi\\]"),
        (I2C, "smbus2", "needs smbus2, which is missing: install likelight\\[rpi\\]"),
    ],
)
async def test_a_library_that_is_missing(
    wiring: DisplayWiring, missing: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builtins, "__import__", _without(missing, builtins.__import__))
    with pins.use(MockFactory()):
        display = luma_display(wiring)
        with pytest.raises(HardwareError, match=words):
            await display.set_brightness(1.0)
        await display.close()


def _without(missing: str, really: Callable[..., Any]) -> Callable[..., Any]:
    def import_it(name: str, *args: Any) -> Any:
        if name == missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return really(name, *args)

    return import_it


def test_the_installers_word_counts_before_the_data_sheets() -> None:
    sold = PANELS["oled-2.42"].info
    info = panel(DisplayWiring("luma", "oled-2.42", rotate=1, mm_per_px=0.4)).info
    assert (info.width, info.height, info.mm_per_px) == (64, 128, 0.4)
    assert info.reading_distance_m == sold.reading_distance_m
    info = panel(DisplayWiring("luma", "oled-2.42", rotate=2, reading_distance_m=1.0)).info
    assert (info.width, info.height, info.reading_distance_m) == (128, 64, 1.0)


def test_the_panels_are_as_large_as_they_are_sold() -> None:
    for sold in PANELS.values():
        diagonal = (sold.info.width**2 + sold.info.height**2) ** 0.5 * sold.info.mm_per_px / 25.4
        # The first Touch Display's pixels are wider than high, by 7 %.
        assert diagonal == pytest.approx(sold.inches, rel=0.07), sold.name
