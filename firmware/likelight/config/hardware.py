"""The tables of the configuration that say what is wired to which pin. Pins are GPIO numbers."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from likelight.config.section import FullPath, Number, Section, Switch, Whole
from likelight.contract import KITS
from likelight_hw import boards
from likelight_hw.boards import Board
from likelight_hw.panels import PANELS
from likelight_hw.suggest import did_you_mean
from likelight_hw.wiring import (
    ButtonWiring,
    DisplayWiring,
    IndicatorWiring,
    LampWiring,
    Wiring,
)

Gpio = Annotated[Whole, Field(ge=0, le=53)]
"""A GPIO (BCM) number; the board says which of them are on its header."""

SOFTWARE_PWM_HZ = 10_000
"""lgpio refuses a higher frequency, and the lamp would never light (lgpio's LG_BAD_PWM_FREQ)."""

LEAST_MILLIAMPS = 4
"""For each WS2812 LED: 1 for its chip in the dark, and 3 of 59 for light, 13 of its 255 steps."""


def _needs(driver: str, **settings: object) -> None:
    """Refuse a driver that lacks one of `settings`."""
    for name, value in settings.items():
        if value is None:
            raise ValueError(f'driver = "{driver}" needs {name}')


class LampSettings(Section):
    """One lamp: its driver, and where it is wired."""

    driver: Literal["sim", "pwm", "rgb", "onoff", "sysfs-pwm", "ws2812-pio"] = "sim"
    pin: Gpio | None = None
    """ws2812-pio: the pin that the overlay in config.txt names, so that nothing else gets it."""
    pins: tuple[Gpio, Gpio, Gpio] | None = None
    """Red, green, blue."""
    active_low: Switch = False
    frequency_hz: Annotated[Whole, Field(ge=50, le=20_000)] = 1000
    device: FullPath = Path("/dev/leds0")
    leds: Annotated[Whole, Field(ge=1, le=1000)] | None = None
    max_milliamps: Annotated[Whole, Field(ge=50, le=20_000)] = 1500
    """Of all LEDs together, at 60 mA for each that is white."""

    @field_validator("pins", mode="before")
    @classmethod
    def _three_channels(cls, pins: object) -> object:
        if isinstance(pins, list | tuple) and len(pins) != 3:
            raise ValueError(
                f"an rgb lamp has three pins, red, green and blue; here are {len(pins)}"
            )
        return pins

    @model_validator(mode="after")
    def _driver_and_pins_agree(self) -> Self:
        if "driver" not in self.model_fields_set and (self.pin, self.pins) != (None, None):
            raise ValueError('a pin without a driver: add, for example, driver = "pwm"')
        if self.driver in ("pwm", "onoff", "sysfs-pwm"):
            _needs(self.driver, pin=self.pin)
        if self.driver == "rgb":
            _needs(self.driver, pins=self.pins)
        if self.driver in ("pwm", "rgb") and self.frequency_hz > SOFTWARE_PWM_HZ:
            raise ValueError(
                f'driver = "{self.driver}" dims with at most frequency_hz = {SOFTWARE_PWM_HZ};'
                ' "sysfs-pwm" can do more'
            )
        if self.driver == "ws2812-pio":
            _needs(self.driver, leds=self.leds, pin=self.pin)
            least = LEAST_MILLIAMPS * (self.leds or 0)
            if self.max_milliamps < least:
                raise ValueError(
                    f"{self.leds} LEDs would hardly glow with max_milliamps = {self.max_milliamps};"
                    f" give them {least} at least, or take fewer"
                )
        return self

    def wiring(self, board: Board | None) -> LampWiring:
        """Return what the driver gets; `board` knows the hardware PWM of a pin."""
        return LampWiring(
            driver=self.driver,
            pin=self.pin,
            pins=self.pins,
            active_low=self.active_low,
            frequency_hz=self.frequency_hz,
            pwm=board.pwm.get(self.pin) if board and self.pin is not None else None,
            device=self.device,
            leds=self.leds or 0,
            max_milliamps=self.max_milliamps,
        )


class IndicatorSettings(Section):
    """The on-air light, on a pin of its own."""

    driver: Literal["sim", "onoff"] = "sim"
    pin: Gpio | None = None
    active_low: Switch = False

    @model_validator(mode="after")
    def _pin_is_named(self) -> Self:
        if "driver" not in self.model_fields_set and self.pin is not None:
            raise ValueError('a pin without a driver: add driver = "onoff"')
        if self.driver == "onoff":
            _needs(self.driver, pin=self.pin)
        return self

    def wiring(self) -> IndicatorWiring:
        """Return what the driver gets."""
        return IndicatorWiring(self.driver, self.pin, self.active_low)


class DisplaySettings(Section):
    """The panel, and how it is wired. What is not set is as usual for the panel."""

    driver: Literal["sim", "luma", "framebuffer"] = "sim"
    panel: str = "lcd-7"
    bus: Literal["i2c", "spi"] | None = None
    port: Annotated[Whole, Field(ge=0, le=22)] | None = None
    address: Annotated[Whole, Field(ge=0x08, le=0x77)] | None = None
    chip_select: Annotated[Whole, Field(ge=0, le=2)] | None = None
    device: FullPath | None = None
    pin_dc: Gpio | None = None
    pin_reset: Gpio | None = None
    pin_backlight: Gpio | None = None
    rotate: Annotated[Whole, Field(ge=0, le=3)] = 0
    """Quarter turns clockwise."""
    mm_per_px: Annotated[Number, Field(gt=0, le=5)] | None = None
    reading_distance_m: Annotated[Number, Field(gt=0, le=20)] | None = None
    viewers_at_rest: Switch = False
    """Whether the screen says calmly how many watch, while no likes come."""

    @field_validator("panel")
    @classmethod
    def _panel_is_known(cls, panel: str) -> str:
        if panel not in PANELS:
            raise ValueError(f"no panel is called {panel!r}{did_you_mean(panel, PANELS)}")
        return panel

    @model_validator(mode="after")
    def _panel_takes_the_driver(self) -> Self:
        wired = (self.pin_dc, self.pin_reset, self.pin_backlight, self.bus)
        if "driver" not in self.model_fields_set and any(part is not None for part in wired):
            raise ValueError('a bus or a pin without a driver: add, for example, driver = "luma"')
        if self.driver == "luma" and PANELS[self.panel].driver != "luma":
            raise ValueError(f'{self.panel} is not a panel of luma: set driver = "framebuffer"')
        if self.driver == "luma" and self.bus == "i2c" and PANELS[self.panel].bus != "i2c":
            raise ValueError(f'{self.panel} has no I2C: set bus = "spi", or leave it out')
        return self

    def wiring(self) -> DisplayWiring:
        """Return what the driver gets."""
        return DisplayWiring(**self.model_dump(exclude={"viewers_at_rest"}))


class ButtonsSettings(Section):
    """THANKS and PRIVACY, each between its pin and ground."""

    driver: Literal["sim", "gpio"] = "sim"
    pin_thanks: Gpio | None = None
    pin_privacy: Gpio | None = None

    @model_validator(mode="after")
    def _both_are_wired(self) -> Self:
        pins = (self.pin_thanks, self.pin_privacy)
        if "driver" not in self.model_fields_set and any(pin is not None for pin in pins):
            raise ValueError('a pin without a driver: add driver = "gpio"')
        if self.driver == "gpio":
            _needs(self.driver, pin_thanks=self.pin_thanks, pin_privacy=self.pin_privacy)
        return self


def _as_list(value: Any) -> Any:
    """Read a single `[lights]` as a list of one."""
    return [value] if isinstance(value, dict | LampSettings) else value


def _at_least_one(lamps: tuple[LampSettings, ...]) -> tuple[LampSettings, ...]:
    if not lamps:
        raise ValueError('there is no lamp; driver = "sim" has one without wires')
    return lamps


Lamps = Annotated[
    tuple[LampSettings, ...], BeforeValidator(_as_list), AfterValidator(_at_least_one)
]
"""One lamp or several: `[lights]`, or `[[lights]]` for each."""


class HardwareSettings(Section):
    """What is wired to what. `kit` sets what the file doesn't; `board` says which pins exist."""

    board: str | None = None
    kit: str | None = None
    lights: Lamps = (LampSettings(),)
    indicator: IndicatorSettings = IndicatorSettings()
    display: DisplaySettings = DisplaySettings()
    buttons: ButtonsSettings = ButtonsSettings()

    @field_validator("board")
    @classmethod
    def _board_is_known(cls, board: str | None) -> str | None:
        return None if board is None else _known(boards.board, board).key

    @field_validator("kit")
    @classmethod
    def _kit_is_known(cls, kit: str | None) -> str | None:
        return None if kit is None else _known(boards.kit, kit).key

    @property
    def wiring(self) -> Wiring:
        """What the drivers get."""
        board = boards.board(self.board) if self.board else None
        buttons = self.buttons
        return Wiring(
            lights=tuple(lamp.wiring(board) for lamp in self.lights),
            indicator=self.indicator.wiring(),
            display=self.display.wiring(),
            thanks=ButtonWiring(buttons.driver, buttons.pin_thanks),
            privacy=ButtonWiring(buttons.driver, buttons.pin_privacy),
        )


_Named = TypeVar("_Named")


def _known(find: Callable[[str], _Named], name: str) -> _Named:
    try:
        return find(name)
    except boards.UnknownName as error:
        raise ValueError(str(error)) from None


def with_kit(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return `settings`, completed with the tables of the kit that they name.

    A table of the file that names another driver than the kit's stands alone; so do `[[lights]]`
    when there are several.
    """
    if settings.get("kit") not in KITS:
        return dict(settings)
    tables = boards.kit(settings["kit"]).settings
    return {**settings, **{name: _merged(tables[name], settings.get(name)) for name in tables}}


def _merged(of_kit: Any, of_file: Any) -> Any:
    """Return the kit's table with what the file's table sets instead."""
    if of_file is None:
        return of_kit
    several = isinstance(of_kit, list)
    one = of_kit[0] if several else of_kit
    table = of_file[0] if several and _has_one(of_file) else of_file
    if isinstance(table, dict) and table.get("driver", one["driver"]) == one["driver"]:
        return {**one, **table}
    return of_file


def _has_one(table: Any) -> bool:
    return isinstance(table, list) and len(table) == 1
