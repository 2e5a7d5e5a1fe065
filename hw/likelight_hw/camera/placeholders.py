"""The placeholders, drawn and encoded just as the stream is, so that a player can switch."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.encode import H264Encoder, JpegEncoder, PaintedPicture
from likelight_hw.camera.pipeline import Pipeline
from likelight_hw.camera.small import small_formats
from likelight_hw.picture.lettering import placeholder_planes
from likelight_hw.ports import DrawnPlaceholder, PlaceholderSpec


def draw_placeholders(
    config: CameraConfig, stream: Pipeline, specs: Sequence[PlaceholderSpec]
) -> Iterator[DrawnPlaceholder]:
    """Draw and encode the placeholders just as the stream is. They never carry the barcode."""
    size = (stream.width, stream.height)
    low, _ = small_formats(*size, stream.fps)
    for spec in specs:
        small = _drawn(spec, (low.width, low.height), stream.fps, low.bitrate, config.font)
        whole = _drawn(spec, size, stream.fps, config.bitrate, config.font)
        yield replace(whole, small=small)


def _drawn(
    spec: PlaceholderSpec, size: tuple[int, int], fps: int, bitrate: int, font: Path | None
) -> DrawnPlaceholder:
    picture = PaintedPicture(*size)
    picture.planes.paste(placeholder_planes(spec, *size, font))
    unit, _ = H264Encoder(*size, fps, bitrate).encode(picture, keyframe=True)
    return DrawnPlaceholder(spec.name, *size, unit, JpegEncoder(*size).encode(picture))
