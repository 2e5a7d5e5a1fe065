"""Which of the kernel's GPIO chips is the header: by what it is, because its number is not fixed.

The header of a Pi 5 was gpiochip4 on 6.6, is gpiochip0 on 6.12 and anything from 11 to 15 on newer
kernels; an expander or a HAT can come before it on every board.
"""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from likelight_hw.ports import HardwareError

SYSFS = Path("/sys")
_LABELS = frozenset({"pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"})
"""What the drivers call the chips whose line numbers are the GPIO numbers of the header."""
_COMPATIBLE = frozenset({"raspberrypi,rp1-gpio", "brcm,bcm2711-gpio", "brcm,bcm2835-gpio"})
"""What the device tree calls the same chips."""
_CHIPINFO, _CHIPINFO_SIZE = 0x8044B401, 68
"""GPIO_GET_CHIPINFO_IOCTL of linux/gpio.h."""


def label_of(chip: int) -> str:
    """Ask the kernel what gpiochip `chip` is; that needs leave to open it. Raises `OSError`."""
    device = os.open(device_of(chip), os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        about = fcntl.ioctl(device, _CHIPINFO, bytes(_CHIPINFO_SIZE))
    finally:
        os.close(device)
    return words(about[32:64])


def header_chip(sysfs: Path | None = None, label_of: Callable[[int], str] = label_of) -> int:
    """Return the number of the header's GPIO chip.

    The device tree says it without opening anything. Only on a machine where it does not, chips
    that it does not describe are asked for their label. Raises `HardwareError` where none is the
    header's, or more than one: a lamp on the wrong chip may switch something else.
    """
    names = _compatible_of((sysfs or SYSFS) / "bus/gpio/devices")
    found = [chip for chip, said in names.items() if _COMPATIBLE & said]
    told = {chip: " ".join(sorted(said)) for chip, said in names.items()}
    if not found:
        undescribed = [chip for chip, said in names.items() if not said]
        told |= {chip: _label_or_why_not(label_of, chip) for chip in undescribed}
        found = [chip for chip in undescribed if told[chip] in _LABELS]
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"gpiochip{chip} is {told[chip]}" for chip in found or told)
    if found:
        raise HardwareError(f"more than one GPIO chip is a Raspberry Pi's header: {there}")
    raise HardwareError(
        f"no GPIO chip is a Raspberry Pi's header; {there or 'this machine has none'};"
        " use the sim drivers here"
    )


def device_of(chip: int) -> str:
    """Return the path of the chip's device file."""
    return f"/dev/gpiochip{chip}"


def words(field: bytes) -> str:
    """Return what a fixed field of the kernel's holds."""
    return field.partition(b"\0")[0].decode(errors="replace")


def _compatible_of(devices: Path) -> dict[int, frozenset[str]]:
    """Return what the device tree says of each chip; nothing of one that it does not describe."""
    # By sysfs, not /dev: there udev adds links to chips under the numbers of older kernels.
    numbers = (path.name.removeprefix("gpiochip") for path in devices.glob("gpiochip*"))
    return {chip: _compatible(devices, chip) for chip in sorted(map(int, numbers))}


def _compatible(devices: Path, chip: int) -> frozenset[str]:
    try:
        listed = (devices / f"gpiochip{chip}/of_node/compatible").read_bytes()
    except OSError:
        return frozenset()
    return frozenset(name for name in listed.decode(errors="replace").split("\0") if name)


def _label_or_why_not(label_of: Callable[[int], str], chip: int) -> str:
    try:
        return label_of(chip) or "without a name"
    except OSError as error:
        return f"unknown ({error.strerror or error})"
