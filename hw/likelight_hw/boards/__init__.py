"""The boards and the kits that likelight knows, each a TOML file in this folder.

A board says what its header can do; a kit says what is wired to it, in the words of likelight.toml.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from likelight_hw.suggest import did_you_mean
from likelight_hw.wiring import PwmChannel


class UnknownName(Exception):
    """No board or kit has that name; the message says which there are."""


@dataclass(frozen=True, slots=True)
class CameraCaps:
    """What the board's encoder and memory can handle: pixels, and frames a second."""

    width: int
    height: int
    fps: int


@dataclass(frozen=True, slots=True)
class Board:
    """One board. Its pins are GPIO (BCM) numbers everywhere."""

    key: str
    name: str
    header: Mapping[int, int]
    """GPIO number to the number of its pin on the header."""
    reserved: Mapping[int, str]
    """The header's pins that likelight must not use, and what uses them."""
    pwm: Mapping[int, PwmChannel]
    """The hardware PWM that a GPIO can be switched to."""
    buses: Mapping[str, Mapping[int, str]]
    """`i2c1`, `spi0`, `spi1`, `pcm`: what each pin of it is called."""
    ws2812_pio: bool
    """The kernel's driver of LED chains is there."""
    camera: CameraCaps


@dataclass(frozen=True, slots=True)
class Kit:
    """A set of parts, wired as `settings` (tables of likelight.toml) say, to one of `boards`."""

    key: str
    name: str
    boards: tuple[str, ...]
    settings: Mapping[str, Any]


def boards() -> tuple[str, ...]:
    """Return the names that `board` takes."""
    return _names("boards")


def kits() -> tuple[str, ...]:
    """Return the names that `kit` takes."""
    return _names("boards/kits")


@cache
def board(key: str) -> Board:
    """Return the board called `key`. Raises `UnknownName`, with the names that there are."""
    data = _read("boards", key, "board")
    pwm = data["pwm"]
    return Board(
        key=key,
        name=data["name"],
        header=_by_gpio(data["header"]),
        reserved=_by_gpio(data["reserved"]),
        pwm={
            gpio: PwmChannel(pwm["chip"], channel)
            for gpio, channel in _by_gpio(pwm["channels"]).items()
        },
        buses={bus: _by_gpio(pins) for bus, pins in data["buses"].items()},
        ws2812_pio=data["ws2812_pio"],
        camera=CameraCaps(**data["camera"]),
    )


@cache
def kit(key: str) -> Kit:
    """Return the kit called `key`. Raises `UnknownName`, with the names that there are."""
    data = _read("boards/kits", key, "kit")
    return Kit(key, data.pop("name"), tuple(data.pop("boards")), data)


def _names(folder: str) -> tuple[str, ...]:
    names = (entry.name for entry in files("likelight_hw").joinpath(folder).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def _read(folder: str, key: str, what: str) -> dict[str, Any]:
    if key not in (known := _names(folder)):
        raise UnknownName(f"no {what} is called {key!r}{did_you_mean(key, known)}")
    return tomllib.loads(files("likelight_hw").joinpath(folder, f"{key}.toml").read_text("utf-8"))


def _by_gpio(table: Mapping[str, Any]) -> dict[int, Any]:
    return {int(gpio): value for gpio, value in table.items()}
