"""The capture time as 24 black and white blocks in the picture, for measuring latency.

From the top-left corner, most significant bit first, white is 1: 20 bits of the capture time in
milliseconds since the epoch modulo 2^20 (17 minutes), then the 4-bit xor of their five nibbles.
"""

from PIL import Image

from likelight_hw.picture.planes import Planes

BLOCKS = 24


def edge(height: int) -> int:
    """Return a block's edge in pixels: 32 at 720p, and always whole macroblocks of 16."""
    return max(16, height * 32 // 720 // 16 * 16)


def code(captured_us: int) -> int:
    """Return the 24 bits for a capture time in microseconds since the epoch."""
    stamp = captured_us // 1000 % (1 << 20)
    check = 0
    for shift in range(0, 20, 4):
        check ^= stamp >> shift & 0xF
    return stamp << 4 | check


def paint(planes: Planes, captured_us: int) -> None:
    """Paint the barcode of `captured_us` over the top-left corner."""
    bits = code(captured_us)
    side = edge(planes.size[1])
    row = bytes(255 if bits >> (BLOCKS - 1 - i) & 1 else 0 for i in range(BLOCKS))
    strip = Image.frombytes("L", (BLOCKS, 1), row)
    planes.y.paste(strip.resize((BLOCKS * side, side), Image.Resampling.NEAREST))
    neutral = (0, 0, BLOCKS * side // 2, side // 2)
    planes.u.paste(128, neutral)
    planes.v.paste(128, neutral)
