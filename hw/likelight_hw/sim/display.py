"""A panel made of memory, and its picture as a PNG for whoever wants to look at it."""

import asyncio
import io
from collections.abc import Callable

from PIL import Image

from likelight_hw.ports import DisplayInfo, HardwareError

# The panel of the reference kit: 7 inches, 800x480, 154 mm x 86 mm of glass, read from 3 m.
SEVEN_INCH = DisplayInfo(800, 480, "RGB", mm_per_px=154 / 800, reading_distance_m=3.0)


class SimDisplay:
    """A panel that keeps the last image it was shown; black until then.

    `delay` is how long, in seconds, an image takes to the glass (slow buses and e-paper take
    their time). Images that wait meanwhile are skipped, except the newest. A `broken` panel
    keeps what it shows and raises `HardwareError` instead of taking more. `version` counts the
    images that reached the glass; `on_show` is called after each.
    """

    simulated = True

    def __init__(self, info: DisplayInfo = SEVEN_INCH, *, delay: float = 0.0) -> None:
        self.info = info
        self.broken = False
        self.version = 0
        self.on_show: Callable[[], None] = lambda: None
        self._delay = delay
        self._glass = asyncio.Lock()
        self._newest = self._blank()
        self._image = self._newest
        self._encoded: tuple[Image.Image, bytes] | None = None

    @property
    def image(self) -> Image.Image:
        """What is on the glass; not to be changed."""
        return self._image

    async def show(self, image: Image.Image) -> None:
        if (image.size, image.mode) != ((self.info.width, self.info.height), self.info.mode):
            raise ValueError(f"{image.mode} image of {image.size} does not fit {self.info}")
        self._newest = image.copy()
        await self._refresh()

    async def png(self) -> bytes:
        """Return what is on the glass as a PNG, encoded in a thread, once per image."""
        image = self._image
        if self._encoded is None or self._encoded[0] is not image:
            self._encoded = image, await asyncio.to_thread(_encode, image)
        return self._encoded[1]

    async def close(self) -> None:
        async with self._glass:
            self._newest = self._image = self._blank()

    async def _refresh(self) -> None:
        """Bring the newest image to the glass, unless whoever waited before did."""
        async with self._glass:
            if self.broken:
                raise HardwareError("the simulated panel is broken; mend it")
            newest = self._newest
            if self._image is newest:
                return
            await asyncio.sleep(self._delay)
            self._image = newest
            self.version += 1
            self.on_show()

    def _blank(self) -> Image.Image:
        return Image.new(self.info.mode, (self.info.width, self.info.height))


def _encode(image: Image.Image) -> bytes:
    file = io.BytesIO()
    # Level 1 takes a third of the time of the default, for flat screens of about the same size.
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
