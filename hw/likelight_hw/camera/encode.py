"""The encoders, and the picture that they read: x264 and FFmpeg's MJPEG by way of PyAV.

Only the camera child imports this module.
"""

from fractions import Fraction
from typing import cast

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.reformatter import ColorRange
from PIL import Image

from likelight_hw.picture.planes import Planes

_SMPTE170M = 6  # ITU-T H.273: BT.601 with 525 lines, in matrix, primaries and transfer
_JPEG_QUANTISER = 5  # of FFmpeg's 2..31; near libjpeg's quality 80


def planes_of(frame: av.VideoFrame) -> Planes:
    """Return a yuvj420p frame's own memory as paintable planes: nothing is copied.

    Pillow maps foreign memory for reading only; this frame is our own, so we may write to it.
    Copying through `tobytes` instead would cost 1.1 ms a frame at 720p, as much as drawing it.
    """
    images = []
    for plane in frame.planes:
        size = (plane.width, plane.height)
        image = Image.frombuffer("L", size, cast(bytes, plane), "raw", "L", plane.line_size, 1)
        image.readonly = 0
        images.append(image)
    return Planes(*images)


class PaintedPicture:
    """One frame to paint on and to encode; used over and over."""

    def __init__(self, width: int, height: int) -> None:
        self.frame = av.VideoFrame(width, height, "yuvj420p")
        self.planes = planes_of(self.frame)


class H264Encoder:
    """Constrained-baseline H.264 as Annex B, one access unit out for each picture in.

    A keyframe each second at least, each with its SPS and PPS; the rate is held within half a
    second, so that no picture waits long in anybody's socket. Encoders of the same arguments
    write the same SPS and PPS.
    """

    def __init__(self, width: int, height: int, fps: int, bitrate: int) -> None:
        context = _context("libx264", width, height, fps)
        context.bit_rate = bitrate
        context.gop_size = fps
        context.max_b_frames = 0
        context.colorspace = _SMPTE170M
        context.color_primaries = _SMPTE170M
        context.color_trc = _SMPTE170M
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "baseline",
            "forced-idr": "1",
            "maxrate": str(bitrate),
            "bufsize": str(bitrate // 2),
        }
        self._context = context
        self._count = 0

    def encode(self, picture: PaintedPicture, *, keyframe: bool) -> tuple[bytes, bool]:
        """Return the access unit, and whether it is a keyframe (it is one when asked for)."""
        frame = picture.frame
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        _stamp(frame, self._context, self._count)
        self._count += 1
        (packet,) = self._context.encode(frame)
        return bytes(packet), packet.is_keyframe


class JpegEncoder:
    """JPEG from the same planes, without converting them to RGB."""

    def __init__(self, width: int, height: int) -> None:
        context = _context("mjpeg", width, height, 30)
        context.qmin = context.qmax = _JPEG_QUANTISER
        context.options = {"huffman": "default"}
        self._context = context
        self._count = 0

    def encode(self, picture: PaintedPicture) -> bytes:
        """Return the picture as one JPEG."""
        frame = picture.frame
        frame.pict_type = PictureType.NONE
        _stamp(frame, self._context, self._count)
        self._count += 1
        (packet,) = self._context.encode(frame)
        return bytes(packet)


def _stamp(frame: av.VideoFrame, context: VideoCodecContext, count: int) -> None:
    # Several encoders take turns with one frame, and each leaves its time base in it: by that of 5
    # pictures a second, what comes next seemed to come in a second and then to go back.
    frame.time_base = context.time_base
    frame.pts = count


def _context(codec: str, width: int, height: int, fps: int) -> VideoCodecContext:
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, VideoCodecContext)
    context.width = width
    context.height = height
    context.pix_fmt = "yuvj420p"
    context.color_range = ColorRange.JPEG
    context.time_base = Fraction(1, fps)
    context.framerate = Fraction(fps)
    context.thread_count = 1
    return context
