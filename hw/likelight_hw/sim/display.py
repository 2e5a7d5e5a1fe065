"""A panel made of memory, and its picture as a PNG."""

import asyncio
import io
import zlib
from collections.abc import Callable

from PIL import Image

from likelight_hw.panels import PANELS
from likelight_hw.ports import DisplayInfo, HardwareError

REFERENCE = PANELS["lcd-7"].info
"""The panel of the reference kit."""


class SimDisplay:
    """A panel that keeps the last image it was shown; black until then.

    Its picture as a PNG is as bright as the panel is.

    `delay` is how long, in seconds, an image takes to the panel (slow buses and e-paper take
    their time). Images that wait meanwhile are skipped, except the newest. A `broken` panel
    keeps what it shows and raises `HardwareError` instead of taking more. `version` counts the
    changes that eyes could see, in picture or brightness; `on_show` is called after each.

    The image is kept compressed: at 800x480 it would be 1.5 MB of the daemon's 60 MB.
    """

    simulated = True

    def __init__(self, info: DisplayInfo = REFERENCE, *, delay: float = 0.0) -> None:
        self.info = info
        self.broken = False
        self.version = 0
        self.on_show: Callable[[], None] = lambda: None
        self._delay = delay
        self._turn = asyncio.Lock()
        self._waiting: Image.Image | None = None
        self._image = self._blank()
        self._brightness = 1.0
        self._encoded: tuple[int, bytes] | None = None

    @property
    def image(self) -> Image.Image:
        """The image on the panel, at full brightness."""
        return _unpacked(self._image, self.info)

    @property
    def brightness(self) -> float:
        """Perceived, 0..1."""
        return self._brightness

    async def show(self, image: Image.Image) -> None:
        if (image.size, image.mode) != ((self.info.width, self.info.height), self.info.mode):
            raise ValueError(f"{image.mode} image of {image.size} does not fit {self.info}")
        self._waiting = image
        await self._refresh()

    async def png(self) -> bytes:
        """Return what eyes see as a PNG, encoded in a thread, once per change."""
        version = self.version
        if self._encoded is None or self._encoded[0] != version:
            png = await asyncio.to_thread(_encode, self._image, self.info, self._brightness)
            self._encoded = version, png
        return self._encoded[1]

    async def set_brightness(self, level: float) -> None:
        async with self._turn:
            self._check_working()
            clamped = min(1.0, max(0.0, level))
            if clamped != self._brightness:
                self._brightness = clamped
                self._changed()

    async def close(self) -> None:
        async with self._turn:
            self._waiting, self._image = None, self._blank()
            self._changed()

    async def _refresh(self) -> None:
        """Show the newest image, unless an earlier caller has done so."""
        async with self._turn:
            self._check_working()
            newest, self._waiting = self._waiting, None
            if newest is None:
                return
            await asyncio.sleep(self._delay)
            self._image = await asyncio.to_thread(_packed, newest)
            self._changed()

    def _check_working(self) -> None:
        if self.broken:
            raise HardwareError("the simulated panel is broken; repair it")

    def _changed(self) -> None:
        self.version += 1
        self.on_show()

    def _blank(self) -> bytes:
        return _packed(Image.new(self.info.mode, (self.info.width, self.info.height)))


def _packed(image: Image.Image) -> bytes:
    return zlib.compress(image.tobytes(), level=1)


def _unpacked(pixels: bytes, info: DisplayInfo) -> Image.Image:
    return Image.frombytes(info.mode, (info.width, info.height), zlib.decompress(pixels))


def _encode(pixels: bytes, info: DisplayInfo, brightness: float) -> bytes:
    image = _unpacked(pixels, info)
    if brightness < 1:
        # sRGB is near enough to perceived lightness for a dimmed panel to look dimmed.
        grey_or_rgb = image.convert("L") if image.mode == "1" else image
        image = grey_or_rgb.point(lambda value: round(value * brightness))
    file = io.BytesIO()
    # Level 1 takes a third of the time of the default, for flat screens of about the same size.
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
