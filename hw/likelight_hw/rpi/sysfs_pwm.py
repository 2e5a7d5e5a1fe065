"""A lamp on a hardware PWM channel, through the kernel's `/sys/class/pwm`.

Hardware PWM neither jitters nor steps: at 1 kHz it has a million levels where lgpio has a hundred,
so that a lamp dims smoothly down to nothing. `dtoverlay=pwm` in config.txt makes a channel; its own
default is GPIO 18, so the lamp's pin has to be named there.
"""

import errno
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from likelight_hw.lamps.gamma import relative_luminance
from likelight_hw.ports import DARK, HardwareError, LightFrame
from likelight_hw.rpi import kernel_file
from likelight_hw.wiring import PwmChannel

CLASS = Path("/sys/class/pwm")
READY_WITHIN_S = 3.0
"""After an export udev gives the new files to the group gpio: in 50 ms, or later in a busy boot."""


class SysfsPwmLamp:
    """A white lamp on one channel. It shows a frame's luminance, as every white lamp does.

    The chip is found by the name of its device, because its number changes with the kernel: the
    header of a Pi 5 was pwmchip2 on 6.6 and is pwmchip0 on 6.12.
    """

    simulated = False

    def __init__(
        self,
        wired: PwmChannel,
        monotonic: Callable[[], float],
        *,
        active_low: bool = False,
        frequency_hz: int = 1000,
        root: Path | None = None,
    ) -> None:
        """Export the channel. Raises `HardwareError` when it does not exist or is in use."""
        self._name = f"the lamp on PWM {wired.chip} channel {wired.channel}"
        self._monotonic = monotonic
        self._active_low = active_low
        self._period_ns = round(1e9 / frequency_hz)
        self._chip = _chip(root or CLASS, wired.chip, self._name)
        self._channel = wired.channel
        self._files = self._chip / f"pwm{wired.channel}"
        self._duty: int | None = None
        self._give_up_at = monotonic() + READY_WITHIN_S
        self._export()
        # After a crash the channel is still there, and maybe lit: taking it switches it off.
        self._take()

    def write(self, frame: LightFrame) -> LightFrame:
        """Show `frame`; return dark while udev has not yet given us the channel."""
        if self._duty is None and not self._take():
            return DARK
        self._set(relative_luminance(frame))
        return frame

    def close(self) -> None:
        if self._duty is None:
            return
        with suppress(HardwareError):
            self._set(0.0)
        os.close(self._duty)
        self._duty = None
        # A channel that is switched off is low, which is on for a lamp that is active low. So that
        # channel stays enabled: the PWM goes on without this process.
        if not self._active_low:
            with suppress(OSError):
                _write(self._files / "enable", 0)
            with suppress(OSError):
                _write(self._chip / "unexport", self._channel)

    def _export(self) -> None:
        with self._as_hardware_error():
            try:
                _write(self._chip / "export", self._channel)
            except OSError as error:
                # Busy: a crash left it exported, or another program exported it.
                if error.errno != errno.EBUSY:
                    raise

    def _take(self) -> bool:
        """Open the channel, dark; return whether udev has given us access yet."""
        with self._as_hardware_error():
            try:
                self._duty = self._opened()
            except (FileNotFoundError, PermissionError):
                # udev hands over one file after the other: the first is ours, the next not yet.
                if self._monotonic() >= self._give_up_at:
                    raise
        return self._duty is not None

    def _opened(self) -> int:
        duty = os.open(self._files / "duty_cycle", kernel_file.WRITE)
        try:
            self._start(duty)
        except OSError:
            os.close(duty)
            raise
        return duty

    def _start(self, duty: int) -> None:
        # The kernel refuses a period below the duty cycle, and a duty cycle without a period. For a
        # lamp that is active low a duty cycle of 0 would be a flash at full light.
        dark = self._nanoseconds(0.0)
        if (period := _read(self._files / "period")) > 0:
            _put(duty, min(dark, period))
        _write(self._files / "period", self._period_ns)
        _put(duty, dark)
        _write(self._files / "enable", 1)

    def _set(self, share: float) -> None:
        with self._as_hardware_error():
            if self._duty is None:
                raise HardwareError(f"{self._name} is closed")
            _put(self._duty, self._nanoseconds(share))

    def _nanoseconds(self, share: float) -> int:
        return round((1 - share if self._active_low else share) * self._period_ns)

    def _as_hardware_error(self) -> AbstractContextManager[None]:
        return kernel_file.as_hardware_error(self._name, _remedy)


def _chip(root: Path, name: str, lamp: str) -> Path:
    """Return the directory of the chip whose device is called `name`."""
    with suppress(FileNotFoundError):
        for chip in sorted(root.iterdir()):
            with suppress(OSError):
                if (chip / "device").readlink().name == name:
                    return chip
    raise HardwareError(
        f"{lamp}: there is no such chip; add the line dtoverlay=pwm,pin=... of hw/overlays to"
        " /boot/firmware/config.txt and start the Pi again"
    )


def _write(path: Path, number: int) -> None:
    file = os.open(path, kernel_file.WRITE)
    try:
        _put(file, number)
    finally:
        os.close(file)


def _put(file: int, number: int) -> None:
    os.pwrite(file, b"%d\n" % number, 0)


def _read(path: Path) -> int:
    file = os.open(path, kernel_file.READ)
    try:
        return int(os.pread(file, 32, 0).split()[0])
    finally:
        os.close(file)


def _remedy(error: OSError) -> str | None:
    match error:
        case FileNotFoundError():
            return "the kernel did not make it; the channel is not one of this chip's"
        case OSError(errno=errno.ENODEV | errno.EINVAL):
            return "the chip has no such channel, or can't do this frequency_hz"
    return None
