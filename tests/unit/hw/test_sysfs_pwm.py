"""A hardware PWM channel: found by its device, taken when udev lets us, and left in the dark."""

import errno
import os
from pathlib import Path

import pytest

from likelight_hw.lamps.gamma import luminance
from likelight_hw.ports import DARK, HardwareError, LightFrame
from likelight_hw.rpi.sysfs_pwm import SysfsPwmLamp
from likelight_hw.wiring import PwmChannel
from support.pi import PwmTree

HEADER = "1f00098000.pwm"
FAN = "1f0009c000.pwm"
WIRED = PwmChannel(HEADER, 2)
WHITE = LightFrame(1.0, (255, 255, 255))
HALF = LightFrame(0.5, (255, 255, 255))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("number", [0, 1])
def test_the_chip_is_found_by_its_device_whatever_its_number(tmp_path: Path, number: int) -> None:
    tree = PwmTree(tmp_path, {HEADER: number, FAN: 1 - number})
    tree.make(HEADER, 2)
    SysfsPwmLamp(WIRED, Clock(), root=tmp_path).write(HALF)

    assert (tree.exported(HEADER), tree.exported(FAN)) == ("2", "")
    assert tree.value(HEADER, 2, "period") == 1_000_000
    assert tree.value(HEADER, 2, "duty_cycle") == round(luminance(0.5) * 1_000_000)
    assert tree.value(HEADER, 2, "enable") == 1


def test_without_the_overlay_it_says_what_to_add(tmp_path: Path) -> None:
    PwmTree(tmp_path, {FAN: 0})
    with pytest.raises(HardwareError, match=r"1f00098000\.pwm channel 2: .*dtoverlay=pwm,pin="):
        SysfsPwmLamp(WIRED, Clock(), root=tmp_path)
    with pytest.raises(HardwareError, match="dtoverlay=pwm,pin="):
        SysfsPwmLamp(WIRED, Clock(), root=tmp_path / "absent")


def test_until_udev_is_done_it_is_dark_and_then_it_lights(tmp_path: Path) -> None:
    clock = Clock()
    tree = PwmTree(tmp_path, {HEADER: 0})
    lamp = SysfsPwmLamp(WIRED, clock, root=tmp_path)
    for _ in range(5):
        clock.now += 0.02
        assert lamp.write(WHITE) == DARK
    tree.make(HEADER, 2)
    assert lamp.write(WHITE) == WHITE
    assert tree.duty(HEADER, 2) == 1


def test_a_udev_that_never_comes_is_waited_for_3_s(tmp_path: Path) -> None:
    clock = Clock()
    PwmTree(tmp_path, {HEADER: 0})
    lamp = SysfsPwmLamp(WIRED, clock, root=tmp_path)
    clock.now = 2.99
    assert lamp.write(WHITE) == DARK
    clock.now = 3.0
    with pytest.raises(HardwareError, match="not one of this chip's"):
        lamp.write(WHITE)
    lamp.close()


def test_without_the_udev_rule_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    PwmTree(tmp_path, {HEADER: 0})

    # Root, which may run a test, can write to everything.
    def refuse(path: Path, *_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(HardwareError, match="udev rules and add its user to the group gpio"):
        SysfsPwmLamp(WIRED, Clock(), root=tmp_path)


def test_a_udev_that_is_half_done_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = PwmTree(tmp_path, {HEADER: 0})
    tree.make(HEADER, 2)
    really, done = os.open, False

    def half(path: Path, flags: int) -> int:
        if path.name == "period" and not done:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return really(path, flags)

    monkeypatch.setattr(os, "open", half)
    lamp = SysfsPwmLamp(WIRED, Clock(), root=tmp_path)
    assert lamp.write(WHITE) == DARK
    done = True
    assert lamp.write(WHITE) == WHITE


@pytest.mark.parametrize("before", [100_000, 500_000, 2_000_000])
def test_an_active_low_lamp_is_taken_over_without_a_flash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    tree = PwmTree(tmp_path, {HEADER: 0})
    tree.make(HEADER, 2)
    files = tmp_path / "pwmchip0/pwm2"
    for name, value in (("period", before), ("duty_cycle", before), ("enable", 1)):
        (files / name).write_text(f"{value}\n")
    really, duties = os.pwrite, list[int]()

    def pwrite(file: int, data: bytes, at: int) -> int:
        if os.path.samestat(os.fstat(file), (files / "duty_cycle").stat()):
            duties.append(int(data))
            assert int(data) <= tree.value(HEADER, 2, "period")
        return really(file, data, at)

    monkeypatch.setattr(os, "pwrite", pwrite)
    SysfsPwmLamp(WIRED, Clock(), active_low=True, frequency_hz=2000, root=tmp_path)
    assert duties == [min(before, 500_000), 500_000]


def test_what_a_crash_left_on_is_switched_off_by_taking_it(tmp_path: Path) -> None:
    tree = PwmTree(tmp_path, {HEADER: 0})
    tree.make(HEADER, 2)
    files = tmp_path / "pwmchip0/pwm2"
    for name, value in (("period", 40_000), ("duty_cycle", 40_000), ("enable", 1)):
        (files / name).write_text(f"{value}\n")

    lamp = SysfsPwmLamp(WIRED, Clock(), root=tmp_path)
    assert tree.duty(HEADER, 2) == 0
    lamp.close()
    assert tree.unexported(HEADER) == "2"


def test_an_active_low_lamp_stays_off_after_the_end_because_its_channel_goes_on(
    tmp_path: Path,
) -> None:
    tree = PwmTree(tmp_path, {HEADER: 0})
    tree.make(HEADER, 2)
    lamp = SysfsPwmLamp(WIRED, Clock(), active_low=True, frequency_hz=2000, root=tmp_path)
    lamp.write(WHITE)
    assert tree.value(HEADER, 2, "duty_cycle") == 0
    lamp.close()
    assert tree.value(HEADER, 2, "duty_cycle") == tree.value(HEADER, 2, "period") == 500_000
    assert tree.value(HEADER, 2, "enable") == 1
    assert tree.unexported(HEADER) == ""
