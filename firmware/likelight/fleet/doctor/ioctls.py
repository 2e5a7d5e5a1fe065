"""Two questions that only an ioctl answers: who holds a GPIO line, and who is on an I2C bus?"""

import errno
import fcntl
import os
import struct
from pathlib import Path

from likelight_hw.rpi import kernel_names

_I2C_SLAVE = 0x0703
"""linux/i2c-dev.h"""
_LINEINFO, _LINEINFO_SIZE = 0xC100B405, 256
"""GPIO_V2_GET_LINEINFO_IOCTL of linux/gpio.h."""
_USED = 1
"""GPIO_V2_LINE_FLAG_USED"""


def holder(number: int) -> str | None:
    """Return who holds the GPIO `number` of the header, None when nobody does.

    Asks the kernel, and changes nothing. Raises `HardwareError` where there is no header to
    ask, and `OSError` where its chip can't be.
    """
    chip = os.open(kernel_names.device_of(kernel_names.header_chip()), os.O_RDWR | os.O_CLOEXEC)
    try:
        question = bytearray(_LINEINFO_SIZE)
        struct.pack_into("=I", question, 64, number)
        line = fcntl.ioctl(chip, _LINEINFO, bytes(question))
    finally:
        os.close(chip)
    (flags,) = struct.unpack_from("=Q", line, 72)
    return (kernel_names.words(line[32:64]) or "the kernel") if flags & _USED else None


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
