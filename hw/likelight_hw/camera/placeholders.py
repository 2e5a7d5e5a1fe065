"""The placeholders, drawn and encoded just as the stream is, so that a player can switch."""

from collections.abc import Iterator, Sequence

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.encode import H264Encoder, JpegEncoder, PaintedPicture
from likelight_hw.camera.pipeline import Pipeline
from likelight_hw.picture.lettering import placeholder_planes
from likelight_hw.ports import DrawnPlaceholder, PlaceholderSpec


def draw_placeholders(
    config: CameraConfig, stream: Pipeline, specs: Sequence[PlaceholderSpec]
) -> Iterator[DrawnPlaceholder]:
    """Draw and encode the placeholders just as the stream is. They never carry the barcode."""
    size = (stream.width, stream.height)
    picture = PaintedPicture(*size)
    for spec in specs:
        picture.planes.paste(placeholder_planes(spec, *size, config.font))
        h264 = H264Encoder(*size, stream.fps, config.bitrate)
        unit, _ = h264.encode(picture, keyframe=True)
        jpeg = JpegEncoder(*size).encode(picture)
        yield DrawnPlaceholder(spec.name, *size, unit, jpeg)
