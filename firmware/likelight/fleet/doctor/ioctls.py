"""Two questions that only an ioctl answers: who holds a GPIO line, and who is on an I2C bus?"""

import errno
import fcntl
import os
import struct
from pathlib import Path

_I2C_SLAVE = 0x0703
"""linux/i2c-dev.h"""
_CHIPINFO, _CHIPINFO_SIZE = 0x8044B401, 68
_LINEINFO, _LINEINFO_SIZE = 0xC100B405, 256
"""GPIO_GET_CHIPINFO_IOCTL and GPIO_V2_GET_LINEINFO_IOCTL of linux/gpio.h."""
_USED = 1
"""GPIO_V2_LINE_FLAG_USED"""
_HEADERS = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")
"""The GPIO chips whose line numbers are the GPIO numbers of a header."""


def holder(number: int) -> str | None:
    """Return who holds the GPIO `number` of the header, None when nobody does.

    Asks the kernel, and changes nothing. Raises `OSError` where there is no header to ask.
    """
    for device in sorted(Path("/dev").glob("gpiochip*")):
        chip = os.open(device, os.O_RDWR | os.O_CLOEXEC)
        try:
            about = fcntl.ioctl(chip, _CHIPINFO, bytes(_CHIPINFO_SIZE))
            if _words(about[32:64]) not in _HEADERS:
                continue
            question = bytearray(_LINEINFO_SIZE)
            struct.pack_into("=I", question, 64, number)
            line = fcntl.ioctl(chip, _LINEINFO, bytes(question))
        finally:
            os.close(chip)
        (flags,) = struct.unpack_from("=Q", line, 72)
        return (_words(line[32:64]) or "the kernel") if flags & _USED else None
    raise FileNotFoundError("there is no GPIO header")


def _words(field: bytes) -> str:
    return field.partition(b"\0")[0].decode(errors="replace")


def i2c_answers(bus: Path, address: int) -> bool:
    """Return whether a device on the bus answers at `address`. Raises `OSError` for the bus.

    Like i2cdetect it reads a byte, or else writes nothing; some panels can't be read.
    """
    wire = os.open(bus, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(wire, _I2C_SLAVE, address)
        try:
            os.read(wire, 1)
        except OSError:
            os.write(wire, b"")
    except OSError as error:
        # Busy: a driver of the kernel already uses the device at this address.
        return error.errno == errno.EBUSY
    finally:
        os.close(wire)
    return True
