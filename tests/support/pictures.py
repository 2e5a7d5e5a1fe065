"""Pictures to push, H.264 and JPEG, each of one shade of grey.

So a decoded one tells where it came from: the camera's are bright, every placeholder has a dark
shade of its own.
"""

import io
import random
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import av
from PIL import Image

from likelight.feed.annexb import parse

WIDTH, HEIGHT = 320, 192
CAMERA_SHADE = 190
"""Luma of the camera's pictures; everything over 128 is the camera's."""


@dataclass(frozen=True)
class Unit:
    """One encoded access unit."""

    data: bytes
    keyframe: bool


def encode(
    shades: list[int], *, width: int = WIDTH, height: int = HEIGHT, gop: int = 30
) -> list[Unit]:
    """Return one access unit a shade, H.264 baseline, Annex B, with SPS and PPS at keyframes."""
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.time_base = Fraction(1, 30)
    codec.gop_size = gop
    codec.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:repeat-headers=1:annexb=1",
    }
    units = []
    for number, shade in enumerate(shades):
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane, value in zip(frame.planes, (shade, 128, 128), strict=True):
            plane.update(bytes((value,)) * plane.buffer_size)
        frame.pts = number
        units += [Unit(bytes(packet), packet.is_keyframe) for packet in codec.encode(frame)]
    return units


@cache
def noise() -> tuple[Unit, ...]:
    """Return a group of 30 pictures, some 2 Mbit/s: moving noise that nothing compresses."""
    rng = random.Random(3)
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    codec.time_base = Fraction(1, 30)
    codec.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "x264-params": "keyint=30:min-keyint=30:scenecut=0:repeat-headers=1:annexb=1:qp=30",
    }
    units = []
    picture = bytearray(rng.randbytes(WIDTH * HEIGHT))
    for number in range(30):
        for _ in range(12):
            at = rng.randrange(len(picture) - 600)
            picture[at : at + 600] = rng.randbytes(600)
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane, data in zip(frame.planes, (picture, b"\x80", b"\x80"), strict=True):
            plane.update(bytes(data) * (1 if len(data) > 1 else plane.buffer_size))
        frame.pts = number
        units += [Unit(bytes(packet), packet.is_keyframe) for packet in codec.encode(frame)]
    return tuple(units)


@cache
def heavy(size: int, *, keyframe: bool) -> Unit:
    """Return an access unit of `size` bytes that says nothing; decoders are not for it."""
    slices = b"\0\0\1" + (b"\x65" if keyframe else b"\x61") + b"\xaa" * size
    return Unit((_parameter_sets() if keyframe else b"") + slices, keyframe)


@cache
def _parameter_sets() -> bytes:
    sets, _ = parse(one_keyframe(CAMERA_SHADE))
    assert sets is not None
    return b"\0\0\1" + sets.sps + b"\0\0\1" + sets.pps


def one_keyframe(shade: int, *, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """Return one keyframe of `shade`."""
    return encode([shade], width=width, height=height)[0].data


def jpeg(shade: int, *, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """Return a JPEG of one grey."""
    out = io.BytesIO()
    Image.new("L", (width, height), shade).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def jpeg_shade(data: bytes) -> int:
    """Return the grey of a JPEG made by `jpeg`."""
    with Image.open(io.BytesIO(data)) as image:
        return int(image.convert("L").getpixel((8, 8)))  # type: ignore[arg-type]


def decode(stream: bytes) -> list[int]:
    """Return the luma of each picture of an MP4 stream (init and fragments joined)."""
    return [shade for _, _, shade in decode_sized(stream)]


def decode_sized(stream: bytes) -> list[tuple[int, int, int]]:
    """Return width, height and luma of each picture of an MP4 stream."""
    with av.open(io.BytesIO(stream), format="mp4") as container:
        return [
            (frame.width, frame.height, bytes(frame.planes[0])[0])
            for frame in container.decode(video=0)
        ]
