"""Each display driver with something behind it that can be looked at, and that can break.

A rig takes the place of the hardware: smbus2, spidev and pins for luma, a file and the kernel's
answers for the framebuffer.
"""

import errno
import io
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin
from PIL import Image

from likelight_hw.panels import PANELS, panel
from likelight_hw.ports import Display
from likelight_hw.rpi import pins
from likelight_hw.rpi.fbdev import FramebufferGeometry
from likelight_hw.rpi.framebuffer import framebuffer_display
from likelight_hw.rpi.luma_panel import luma_display
from likelight_hw.sim.display import SimDisplay
from likelight_hw.wiring import DisplayWiring
from support.panel_bus import I2cBus, PanelBus, SpiBus
from support.panel_memory import NOISE, Chip, Lcd, Oled

PATIENCE_S = 20.0
"""How long a panel may take where nothing hangs; machines that test are busy."""

BACKLIGHT = 18


class Rig(Protocol):
    """A display and what is behind it."""

    display: Display

    async def seen(self) -> Image.Image:
        """What eyes see."""

    def as_seen(self, image: Image.Image) -> Image.Image:
        """What `image` looks like in the panel's colours, at full brightness."""

    def fail(self) -> None:
        """The panel is gone."""

    def repair(self) -> None:
        """It is back, and has forgotten what it showed."""


class HangingRig(Rig, Protocol):
    """One whose bus can hang."""

    threads: set[int]
    """Who used the bus."""

    def hang(self) -> threading.Event:
        """Let the bus hang from its next use on; the event is set once it does."""

    def flow(self) -> None: ...


class SimRig:
    def __init__(self, wiring: DisplayWiring) -> None:
        self.panel = SimDisplay(panel(wiring).info)
        self.display: Display = self.panel

    async def seen(self) -> Image.Image:
        png = Image.open(io.BytesIO(await self.panel.png()))
        return png.convert(self.panel.info.mode)

    def as_seen(self, image: Image.Image) -> Image.Image:
        return image

    def fail(self) -> None:
        self.panel.broken = True

    def repair(self) -> None:
        self.panel.broken = False


class LumaRig:
    def __init__(self, wiring: DisplayWiring, chip: Chip, bus: PanelBus, timeout_s: float) -> None:
        self.chip = chip
        self.bus = bus
        self.threads = bus.threads
        self.rotate = wiring.rotate
        self.display: Display = luma_display(wiring, timeout_s=timeout_s)
        self.lit: Callable[[], bool] = lambda: True

    async def seen(self) -> Image.Image:
        """What eyes see when they tilt as far as the panel is turned."""
        picture = self.chip.seen()
        if not self.lit():
            picture = Image.new(picture.mode, picture.size)
        return picture.rotate(90 * self.rotate, expand=True)

    def as_seen(self, image: Image.Image) -> Image.Image:
        return image if image.mode == "1" else image.point(lambda value: value & 0xFC)

    def fail(self) -> None:
        self.bus.unplug()

    def repair(self) -> None:
        self.bus.plug_in()

    def hang(self) -> threading.Event:
        self.bus.hang()
        return self.bus.entered

    def flow(self) -> None:
        self.bus.flow()


class FramebufferRig:
    """A framebuffer in a file, with room at the end of each row, and a backlight."""

    def __init__(
        self,
        wiring: DisplayWiring,
        geometry: FramebufferGeometry,
        folder: Path,
        timeout_s: float = PATIENCE_S,
    ) -> None:
        self.geometry = geometry
        self.memory = folder / "fb0"
        self.memory.write_bytes(bytes([NOISE]) * geometry.size)
        self.backlight = folder / "sys/class/backlight/panel"
        self.backlight.mkdir(parents=True)
        for name, text in (("max_brightness", "255"), ("brightness", "7"), ("bl_power", "0")):
            (self.backlight / name).write_text(text)
        self.console = folder / "tty0"
        self.console.touch()
        self.threads: set[int] = set()
        self.entered = threading.Event()
        self._flows = threading.Event()
        self._flows.set()
        self._gone = False
        self.rotate = wiring.rotate
        self.display: Display = framebuffer_display(
            replace(wiring, device=self.memory),
            read_geometry=self._answer,
            sysfs=folder / "sys",
            console=self.console,
            timeout_s=timeout_s,
        )

    async def seen(self) -> Image.Image:
        if (self.backlight / "bl_power").read_text() != "0":
            return Image.new("RGB", (self.geometry.width, self.geometry.height))
        return self.picture().rotate(90 * self.rotate, expand=True)

    def picture(self) -> Image.Image:
        """What the kernel would scan out."""
        geometry = self.geometry
        layout = {(16, 11): "BGR;16", (16, 0): "RGB;16", (32, 16): "BGRX", (32, 0): "RGBX"}
        raw = layout[geometry.bits_per_pixel, geometry.red]
        memory = self.memory.read_bytes()[geometry.start :].ljust(geometry.size, b"\0")
        size = geometry.width, geometry.height
        return Image.frombytes("RGB", size, memory, "raw", raw, geometry.stride, 1)

    def as_seen(self, image: Image.Image) -> Image.Image:
        if self.geometry.bits_per_pixel == 32:
            return image
        red, green, blue = image.split()
        five, six = ([value * 255 // top for value in range(top + 1)] for top in (31, 63))
        return Image.merge(
            "RGB",
            (
                red.point(lambda value: five[value >> 3]),
                green.point(lambda value: six[value >> 2]),
                blue.point(lambda value: five[value >> 3]),
            ),
        )

    def fail(self) -> None:
        self._gone = True

    def repair(self) -> None:
        self._gone = False
        self.memory.write_bytes(bytes([NOISE]) * self.geometry.size)

    def hang(self) -> threading.Event:
        self.entered.clear()
        self._flows.clear()
        return self.entered

    def flow(self) -> None:
        self._flows.set()

    def _answer(self, fd: int) -> FramebufferGeometry:
        self.threads.add(threading.get_ident())
        self.entered.set()
        assert self._flows.wait(30), "nobody repaired the bus"
        if self._gone:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return self.geometry


HD = FramebufferGeometry(
    width=720, height=1280, stride=720 * 4, bits_per_pixel=32, red=16, size=720 * 4 * 1280
)

_WIRINGS = {
    "sim-colour": DisplayWiring(panel="lcd-2.8"),
    "sim-1-bit": DisplayWiring(panel="oled-0.96"),
    "ssd1306-i2c": DisplayWiring(driver="luma", panel="oled-0.96"),
    "ssd1306-spi": DisplayWiring(driver="luma", panel="oled-0.96", bus="spi"),
    "ssd1309-i2c": DisplayWiring(driver="luma", panel="oled-2.42"),
    "ssd1309-spi": DisplayWiring(driver="luma", panel="oled-2.42", bus="spi"),
    "sh1106-i2c": DisplayWiring(driver="luma", panel="oled-1.3"),
    "sh1106-spi": DisplayWiring(driver="luma", panel="oled-1.3", bus="spi"),
    "st7789-spi": DisplayWiring(driver="luma", panel="lcd-1.3", pin_backlight=BACKLIGHT),
    "ili9341-spi": DisplayWiring(driver="luma", panel="lcd-2.8"),
    "framebuffer-16": DisplayWiring(driver="framebuffer", panel="lcd-2.8"),
    "framebuffer-32": DisplayWiring(driver="framebuffer", panel="lcd-7"),
}
RIGS = tuple(_WIRINGS)
HANGING_RIGS = tuple(name for name in _WIRINGS if not name.startswith("sim"))
LUMA_RIGS = tuple(name for name in HANGING_RIGS if not name.startswith("framebuffer"))


@asynccontextmanager
async def rig(
    name: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    timeout_s: float = PATIENCE_S,
    **wired: object,
) -> AsyncIterator[Rig]:
    """Set a rig up; `wired` is what its wiring has besides. At the end nothing hangs any more."""
    wiring = replace(_WIRINGS[name], **wired)  # type: ignore[arg-type]
    with ExitStack() as held:
        if wiring.driver == "sim":
            made: Rig = SimRig(wiring)
        elif wiring.driver == "luma":
            made = _luma(name, wiring, monkeypatch, held, timeout_s)
        else:
            bits = int(name.rpartition("-")[2])
            info = PANELS[wiring.panel].info
            stride = info.width * bits // 8 + 64
            red = 11 if bits == 16 else 16
            size = stride * info.height
            geometry = FramebufferGeometry(info.width, info.height, stride, bits, red, size)
            made = FramebufferRig(wiring, geometry, folder, timeout_s)
        try:
            yield made
        finally:
            if not isinstance(made, SimRig):
                made.flow()  # type: ignore[attr-defined]
            await made.display.close()


def _luma(
    name: str,
    wiring: DisplayWiring,
    monkeypatch: pytest.MonkeyPatch,
    held: ExitStack,
    timeout_s: float,
) -> LumaRig:
    factory = held.enter_context(pins.use(MockFactory(pin_class=MockPWMPin)))
    controller, bus_name = name.split("-")
    chip: Chip
    match controller:
        case "st7789" | "ili9341":
            chip = Lcd(controller)
        case "sh1106":
            chip = Oled("sh1106")
        case _:
            chip = Oled("ssd1306")
    bus = I2cBus(chip) if bus_name == "i2c" else SpiBus(chip, factory)
    bus.install(monkeypatch)
    made = LumaRig(wiring, chip, bus, timeout_s)
    if wiring.pin_backlight is not None:
        made.lit = lambda: factory.pin(BACKLIGHT).state > 0
    return made
