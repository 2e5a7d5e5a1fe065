"""The kernel's framebuffer interface (linux/fb.h): its geometry, and its power switch."""

import fcntl
import struct
from dataclasses import dataclass

from likelight_hw.ports import HardwareError

_GET_VSCREENINFO = 0x4600
_GET_FSCREENINFO = 0x4602
_BLANK = 0x4611
_UNBLANKED = 0
_POWERDOWN = 4

# struct fb_var_screeninfo: forty u32. xres, yres, virtual x and y, x and y offset, bits per pixel,
# greyscale, then offset, length and msb_right of red, green, blue and transparency, and more.
_VAR = struct.Struct("@40I")
# struct fb_fix_screeninfo: id, smem_start, smem_len, type, type_aux, visual, three u16 of panning,
# line_length, mmio_start, mmio_len, accel, capabilities, two reserved u16.
_FIX = struct.Struct("@16sLIIIIHHHILIIHHH0L")

_LARGEST = 16384


@dataclass(frozen=True, slots=True)
class FramebufferGeometry:
    """How pixels lie in a framebuffer: sizes and offsets in pixels, `stride` and `size` in bytes.

    `red` is the lowest bit of red in a pixel: red on top of blue, or under it.
    """

    width: int
    height: int
    stride: int
    bits_per_pixel: int
    red: int
    size: int
    x_offset: int = 0
    y_offset: int = 0

    @property
    def start(self) -> int:
        """Where the visible picture begins, in bytes."""
        return self.y_offset * self.stride + self.x_offset * self.bits_per_pixel // 8

    def check(self) -> None:
        """Raise `HardwareError` if the framebuffer can't hold our pictures."""
        if (self.bits_per_pixel, self.red) not in ((16, 11), (16, 0), (32, 16), (32, 0)):
            raise HardwareError(
                f"the framebuffer has {self.bits_per_pixel} bits per pixel, red at bit {self.red}; "
                "16 (RGB565) and 32 (XRGB8888) are supported: set its depth to one of them"
            )
        row = (self.x_offset + self.width) * self.bits_per_pixel // 8
        end = (self.y_offset + self.height) * self.stride
        sane = 0 < self.width <= _LARGEST and 0 < self.height <= _LARGEST
        if not sane or self.stride < row or self.size < end:
            raise HardwareError(f"the framebuffer gives an impossible answer: {self}")


def read_geometry(fd: int) -> FramebufferGeometry:
    """Ask the framebuffer open as `fd`. Raises `OSError` if it is not a framebuffer, or gone."""
    var = _VAR.unpack(fcntl.ioctl(fd, _GET_VSCREENINFO, bytes(_VAR.size)))
    fix = _FIX.unpack(fcntl.ioctl(fd, _GET_FSCREENINFO, bytes(_FIX.size)))
    return FramebufferGeometry(
        width=var[0],
        height=var[1],
        stride=fix[9],
        bits_per_pixel=var[6],
        red=var[8],
        size=fix[2],
        x_offset=var[4],
        y_offset=var[5],
    )


def power(fd: int, on: bool) -> None:
    """Switch the signal to the panel on or off. Raises `OSError` where a driver can't."""
    fcntl.ioctl(fd, _BLANK, _UNBLANKED if on else _POWERDOWN)
