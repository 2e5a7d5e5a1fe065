"""Which of the kernel's GPIO chips and buses are the header's: by what they are.

Their numbers are not fixed. The header of a Pi 5 was gpiochip4 on 6.6, is gpiochip0 on 6.12 and
anything from 11 to 15 on newer kernels; an expander or a HAT can come before it on every board.
"""

import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final, Generic, Literal, NamedTuple, TypeVar

from likelight_hw.ports import HardwareError

log = logging.getLogger(__name__)

Bus = Literal["i2c", "spi"]
_Taken = TypeVar("_Taken")

SYSFS = Path("/sys")
TREE: Final = "firmware/devicetree/base"
"""The device tree, in sysfs."""
_LABELS = frozenset({"pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"})
"""What the drivers call the chips whose line numbers are the GPIO numbers of the header."""
_COMPATIBLE = frozenset({"raspberrypi,rp1-gpio", "brcm,bcm2711-gpio", "brcm,bcm2835-gpio"})
"""What the device tree calls the same chips."""
_CHIPINFO, _CHIPINFO_SIZE = 0x8044B401, 68
"""GPIO_GET_CHIPINFO_IOCTL of linux/gpio.h."""


class Choice(NamedTuple, Generic[_Taken]):
    """What was taken, and in words why that may be wrong; None where the kernel left no doubt."""

    taken: _Taken
    doubt: str | None = None


class _HeaderBus(NamedTuple):
    name: str
    aliases: tuple[str, ...]
    """What the device tree of every Pi calls it (bcm270x-rpi.dtsi, bcm2712-rpi.dtsi)."""
    adapters: str
    """Where the kernel lists such buses; i2c-adapter below class is gone from new kernels."""
    prefix: str
    usual: int
    switch: str


_BUSES: dict[Bus, _HeaderBus] = {
    "i2c": _HeaderBus("I2C", ("i2c", "i2c1"), "bus/i2c/devices", "i2c-", 1, "dtparam=i2c_arm=on"),
    "spi": _HeaderBus("SPI", ("spi0",), "class/spi_master", "spi", 0, "dtparam=spi=on"),
}


def label_of(chip: int) -> str:
    """Ask the kernel what gpiochip `chip` is; that needs the right to open it. Raises `OSError`."""
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


def header_bus(bus: Bus, sysfs: Path | None = None) -> Choice[int]:
    """Return the number of the header's I2C or SPI bus, the one that the device tree calls so.

    Where the device tree has no such name, as on a system that is not Raspberry Pi's, that is the
    usual number, with a doubt. Raises `HardwareError` where the bus is named but off: at its usual
    number may be another one.
    """
    root, header = sysfs or SYSFS, _BUSES[bus]
    node = _aliased(root / TREE, header.aliases)
    if node is None:
        return Choice(
            header.usual,
            f"the device tree does not name the header's {header.name} bus: number"
            f" {header.usual} is taken for it; display.port = {header.usual} confirms that",
        )
    for number, adapter in numbered(root / header.adapters, header.prefix):
        if (adapter / "of_node").resolve() == node:
            return Choice(number)
    raise HardwareError(
        f"the header's {header.name} bus is off: put {header.switch} into"
        " /boot/firmware/config.txt and start again"
    )


def tell(choice: Choice[_Taken]) -> _Taken:
    """Return what was taken; log a doubt, each one once in a process."""
    if choice.doubt is not None:
        _log_once(choice.doubt)
    return choice.taken


@cache
def _log_once(doubt: str) -> None:
    log.warning("%s%s", doubt[0].upper(), doubt[1:])


def device_of(chip: int) -> str:
    """Return the path of the chip's device file."""
    return f"/dev/gpiochip{chip}"


def numbered(folder: Path, prefix: str) -> Iterator[tuple[int, Path]]:
    """Yield what is called `prefix` and a number, such as gpiochip11, in the order of numbers."""
    found = ((path.name.removeprefix(prefix), path) for path in folder.glob(f"{prefix}*"))
    yield from sorted((int(number), path) for number, path in found if number.isdecimal())


def words(field: bytes) -> str:
    """Return what a fixed field of the kernel's holds."""
    return field.partition(b"\0")[0].decode(errors="replace")


def _compatible_of(devices: Path) -> dict[int, frozenset[str]]:
    """Return what the device tree says of each chip; nothing of one that it does not describe."""
    # By sysfs, not /dev: there udev adds links to chips under the numbers of older kernels.
    return {chip: _compatible(path) for chip, path in numbered(devices, "gpiochip")}


def _aliased(tree: Path, aliases: tuple[str, ...]) -> Path | None:
    """Return the node that the first of `aliases` names which the device tree has."""
    for alias in aliases:
        with suppress(OSError):
            node = words((tree / "aliases" / alias).read_bytes())
            return (tree / node.lstrip("/")).resolve()
    return None


def _compatible(chip: Path) -> frozenset[str]:
    try:
        listed = (chip / "of_node/compatible").read_bytes()
    except OSError:
        return frozenset()
    return frozenset(name for name in listed.decode(errors="replace").split("\0") if name)


def _label_or_why_not(label_of: Callable[[int], str], chip: int) -> str:
    try:
        return label_of(chip) or "without a name"
    except OSError as error:
        return f"unknown ({error.strerror or error})"
