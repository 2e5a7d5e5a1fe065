"""The panels that likelight knows by name: their chip, their wires, how fine their pixels are.

Sizes are the active areas of the makers' data sheets, in millimetres. Where pixels aren't square,
the pitch is the vertical one, because the height of letters decides from how far they can be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

from likelight_hw.ports import DisplayInfo, HardwareError
from likelight_hw.wiring import DisplayWiring

Controller = Literal["ssd1306", "ssd1309", "sh1106", "st7789", "ili9341"]


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel by its name.

    `driver` and `bus` are how it is usually driven: luma over I2C or SPI, or the kernel's
    framebuffer, where likelight uses no bus. `controller` is the chip that luma talks to. `inches`
    is the diagonal as it is sold.
    """

    name: str
    driver: Literal["luma", "framebuffer"]
    bus: Literal["i2c", "spi"] | None
    info: DisplayInfo
    inches: float
    controller: Controller | None = None


def _oled(name: str, controller: Controller, inches: float, *, high_mm: float, far: float) -> Panel:
    info = DisplayInfo(128, 64, "1", high_mm / 64, far, burns_in=True)
    return Panel(name, "luma", "i2c", info, inches, controller)


def _spi_lcd(
    name: str,
    controller: Controller,
    inches: float,
    size: tuple[int, int],
    high_mm: float,
    far: float,
) -> Panel:
    info = DisplayInfo(*size, "RGB", high_mm / size[1], far)
    return Panel(name, "luma", "spi", info, inches, controller)


def _screen(name: str, inches: float, size: tuple[int, int], high_mm: float, far: float) -> Panel:
    info = DisplayInfo(*size, "RGB", high_mm / size[1], far)
    return Panel(name, "framebuffer", None, info, inches)


_ALL = (
    # WiseChip UG-2864HSWEG01: 21.74 x 10.86.
    _oled("oled-0.96", "ssd1306", 0.96, high_mm=10.86, far=0.6),
    # WiseChip UG-2864KSWLG01: 29.42 x 14.70.
    _oled("oled-1.3", "sh1106", 1.3, high_mm=14.70, far=0.6),
    # WiseChip UG-2864ASWPG01: 55.01 x 27.49.
    _oled("oled-2.42", "ssd1309", 2.42, high_mm=27.49, far=1.5),
    # Waveshare 1.3inch LCD Module: 23.40 x 23.40.
    _spi_lcd("lcd-1.3", "st7789", 1.3, (240, 240), high_mm=23.40, far=0.6),
    # The 2.8-inch modules with an ILI9341: 57.60 x 43.20, on its side.
    _spi_lcd("lcd-2.8", "ili9341", 2.8, (320, 240), high_mm=43.20, far=1.5),
    # Innolux AT050TN43, and the DSI panels made of it: 108.00 x 64.80.
    _screen("lcd-5", 5.0, (800, 480), high_mm=64.80, far=2.0),
    # Raspberry Pi Touch Display: 154.08 x 85.92; its pixels are wider than high.
    _screen("lcd-7", 7.0, (800, 480), high_mm=85.92, far=3.0),
    # Raspberry Pi Touch Display 2: 155 x 88, on its side (the framebuffer stands upright: rotate).
    _screen("lcd-7-hd", 7.0, (1280, 720), high_mm=88.0, far=3.0),
)

PANELS: Final[Mapping[str, Panel]] = MappingProxyType({panel.name: panel for panel in _ALL})


def panel(wiring: DisplayWiring) -> Panel:
    """Return the panel that `wiring` names, as it is mounted.

    A quarter turn swaps width and height. A pitch or a reading distance that the configuration
    gives replaces the one from the data sheet.
    """
    if wiring.panel not in PANELS:
        raise HardwareError(f"no panel is called {wiring.panel!r}; there is: {', '.join(PANELS)}")
    sold = PANELS[wiring.panel]
    info = sold.info
    if wiring.rotate % 2:
        info = replace(info, width=info.height, height=info.width)
    if wiring.mm_per_px is not None:
        info = replace(info, mm_per_px=wiring.mm_per_px)
    if wiring.reading_distance_m is not None:
        info = replace(info, reading_distance_m=wiring.reading_distance_m)
    return replace(sold, info=info)
