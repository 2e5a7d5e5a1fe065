"""A Raspberry Pi on a desk: gpiozero's mock pins, a PWM chip in sysfs and a strip in the kernel.

They are as low as a fake can be: the drivers' own code runs whole, down to the pin or the file.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from likelight_hw.rpi import pins
from support.flashes import Light

PI_4 = "c03115"
PI_5 = "c04170"
PWM_CHIPS = {PI_4: "fe20c000.pwm", PI_5: "1f00098000.pwm"}


class LgpioPin(MockPWMPin):
    """A mock pin that cuts a duty cycle down to whole percents, as gpiozero's lgpio pins do."""

    def _set_state(self, value: float) -> None:
        super()._set_state(value if self._frequency is None else int(value * 100) / 100)


class Pi:
    """The header of a board with this revision."""

    def __init__(self, factory: MockFactory, revision: str) -> None:
        self.factory = factory
        self.revision = revision

    def pin(self, number: int) -> LgpioPin:
        return self.factory.pin(number)

    def duty(self, number: int, *, active_low: bool = False) -> float:
        """The share of the time, 0..1, for which a lamp on this pin is on."""
        state = float(self.pin(number).state)
        return 1 - state if active_low else state

    def is_let_go(self, number: int, *, high: bool = False) -> bool:
        """Whether the pin is an input again, pulled to one side."""
        pin = self.pin(number)
        return pin.function == "input" and pin.pull == ("up" if high else "down")


@contextmanager
def pi(revision: str) -> Iterator[Pi]:
    """A board with this revision, as the process's own."""
    with pins.use(MockFactory(revision=revision, pin_class=LgpioPin)) as factory:
        yield Pi(factory, revision)


class PwmTree:
    """`/sys/class/pwm` in a temporary directory, with udev and the kernel played by the test."""

    def __init__(self, root: Path, chips: dict[str, int]) -> None:
        """`chips`: number of the pwmchip by name of its device."""
        self.root = root
        self._numbers = chips
        for name, number in chips.items():
            device = root / "devices" / name
            device.mkdir(parents=True)
            chip = root / f"pwmchip{number}"
            chip.mkdir()
            (chip / "device").symlink_to(f"../../../{name}")
            for file in ("export", "unexport"):
                (chip / file).write_text("")

    def make(self, name: str, channel: int) -> None:
        """What the kernel does after an export, and udev."""
        files = self._chip(name) / f"pwm{channel}"
        files.mkdir()
        for file in ("period", "duty_cycle", "enable"):
            (files / file).write_text("0\n")

    def exported(self, name: str) -> str:
        return _first_line(self._chip(name) / "export")

    def unexported(self, name: str) -> str:
        return _first_line(self._chip(name) / "unexport")

    def value(self, name: str, channel: int, file: str) -> int:
        return int(_first_line(self._chip(name) / f"pwm{channel}" / file))

    def duty(self, name: str, channel: int, *, active_low: bool = False) -> float:
        """The share of the time for which a lamp on this channel is on."""
        high = self.value(name, channel, "duty_cycle")
        share = high / self.value(name, channel, "period") if high else 0.0
        share *= self.value(name, channel, "enable")
        return 1 - share if active_low else share

    def _chip(self, name: str) -> Path:
        return self.root / f"pwmchip{self._numbers[name]}"


class Strip:
    """What drivers/misc/ws2812-pio-rp1.c does with what is written to `/dev/leds0`."""

    def __init__(self, path: Path, leds: int) -> None:
        path.touch()
        self.path = path
        self._pixels = bytearray(4 * leds)
        self._brightness = 255
        self.most_milliamps = 0.0

    @property
    def lights(self) -> list[Light]:
        """The light of each LED."""
        return [self.light(index) for index in range(len(self._pixels) // 4)]

    def light(self, index: int) -> Light:
        red, green, blue, _ = self._pixels[4 * index : 4 * index + 4]
        return self._light(red), self._light(green), self._light(blue)

    @property
    def milliamps(self) -> float:
        return sum(1 + 59 * sum(light) / 3 for light in self.lights)

    def write(self, data: bytes, at: int) -> int:
        if at + len(data) > len(self._pixels):
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        if at == 0 and len(data) == 1:
            self._brightness = data[0]
        else:
            self._pixels[at : at + len(data)] = data
            self._pixels[at + len(data) :] = bytes(len(self._pixels) - at - len(data))
        self.most_milliamps = max(self.most_milliamps, self.milliamps)
        return len(data)

    def _light(self, value: int) -> float:
        if self._brightness == 0:
            return value / 255
        return float((value * self._brightness // 255 / 255) ** (1 / 0.45))


@contextmanager
def strip(path: Path, leds: int) -> Iterator[Strip]:
    """A strip of `leds` behind the file at `path`."""
    made = Strip(path, leds)
    really, inode = os.pwrite, path.stat().st_ino

    def pwrite(file: int, data: bytes, at: int) -> int:
        if os.fstat(file).st_ino == inode:
            return made.write(data, at)
        return really(file, data, at)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "pwrite", pwrite)
        yield made


def _first_line(path: Path) -> str:
    return path.read_text().partition("\n")[0]
