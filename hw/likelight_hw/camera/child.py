"""The camera child: one loop that paints, encodes and sends, and obeys in between.

It lives as long as its socket. It has no network, and writes nothing to disk.
"""

import contextlib
import socket
import time
from collections.abc import Sequence

from likelight_hw.camera import barcode
from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.encode import H264Encoder, JpegEncoder, Picture
from likelight_hw.camera.lettering import badge_corner, badge_sprite, card_planes
from likelight_hw.camera.parent import Parent
from likelight_hw.camera.source import Source
from likelight_hw.camera.wire import KEYFRAME, Kind, pack, pack_format, pack_placeholder
from likelight_hw.ports import Card, HardwareError, Placeholder, StreamFormat


def open_source(config: CameraConfig) -> Source:
    """Return the source that `config` names. Raises `HardwareError` when it can't be opened."""
    source: Source
    if config.driver == "file":
        from likelight_hw.camera.file import FileSource

        source = FileSource(config)
    else:
        from likelight_hw.camera.sim import SimSource

        source = SimSource(config)
    needed = barcode.BLOCKS * barcode.edge(source.height)
    if config.barcode and source.width < needed:
        raise HardwareError(
            f"the barcode needs a picture {needed} pixels wide, this one is {source.width}"
        )
    return source


def serve(link: socket.socket) -> None:
    """Be the camera behind `link` until the daemon closes it."""
    # Nobody left to talk to is the ordinary end.
    with contextlib.suppress(EOFError, ConnectionError):
        parent = Parent(link)
        config, cards = parent.setup()
        try:
            _work(parent, config, cards)
        except HardwareError as error:
            parent.send(pack(Kind.TROUBLE, str(error).encode()))
            parent.drain()


def _work(parent: Parent, config: CameraConfig, cards: Sequence[Card]) -> None:
    source = open_source(config)
    for placeholder in placeholders(config, source, cards):
        parent.send(pack_placeholder(placeholder))
    stage = _Stage(config, source, parent)
    parent.send(pack(Kind.READY))
    stream = 0
    while True:
        if parent.want.stream != stream:
            stream = parent.want.stream
            if stream:
                stage.open(stream)
            else:
                stage.close()
        if stream and parent.wait_until(source.due(time.monotonic()), stream):
            stage.take()
        elif not stream:
            parent.wait(None)


def placeholders(
    config: CameraConfig, source: Source, cards: Sequence[Card]
) -> Sequence[Placeholder]:
    """Return the cards, drawn and encoded just as the stream is. They never carry the barcode."""
    size = (source.width, source.height)
    picture = Picture(*size)
    made = []
    for card in cards:
        picture.planes.paste(card_planes(card, *size, config.font))
        h264 = H264Encoder(*size, source.fps, config.bitrate)
        unit, _ = h264.encode(picture, keyframe=True)
        jpeg = JpegEncoder(*size).encode(picture)
        made.append(Placeholder(card.name, *size, unit, jpeg))
    return made


class _Stage:
    """One picture, painted by the source and encoded for the daemon, again and again."""

    def __init__(self, config: CameraConfig, source: Source, parent: Parent) -> None:
        self._config = config
        self._source = source
        self._parent = parent
        self._picture = Picture(source.width, source.height)
        self._badge = (
            badge_sprite(config.badge, source.height, config.font) if config.badge else None
        )
        self._h264: H264Encoder | None = None
        self._jpeg: JpegEncoder | None = None
        self._jpeg_due = 0.0
        self._keyframes_asked = 0
        self._gap = False

    def open(self, stream: int) -> None:
        """Switch sensor and encoder on, and name the stream that follows."""
        source = self._source
        self._h264 = H264Encoder(source.width, source.height, source.fps, self._config.bitrate)
        self._keyframes_asked = self._parent.want.keyframe
        self._gap = False
        self._jpeg_due = 0.0
        source.start(time.monotonic())
        form = StreamFormat(source.width, source.height, source.fps, simulated=True)
        self._parent.send(pack_format(form, stream))

    def close(self) -> None:
        """Switch sensor and encoders off."""
        self._source.stop()
        self._h264 = None
        self._jpeg = None

    def take(self) -> None:
        """Take one picture, and send it in the forms that are asked for."""
        now = time.monotonic()
        captured_us = time.time_ns() // 1000
        self._source.paint(self._picture.planes, now, captured_us, self._parent.want.lamp)
        if self._parent.backlogged:
            # The daemon does not keep up. What it gets next must not lean on what it missed.
            self._gap = True
            return
        self._finish(captured_us)
        self._send_h264(captured_us)
        self._send_jpeg(captured_us, now)

    def _finish(self, captured_us: int) -> None:
        planes = self._picture.planes
        if self._badge:
            self._badge.paste(planes, badge_corner(self._badge, *planes.size))
        if self._config.barcode:
            barcode.paint(planes, captured_us)

    def _send_h264(self, captured_us: int) -> None:
        assert self._h264
        asked = self._parent.want.keyframe
        fresh = self._gap or asked != self._keyframes_asked
        self._keyframes_asked = asked
        self._gap = False
        data, keyframe = self._h264.encode(self._picture, keyframe=fresh)
        flags = KEYFRAME if keyframe else 0
        self._parent.send(pack(Kind.ACCESS_UNIT, data, flags=flags, captured_us=captured_us))

    def _send_jpeg(self, captured_us: int, now: float) -> None:
        rate = self._parent.want.jpeg_fps
        if rate <= 0:
            self._jpeg = None
            return
        # Half a frame early is on time: the next picture would be half a frame late.
        if now < self._jpeg_due - 0.5 / self._source.fps or self._parent.backlogged:
            return
        self._jpeg_due = max(self._jpeg_due, now) + 1 / rate
        self._jpeg = self._jpeg or JpegEncoder(self._source.width, self._source.height)
        data = self._jpeg.encode(self._picture)
        self._parent.send(pack(Kind.JPEG, data, captured_us=captured_us))
