"""A picture as three planes, painted by Pillow in C: I420, full range, BT.601, as in JFIF.

Converting a 720p frame from RGB costs more than encoding it, so only what is drawn once (sprites,
placeholders, the empty kitchen) is ever RGB.
"""

from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image

from likelight_hw.ports import Rgb


class Planes(NamedTuple):
    """Luma at full size, both chromas at half of it; every image of mode "L"."""

    y: Image.Image
    u: Image.Image
    v: Image.Image

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in luma pixels."""
        return self.y.size

    def paste(self, other: "Planes", at: tuple[int, int] = (0, 0)) -> None:
        """Cover with `other`; `at` is even."""
        half = (at[0] // 2, at[1] // 2)
        self.y.paste(other.y, at)
        self.u.paste(other.u, half)
        self.v.paste(other.v, half)

    def crop(self, box: tuple[int, int, int, int]) -> "Planes":
        """Return a copy of `box`, whose corners are even."""
        x0, y0, x1, y1 = box
        half = (x0 // 2, y0 // 2, x1 // 2, y1 // 2)
        return Planes(self.y.crop(box), self.u.crop(half), self.v.crop(half))


def blank(width: int, height: int) -> Planes:
    """Return a black picture of even `width` and `height`."""
    half = (width // 2, height // 2)
    return Planes(
        Image.new("L", (width, height), 0), Image.new("L", half, 128), Image.new("L", half, 128)
    )


def yuv(rgb: Rgb) -> tuple[int, int, int]:
    """Return one colour as Y, U, V."""
    pixel = Image.new("RGB", (1, 1), rgb).convert("YCbCr").getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return int(pixel[0]), int(pixel[1]), int(pixel[2])


def from_rgb(image: Image.Image) -> Planes:
    """Return an RGB image of even size as planes."""
    y, u, v = image.convert("YCbCr").split()
    return Planes(y, u.reduce(2), v.reduce(2))


@dataclass(frozen=True, slots=True)
class Sprite:
    """Something to lay over a picture, with soft edges: planes, and a mask for each size."""

    planes: Planes
    mask: Image.Image
    half_mask: Image.Image

    @classmethod
    def from_rgba(cls, image: Image.Image) -> "Sprite":
        """Return an RGBA image of even size as a sprite."""
        mask = image.getchannel("A")
        return cls(from_rgb(image.convert("RGB")), mask, mask.reduce(2))

    def paste(self, onto: Planes, at: tuple[int, int]) -> None:
        """Lay the sprite over `onto`; its corner goes to `at`, rounded down to even."""
        x, y = at[0] & ~1, at[1] & ~1
        half = (x // 2, y // 2)
        onto.y.paste(self.planes.y, (x, y), self.mask)
        onto.u.paste(self.planes.u, half, self.half_mask)
        onto.v.paste(self.planes.v, half, self.half_mask)
