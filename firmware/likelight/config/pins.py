"""Checks whether the parts fit the board: each pin used once, on the header, and able to do its
job."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from likelight.config.hardware import DisplaySettings, HardwareSettings, LampSettings
from likelight.config.toml_lines import Key
from likelight.contract import BOARDS
from likelight_hw import boards
from likelight_hw.boards import Board
from likelight_hw.panels import PANELS

USUAL_DC = 24
"""The GPIO that luma uses for D/C of a panel on SPI when none is set."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with the setting `key`.

    `words` continue with the name of `other`, where there is one: the setting that conflicts with
    `key`, and that could be changed instead.
    """

    key: Key
    words: str
    other: Key | None = None


@dataclass(frozen=True, slots=True)
class _Claim:
    """A pin, the setting that takes it, and what the pin is used for."""

    pin: int
    key: Key
    role: str = ""


def pin_mistakes(hardware: HardwareSettings) -> list[Mistake]:
    """Return every part that doesn't fit. Without a board: whether a real driver needs one."""
    if hardware.board is None:
        return [*_kit_unused(hardware), *_needs_board(hardware)]
    board = boards.board(hardware.board)
    claims = list(_claims(hardware, board))
    return [
        *_kit_of_another_board(hardware, board),
        *_kit_unused(hardware),
        *_unknown_ports(hardware.display, board),
        *_not_on_header(claims, board),
        *_taken_twice(claims),
        *_without_pwm(hardware.lights, board),
        *_without_pio(hardware.lights, board),
    ]


def _needs_board(hardware: HardwareSettings) -> Iterator[Mistake]:
    known = ", ".join(BOARDS)
    add = f'add board = "pi-4" above the first table (there is: {known})'
    if hardware.kit is not None:
        yield Mistake(("kit",), f"a kit needs a board: {add}")
        return
    for key, driver in _drivers(hardware):
        if driver != "sim":
            yield Mistake(key, f'driver = "{driver}" needs a board: {add}')
            return


def _drivers(hardware: HardwareSettings) -> list[tuple[Key, str]]:
    return [
        *((("lights", i, "driver"), lamp.driver) for i, lamp in enumerate(hardware.lights)),
        (("indicator", "driver"), hardware.indicator.driver),
        (("display", "driver"), hardware.display.driver),
        (("buttons", "driver"), hardware.buttons.driver),
    ]


def _kit_unused(hardware: HardwareSettings) -> Iterator[Mistake]:
    """Report a kit of which nothing is left: all that it stands for would be simulated."""
    if hardware.kit is not None and all(driver == "sim" for _, driver in _drivers(hardware)):
        words = 'every part of this kit is set to driver = "sim": remove those tables, or this line'
        yield Mistake(("kit",), words)


def _kit_of_another_board(hardware: HardwareSettings, board: Board) -> Iterator[Mistake]:
    kit = boards.kit(hardware.kit) if hardware.kit else None
    if kit is not None and board.key not in kit.boards:
        yield Mistake(
            ("kit",), f"{kit.key} doesn't fit {board.key}; it is for {', '.join(kit.boards)}"
        )


def _claims(hardware: HardwareSettings, board: Board) -> Iterator[_Claim]:
    for index, lamp in enumerate(hardware.lights):
        if lamp.driver == "rgb":
            for channel, pin in enumerate(lamp.pins or ()):
                yield _Claim(pin, ("lights", index, "pins", channel))
        elif lamp.driver != "sim" and lamp.pin is not None:
            yield _Claim(lamp.pin, ("lights", index, "pin"))
    if hardware.indicator.driver != "sim" and hardware.indicator.pin is not None:
        yield _Claim(hardware.indicator.pin, ("indicator", "pin"))
    yield from _display_claims(hardware.display, board)
    if hardware.buttons.driver != "sim":
        for name in ("pin_thanks", "pin_privacy"):
            if (pin := getattr(hardware.buttons, name)) is not None:
                yield _Claim(pin, ("buttons", name))


def _display_claims(display: DisplaySettings, board: Board) -> Iterator[_Claim]:
    """Name the bus of the panel, whether luma drives it or an overlay, and its own pins."""
    if display.driver == "sim":
        return
    if (bus := _bus(display)) is not None:
        for pin, signal in board.buses.get(bus, {}).items():
            yield _Claim(pin, ("display",), f"{bus.upper()} {signal}")
    if display.pin_dc is None and display.driver == "luma" and bus is not None and bus[:3] == "spi":
        yield _Claim(USUAL_DC, ("display",), "D/C")
    for name in ("pin_dc", "pin_reset", "pin_backlight"):
        if (pin := getattr(display, name)) is not None:
            yield _Claim(pin, ("display", name))


def _bus(display: DisplaySettings) -> str | None:
    """Return `i2c1` or the like: the bus that the panel is on, None for DSI and HDMI."""
    bus = display.bus or (PANELS[display.panel].bus if display.driver == "luma" else None)
    if bus is None:
        return None
    usual = 1 if bus == "i2c" else 0
    return f"{bus}{usual if display.port is None else display.port}"


def _unknown_ports(display: DisplaySettings, board: Board) -> Iterator[Mistake]:
    bus = None if display.driver == "sim" else _bus(display)
    if bus is not None and bus not in board.buses:
        there = ", ".join(name for name in board.buses if name[:3] == bus[:3])
        yield Mistake(
            ("display", "port"), f"a {board.name} has no {bus} on its header; it has {there}"
        )


def _not_on_header(claims: list[_Claim], board: Board) -> Iterator[Mistake]:
    for claim in claims:
        if claim.pin in board.reserved:
            yield Mistake(claim.key, f"GPIO {claim.pin} is for {board.reserved[claim.pin]}")
        elif claim.pin not in board.header:
            low, high = min(board.header), max(board.header)
            words = f"a {board.name} has no GPIO {claim.pin} on its header, only {low} to {high}"
            by_number = {number: gpio for gpio, number in board.header.items()}
            if claim.pin in by_number:
                words += f"; if you count the header's pins, {claim.pin} is GPIO "
                words += f"{by_number[claim.pin]}"
            yield Mistake(claim.key, words)


def _taken_twice(claims: list[_Claim]) -> Iterator[Mistake]:
    first: dict[int, _Claim] = {}
    for claim in claims:
        earlier = first.setdefault(claim.pin, claim)
        if earlier is not claim:
            role = f" ({earlier.role or claim.role})" if earlier.role or claim.role else ""
            words = f"GPIO {claim.pin}{role} is taken twice, also by"
            # A bus can't move; the other one can.
            movable, fixed = (earlier, claim) if claim.role else (claim, earlier)
            yield Mistake(movable.key, words, fixed.key)


def _without_pwm(lamps: tuple[LampSettings, ...], board: Board) -> Iterator[Mistake]:
    taken: dict[int, Key] = {}
    for index, lamp in enumerate(lamps):
        if lamp.driver != "sysfs-pwm" or lamp.pin is None:
            continue
        key: Key = ("lights", index, "pin")
        channel = board.pwm.get(lamp.pin)
        if channel is None:
            able = ", ".join(str(pin) for pin in board.pwm)
            words = f"GPIO {lamp.pin} has no hardware PWM on a {board.name}; GPIO {able} have"
            yield Mistake(key, f'{words}, or set driver = "pwm"')
        elif (other := taken.setdefault(channel.channel, key)) != key and (
            lamps[int(other[1])].pin != lamp.pin
        ):
            words = f"GPIO {lamp.pin} is on PWM channel {channel.channel}, and so is"
            yield Mistake(key, words, other)


def _without_pio(lamps: tuple[LampSettings, ...], board: Board) -> Iterator[Mistake]:
    taken: dict[Path, Key] = {}
    for index, lamp in enumerate(lamps):
        if lamp.driver != "ws2812-pio":
            continue
        if not board.ws2812_pio:
            words = f"ws2812-pio exists on a Raspberry Pi 5 only, and this is a {board.name}"
            yield Mistake(("lights", index, "driver"), words)
        key: Key = ("lights", index, "device")
        if (other := taken.setdefault(lamp.device, key)) != key:
            yield Mistake(key, f"{lamp.device} is taken twice, also by", other)
