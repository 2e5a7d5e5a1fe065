"""Panels behind the kernel's framebuffer: DSI, HDMI, and SPI panels of the mipi-dbi-spi overlay."""

import errno
import logging
import mmap
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PIL import Image

from likelight_hw.panels import panel
from likelight_hw.ports import HardwareError
from likelight_hw.rpi import fbdev, kernel_names, kernel_screens
from likelight_hw.rpi.panel import TIMEOUT_S, PanelDisplay
from likelight_hw.rpi.pixels import packed
from likelight_hw.rpi.sysfs_backlight import SysfsBacklight
from likelight_hw.wiring import DisplayWiring

log = logging.getLogger(__name__)

CONSOLE = Path("/dev/tty0")
NO_CURSOR_NO_SCREENSAVER = b"\x1b[?25l\x1b[9;0]"

_CLOCKWISE = {
    1: Image.Transpose.ROTATE_270,
    2: Image.Transpose.ROTATE_180,
    3: Image.Transpose.ROTATE_90,
}


def framebuffer_display(
    wiring: DisplayWiring,
    *,
    read_geometry: Callable[[int], fbdev.FramebufferGeometry] = fbdev.read_geometry,
    sysfs: Path | None = None,
    console: Path = CONSOLE,
    timeout_s: float = TIMEOUT_S,
) -> PanelDisplay:
    """Return the display on `wiring`; nothing is opened yet. Raises `HardwareError` in words.

    The other parameters name where the kernel has the geometry, its lists of devices, and the
    console.
    """
    info = panel(wiring).info

    def open_driver() -> FramebufferDriver:
        device = wiring.device
        if device is None:
            found = kernel_screens.framebuffer((info.width, info.height), sysfs)
            device = kernel_names.tell(found)
        driver = FramebufferDriver(device, wiring.rotate, read_geometry, sysfs)
        _hide_cursor(console)
        return driver

    return PanelDisplay(info, open_driver, name=wiring.panel, timeout_s=timeout_s)


class FramebufferDriver:
    """An opened framebuffer. A picture that is smaller is shown in its middle, on black.

    `rotate` turns pictures by quarters, clockwise. A wide picture on a tall framebuffer (or the
    other way round) is turned by one more: panels such as the Touch Display 2 count their pixels
    upright.
    """

    def __init__(
        self,
        device: Path,
        rotate: int,
        read_geometry: Callable[[int], fbdev.FramebufferGeometry],
        sysfs: Path | None,
    ) -> None:
        self._device = device
        self._rotate = rotate
        self._read_geometry = read_geometry
        self._picture: Image.Image | None = None
        self._lit = False
        self._fd = _open(device)
        try:
            self._geometry, self._memory = self._map()
        except BaseException:
            os.close(self._fd)
            raise
        self._backlight = _backlight(device, sysfs)

    def draw(self, image: Image.Image) -> None:
        self._picture = image
        if self._lit:
            self._paint(image)

    def dim(self, level: float) -> None:
        was_lit, self._lit = self._lit, level > 0
        if self._lit and not was_lit:
            # Under KMS only a text console would switch the signal on. A console also paints itself
            # over the picture when the signal comes, so the picture is written after that.
            self._power(True)
            self._paint(self._picture)
        self._light(level)
        if not self._lit:
            if self._backlight is None:
                self._power(False)
            # Some backlights never go out fully, and some drivers can't blank.
            self._paint(None)

    def describe(self) -> str:
        shape = self._geometry
        light = "no backlight" if self._backlight is None else "a backlight"
        return (
            f"{self._device}, {shape.width}x{shape.height}, {shape.bits_per_pixel} bits per pixel, "
            f"{light}"
        )

    def close(self) -> None:
        self._memory.close()
        os.close(self._fd)

    def _power(self, on: bool) -> None:
        """Switch the video signal, if the driver can: monitors sleep without it."""
        with suppress(OSError):
            fbdev.power(self._fd, on)

    def _light(self, level: float) -> None:
        if self._backlight is None:
            return
        try:
            self._backlight.set(level)
        except OSError as error:
            log.warning("The panel's backlight stays as it is: %s", error)
            self._backlight = None

    def _paint(self, image: Image.Image | None) -> None:
        """Write `image`, or black, into the framebuffer's memory."""
        # This fails when the framebuffer is gone, and notices a new monitor of another size.
        if self._read_geometry(self._fd) != self._geometry:
            self._memory.close()
            self._geometry, self._memory = self._map()
        geometry = self._geometry
        canvas = Image.new("RGB", (geometry.width, geometry.height))
        if image is not None:
            turned = self._turned(image.convert("RGB"))
            left, top = geometry.width - turned.width, geometry.height - turned.height
            if left < 0 or top < 0:
                raise HardwareError(
                    f"{self._device} has {geometry.width}x{geometry.height} pixels, too few for "
                    f"a panel of {image.width}x{image.height}: choose another panel"
                )
            canvas.paste(turned, (left // 2, top // 2))
        self._write(packed(canvas, geometry.bits_per_pixel, red_on_top=geometry.red > 0))

    def _turned(self, image: Image.Image) -> Image.Image:
        quarters = self._rotate
        picture_is_wide = (image.width > image.height) != bool(quarters % 2)
        panel_is_wide = self._geometry.width > self._geometry.height
        if picture_is_wide != panel_is_wide and image.width != image.height:
            quarters += 1
        turn = _CLOCKWISE.get(quarters % 4)
        return image if turn is None else image.transpose(turn)

    def _write(self, pixels: bytes) -> None:
        geometry = self._geometry
        row = geometry.width * geometry.bits_per_pixel // 8
        if row == geometry.stride:
            self._memory[geometry.start : geometry.start + len(pixels)] = pixels
            return
        for y in range(geometry.height):
            at = geometry.start + y * geometry.stride
            self._memory[at : at + row] = pixels[y * row : (y + 1) * row]

    def _map(self) -> tuple[fbdev.FramebufferGeometry, mmap.mmap]:
        try:
            geometry = self._read_geometry(self._fd)
        except OSError as error:
            raise HardwareError(
                f"{self._device} gives no geometry ({error.strerror}): "
                "is it a framebuffer, and is its panel still there?"
            ) from error
        geometry.check()
        try:
            return geometry, mmap.mmap(self._fd, geometry.size)
        except ValueError as error:
            raise HardwareError(f"{self._device} is smaller than it says: {error}") from error


def _open(device: Path) -> int:
    try:
        return os.open(device, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        remedies = {
            errno.ENOENT: "is the panel's cable in, and its overlay in /boot/firmware/config.txt?",
            errno.EACCES: "add likelight's user to the group video",
        }
        remedy = remedies.get(error.errno or 0, "")
        raise HardwareError(
            f"can't open {device}: {error.strerror}; {remedy}".rstrip("; ")
        ) from error


def _backlight(device: Path, sysfs: Path | None) -> SysfsBacklight | None:
    found = kernel_names.tell(kernel_screens.backlight(device, sysfs))
    try:
        return None if found is None else SysfsBacklight(found)
    except (OSError, ValueError) as error:
        log.warning("The panel's backlight stays as it is: %s", error)
        return None


def _hide_cursor(console: Path) -> None:
    """Hide the text cursor. Without the permission for that, it blinks in a corner of the panel."""
    with suppress(OSError):
        fd = os.open(console, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            os.write(fd, NO_CURSOR_NO_SCREENSAVER)
        finally:
            os.close(fd)
