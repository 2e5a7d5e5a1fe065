"""What a camera's packets show: planes, brightness, the barcode of the capture time."""

import io

import av
from PIL import Image

from likelight_hw.picture import barcode


def luma(frame: av.VideoFrame) -> Image.Image:
    """Return a decoded frame's luma."""
    return planes(frame)[0]


def planes(frame: av.VideoFrame) -> list[Image.Image]:
    """Return a decoded frame's luma and its two chromas, which are half as large."""
    return [
        Image.frombytes(
            "L", (plane.width, plane.height), bytes(plane), "raw", "L", plane.line_size, 1
        )
        for plane in frame.planes
    ]


def mean(image: Image.Image, box: tuple[float, float, float, float] = (0, 0, 1, 1)) -> float:
    """Return the mean value of an "L" image within `box`, in fractions of its size."""
    x0, y0, x1, y1 = box
    part = image.crop(
        (
            round(x0 * image.width),
            round(y0 * image.height),
            round(x1 * image.width),
            round(y1 * image.height),
        )
    )
    counts = part.histogram()
    return sum(value * count for value, count in enumerate(counts)) / sum(counts)


def read_barcode(picture: Image.Image) -> int | None:
    """Return the milliseconds modulo 2^20 in a picture's luma, None when there is no barcode."""
    side = barcode.edge(picture.height)
    bits = 0
    for block in range(barcode.BLOCKS):
        middle = picture.crop(
            (block * side + side // 4, side // 4, (block + 1) * side - side // 4, 3 * side // 4)
        )
        value = mean(middle)
        if 64 < value < 192:
            return None
        bits = bits << 1 | (value >= 192)
    stamp, check = bits >> 4, bits & 0xF
    for shift in range(0, 20, 4):
        check ^= stamp >> shift & 0xF
    return stamp if check == 0 else None


def jpeg_image(data: bytes) -> Image.Image:
    """Return a JPEG, decoded; it must be whole."""
    image = Image.open(io.BytesIO(data), formats=["JPEG"])
    image.load()
    return image


def nal_units(data: bytes) -> dict[int, bytes]:
    """Return the last NAL unit of each type in an Annex B access unit."""
    parts = data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]
    return {part[0] & 0x1F: part for part in parts}
