"""The camera child: one loop that paints, encodes and sends, and obeys in between.

It lives as long as its socket. It has no network, and writes nothing to disk. A source that can't
be had is no reason to end: it is told, and tried again, which costs far less than a new process.
"""

import contextlib
import socket
import time
from collections.abc import Sequence
from typing import Protocol

from likelight_hw.camera import barcode
from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.encode import H264Encoder, JpegEncoder, PaintedPicture
from likelight_hw.camera.lettering import badge_corner, badge_sprite, placeholder_planes
from likelight_hw.camera.mask import Masks
from likelight_hw.camera.pace import Pace
from likelight_hw.camera.parent import Parent
from likelight_hw.camera.source import Source
from likelight_hw.camera.wire import (
    KEYFRAME,
    CameraMessage,
    pack_alive,
    pack_format,
    pack_placeholder,
)
from likelight_hw.child.packets import pack
from likelight_hw.ports import DrawnPlaceholder, HardwareError, PlaceholderSpec, StreamFormat

RETRY_S = 2.0
"""How often a source that is busy or absent is tried. With its start, and the time to the first
picture, viewers have it back within 5 s."""


def open_source(config: CameraConfig) -> Source:
    """Return the source that `config` names. Raises `HardwareError` when it can't be opened."""
    source: Source
    if config.driver == "file":
        from likelight_hw.camera.file import FileSource

        source = FileSource(config)
    elif config.driver == "usb":
        from likelight_hw.camera.usb import UsbSource

        source = UsbSource(config)
    elif config.driver == "picamera2":
        from likelight_hw.camera.picamera import PicameraSource

        source = PicameraSource(config)
    else:
        from likelight_hw.camera.sim import SimSource

        source = SimSource(config)
    needed = barcode.BLOCKS * barcode.edge(source.height)
    if config.barcode and source.width < needed:
        source.close()
        raise HardwareError(
            f"the barcode needs a picture {needed} pixels wide, this one is {source.width}"
        )
    return source


def serve(link: socket.socket) -> None:
    """Be the camera behind `link` until the daemon closes it."""
    # Nobody left to talk to is the ordinary end.
    with contextlib.suppress(EOFError, ConnectionError):
        parent = Parent(link)
        config, specs = parent.setup()
        unseen: Sequence[PlaceholderSpec] = specs
        try:
            while True:
                unseen = _try_source(parent, config, unseen)
                parent.wait_until(time.monotonic() + RETRY_S, parent.desired.stream)
        except HardwareError as error:
            # Only the end of the process frees a source that can't be let go.
            _tell(parent, error)
            parent.drain()


def _try_source(
    parent: Parent, config: CameraConfig, specs: Sequence[PlaceholderSpec]
) -> Sequence[PlaceholderSpec]:
    """Work with the source until it fails; return the placeholders still to be drawn."""
    try:
        pipeline = _open_pipeline(config, parent)
    except HardwareError as error:
        _tell(parent, error)
        return specs
    try:
        for placeholder in placeholders(config, pipeline, specs):
            parent.send(pack_placeholder(placeholder))
        parent.send(pack(CameraMessage.READY))
        _work(parent, pipeline)
    except HardwareError as error:
        # Told last: a driver that hangs in letting go is one that gives no picture, and whose child
        # is killed for it as soon.
        pipeline.let_go()
        _tell(parent, error)
    return ()


def _tell(parent: Parent, error: HardwareError) -> None:
    parent.send(pack(CameraMessage.TROUBLE, str(error).encode()))


def _work(parent: Parent, pipeline: "Pipeline") -> None:
    stream = ping = 0
    while True:
        if parent.desired.ping != ping:
            ping = parent.desired.ping
            parent.send(pack_alive(ping))
        if parent.desired.stream != stream:
            if stream:
                # Also for another stream: a stop is not seen when the next start came as quickly.
                pipeline.close()
            stream = parent.desired.stream
            if stream:
                pipeline.open(stream)
            else:
                parent.send(pack(CameraMessage.RESTING))
        if stream and pipeline.wait(stream):
            pipeline.take()
        elif not stream:
            parent.wait(None)


def _open_pipeline(config: CameraConfig, parent: Parent) -> "Pipeline":
    if config.driver == "picamera2":
        from likelight_hw.camera.hardware import HardwareCamera, HardwarePipeline
        from likelight_hw.camera.picamera import has_encoder

        if has_encoder():
            return HardwarePipeline(HardwareCamera(config), parent)
    return PaintedPipeline(config, open_source(config), parent)


def placeholders(
    config: CameraConfig, stream: "Pipeline", specs: Sequence[PlaceholderSpec]
) -> Sequence[DrawnPlaceholder]:
    """Draw and encode the placeholders just as the stream is. They never carry the barcode."""
    size = (stream.width, stream.height)
    picture = PaintedPicture(*size)
    made = []
    for spec in specs:
        picture.planes.paste(placeholder_planes(spec, *size, config.font))
        h264 = H264Encoder(*size, stream.fps, config.bitrate)
        unit, _ = h264.encode(picture, keyframe=True)
        jpeg = JpegEncoder(*size).encode(picture)
        made.append(DrawnPlaceholder(spec.name, *size, unit, jpeg))
    return made


class Pipeline(Protocol):
    """Where pictures become packets for the daemon, while a stream is open."""

    width: int
    height: int
    fps: int

    def open(self, stream: int) -> None:
        """Switch sensor and encoder on, and name the stream that follows."""

    def close(self) -> None:
        """Switch sensor and encoders off."""

    def let_go(self) -> None:
        """Let go of the source, in whatever state it is; the pipeline is of no use after that."""

    def wait(self, stream: int) -> bool:
        """Obey until there is something to take; False when another stream is wanted."""

    def take(self) -> None:
        """Take what is there, and send it in the forms that are asked for."""


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
        self._pace = Pace(source.fps)
        self._keyframes_asked = 0
        self._gap = False

    def open(self, stream: int) -> None:
        source = self._source
        self._h264 = H264Encoder(source.width, source.height, source.fps, self._config.bitrate)
        self._keyframes_asked = self._parent.desired.keyframe
        self._gap = False
        self._pace.reset()
        source.start(time.monotonic())
        form = StreamFormat(source.width, source.height, source.fps, self._config.simulated)
        self._parent.send(pack_format(form, stream))

    def close(self) -> None:
        self._source.stop()
        self._h264 = None
        self._jpeg = None

    def let_go(self) -> None:
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
            # The daemon does not keep up. What it gets next must not lean on what it missed.
            self._gap = True
            return
        self._finish(captured_us)
        self._send_h264(captured_us)
        self._send_jpeg(captured_us, now)

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
        asked = self._parent.desired.keyframe
        fresh = self._gap or asked != self._keyframes_asked
        self._keyframes_asked = asked
        self._gap = False
        data, keyframe = self._h264.encode(self._picture, keyframe=fresh)
        flags = KEYFRAME if keyframe else 0
        self._parent.send(
            pack(CameraMessage.ACCESS_UNIT, data, flags=flags, captured_us=captured_us)
        )

    def _send_jpeg(self, captured_us: int, now: float) -> None:
        rate = self._parent.desired.jpeg_fps
        if rate <= 0:
            self._jpeg = None
        if self._parent.backlogged or not self._pace.due(now, rate):
            return
        self._jpeg = self._jpeg or JpegEncoder(self._source.width, self._source.height)
        data = self._jpeg.encode(self._picture)
        self._parent.send(pack(CameraMessage.JPEG, data, captured_us=captured_us))
