"""The smaller renditions: scaled once for both, and encoded only while they are wanted.

A picture costs 0.95 ms to scale from 720p and 1.1 ms to encode (x264 of the main one: 4.4 ms).
"""

from dataclasses import dataclass

from likelight_hw.camera.encode import H264Encoder, JpegEncoder, PaintedPicture
from likelight_hw.camera.parent import Parent
from likelight_hw.camera.wire import pack_access_unit, pack_format, pack_jpeg
from likelight_hw.picture.planes import Planes
from likelight_hw.ports import AccessUnit, Jpeg, Rendition, StreamFormat

HEIGHT = 360
"""Pixels; the picture is divided by the largest whole number that leaves as much."""

SLIDE_FPS = 5


@dataclass(frozen=True, slots=True)
class SmallFormat:
    """A smaller rendition: every so many pictures, in pixels, at bits a second."""

    rendition: Rendition
    width: int
    height: int
    fps: int
    every: int
    bitrate: int


def small_formats(width: int, height: int, fps: int) -> tuple[SmallFormat, SmallFormat]:
    """Return LOW and SLIDE of a picture of `width` x `height` that comes `fps` times a second.

    tests/unit/hw/test_camera_renditions.py holds them to what the feed tells of them.
    """
    by = max(1, height // HEIGHT)
    size = (width // by & ~1, height // by & ~1)
    every = max(1, round(fps / SLIDE_FPS))
    return (
        SmallFormat(Rendition.LOW, *size, fps, 1, 400_000),
        SmallFormat(Rendition.SLIDE, *size, max(1, round(fps / every)), every, 140_000),
    )


class SmallRenditions:
    """Makes LOW and SLIDE of `picture`, which comes `fps` times a second, for the daemon."""

    def __init__(
        self, picture: PaintedPicture, fps: int, parent: Parent, *, simulated: bool
    ) -> None:
        width, height = picture.planes.size
        self._whole = picture
        formats = small_formats(width, height, fps)
        size = (formats[0].width, formats[0].height)
        self._by = height // size[1]
        # The whole picture is encoded as it is where it is small already.
        self._picture = picture if size == (width, height) else PaintedPicture(*size)
        self._rows = tuple(map(_Row, formats))
        self._parent = parent
        self._simulated = simulated
        self._jpeg: JpegEncoder | None = None
        self._stream = 0

    @property
    def wanted(self) -> bool:
        """True while the daemon wants either."""
        return bool(self._parent.desired.renditions)

    def open(self, stream: int) -> None:
        """Begin anew with `stream`."""
        self.close()
        self._stream = stream

    def close(self) -> None:
        """Switch the encoders off."""
        self._jpeg = None
        for row in self._rows:
            row.encoder = None

    def send(self, captured_us: int, *, gap: bool, jpeg: bool) -> None:
        """Send the picture in the renditions that are wanted; after a `gap` as keyframes.

        `jpeg` is True where a JPEG is due, in case small ones are wanted.
        """
        due = [row for row in self._rows if self._due(row, gap=gap)]
        desired = self._parent.desired
        if desired.jpeg_fps <= 0 or Rendition.LOW not in desired.jpegs:
            self._jpeg, jpeg = None, False
        jpeg = jpeg and not self._parent.backlogged
        if (due or jpeg) and self._picture is not self._whole:
            _reduce(self._whole.planes, self._picture.planes, self._by)
        for row in due:
            self._encode(row, captured_us)
        if jpeg:
            self._jpeg = self._jpeg or JpegEncoder(*self._picture.planes.size)
            data = self._jpeg.encode(self._picture)
            self._parent.send(pack_jpeg(Jpeg(data, captured_us, Rendition.LOW)))

    def _due(self, row: "_Row", *, gap: bool) -> bool:
        form = row.form
        if form.rendition not in self._parent.desired.renditions:
            row.encoder = None
            return False
        asked = self._parent.desired.keyframes[form.rendition]
        if row.encoder is None:
            row.encoder = H264Encoder(form.width, form.height, form.fps, form.bitrate)
            row.keyframes_asked, row.left_out, row.fresh = asked, form.every, True
            told = StreamFormat(form.width, form.height, form.fps, self._simulated, form.rendition)
            self._parent.send(pack_format(told, self._stream))
        row.fresh |= gap or asked != row.keyframes_asked
        row.keyframes_asked = asked
        row.left_out += 1
        return row.left_out >= form.every

    def _encode(self, row: "_Row", captured_us: int) -> None:
        assert row.encoder is not None
        data, keyframe = row.encoder.encode(self._picture, keyframe=row.fresh)
        row.left_out, row.fresh = 0, False
        unit = AccessUnit(data, keyframe, captured_us, row.form.rendition)
        self._parent.send(pack_access_unit(unit))


class _Row:
    """One rendition, and its encoder while it is wanted."""

    def __init__(self, form: SmallFormat) -> None:
        self.form = form
        self.encoder: H264Encoder | None = None
        self.keyframes_asked = 0
        self.left_out = 0
        self.fresh = False
        """A keyframe comes next."""


def _reduce(whole: Planes, small: Planes, by: int) -> None:
    # `reduce` takes 0.95 ms for a picture of 720p, `resize` 5.
    for plane, onto in zip(whole, small, strict=True):
        width, height = onto.size
        onto.paste(plane.reduce(by, (0, 0, width * by, height * by)))
