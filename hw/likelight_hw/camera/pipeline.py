"""Where pictures become packets for the daemon; and the pipeline that paints and runs x264."""

import time
from typing import Protocol

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.encode import H264Encoder, JpegEncoder, PaintedPicture
from likelight_hw.camera.pace import Pace
from likelight_hw.camera.parent import Parent
from likelight_hw.camera.small import SmallRenditions
from likelight_hw.camera.source import Source
from likelight_hw.camera.wire import pack_access_unit, pack_format, pack_jpeg
from likelight_hw.picture import barcode
from likelight_hw.picture.lettering import badge_corner, badge_sprite
from likelight_hw.picture.mask import Masks
from likelight_hw.ports import AccessUnit, Jpeg, Rendition, StreamFormat


class Pipeline(Protocol):
    """Takes pictures while a stream is open, encodes them and sends them."""

    width: int
    height: int
    fps: int

    def open(self, stream: int) -> None:
        """Switch sensor and encoder on, and name the stream that follows."""

    def close(self) -> None:
        """Switch sensor and encoders off."""

    def release(self) -> None:
        """Release the source, open or closed. Nothing else is called after this."""

    def wait(self, stream: int) -> bool:
        """Wait, serving the link, for something to take; False when another stream is wanted."""

    def take(self) -> None:
        """Take it, and send it in the forms that are asked for."""


class PaintedPipeline:
    """One picture, painted by the source and encoded for the daemon, again and again."""

    def __init__(self, config: CameraConfig, source: Source, parent: Parent) -> None:
        self.width, self.height, self.fps = source.width, source.height, source.fps
        self._config = config
        self._source = source
        self._parent = parent
        self._masks = Masks(config.masks, source.width, source.height) if config.masks else None
        self._picture = PaintedPicture(source.width, source.height)
        self._badge = (
            badge_sprite(config.badge, source.height, config.font) if config.badge else None
        )
        self._h264: H264Encoder | None = None
        self._jpeg: JpegEncoder | None = None
        self._small = SmallRenditions(self._picture, source.fps, parent, simulated=config.simulated)
        self._pace = Pace(source.fps)
        self._keyframes_asked = 0
        self._gap = False

    def open(self, stream: int) -> None:
        source = self._source
        self._h264 = H264Encoder(source.width, source.height, source.fps, self._config.bitrate)
        self._keyframes_asked = self._parent.desired.keyframes[Rendition.MAIN]
        self._gap = False
        self._pace.reset()
        self._small.open(stream)
        source.start(time.monotonic())
        form = StreamFormat(source.width, source.height, source.fps, self._config.simulated)
        self._parent.send(pack_format(form, stream))

    def close(self) -> None:
        self._source.stop()
        self._h264 = None
        self._jpeg = None
        self._small.close()

    def release(self) -> None:
        self._source.close()

    def wait(self, stream: int) -> bool:
        source = self._source
        if source.arrivals is not None:
            return self._parent.wait_for(source.arrivals, stream)
        return self._parent.wait_until(source.due(time.monotonic()), stream)

    def take(self) -> None:
        now, wall_us = time.monotonic(), time.time_ns() // 1000
        planes, lamp = self._picture.planes, self._parent.desired.lamp
        captured_us = self._source.paint(planes, now, wall_us, lamp)
        if self._parent.backlogged:
            # The daemon does not keep up. What it gets next must not depend on what it missed.
            self._gap = True
            return
        self._finish(captured_us)
        self._send_h264(captured_us)
        jpeg = self._pace.due(now, self._parent.desired.jpeg_fps)
        self._send_jpeg(captured_us, due=jpeg)
        self._small.send(captured_us, gap=self._gap, jpeg=jpeg)
        self._gap = False

    def _finish(self, captured_us: int) -> None:
        planes = self._picture.planes
        if self._masks:
            self._masks.paint(planes)
        if self._badge:
            self._badge.paste(planes, badge_corner(self._badge, *planes.size))
        if self._config.barcode:
            barcode.paint(planes, captured_us)

    def _send_h264(self, captured_us: int) -> None:
        assert self._h264
        asked = self._parent.desired.keyframes[Rendition.MAIN]
        fresh = self._gap or asked != self._keyframes_asked
        self._keyframes_asked = asked
        data, keyframe = self._h264.encode(self._picture, keyframe=fresh)
        self._parent.send(pack_access_unit(AccessUnit(data, keyframe, captured_us)))

    def _send_jpeg(self, captured_us: int, *, due: bool) -> None:
        desired = self._parent.desired
        if desired.jpeg_fps <= 0 or Rendition.MAIN not in desired.jpegs:
            self._jpeg = None
        elif due and not self._parent.backlogged:
            self._jpeg = self._jpeg or JpegEncoder(self._source.width, self._source.height)
            self._parent.send(pack_jpeg(Jpeg(self._jpeg.encode(self._picture), captured_us)))
