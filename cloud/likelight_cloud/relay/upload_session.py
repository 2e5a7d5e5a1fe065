"""One upload at the relay: what of it viewers may see, and what the relay asks of the device."""

import asyncio
import json
from collections.abc import Callable

from likelight.contract import CLOUD_ONLY, State
from likelight.feed.fmp4 import Init
from likelight.feed.hub import Hub
from likelight.feed.keyframe_pace import KeyframePace
from likelight.feed.rendition import MAIN_ONLY, Rendition
from likelight.feed.upload.protocol import (
    FormatMessage,
    GateMessage,
    PacketKind,
    UploadPacket,
    UploadProtocolError,
    unpack,
)
from likelight.feed.upload.unpack import unpack_fragment, unpack_init


class UploadSession:
    """Publishes one device's upload in `hub`; calls `on_change` when `state` may have changed, and
    `on_picture` with each picture of the camera.

    `text` and `packet` take the messages. They raise a `ValueError` (`UploadProtocolError`,
    `UnpackError`, `ValidationError`) for a message that breaks the contract.
    """

    def __init__(
        self, hub: Hub, *, on_change: Callable[[], None], on_picture: Callable[[], None]
    ) -> None:
        self.ended: int | None = None
        """The WebSocket's close code, once the relay takes no more of this upload."""
        self.news = asyncio.Event()
        """Set when there is something to send: another request to the device, or the end."""
        self.jpeg_fps = 0
        self.jpegs = MAIN_ONLY
        """Of which renditions JPEGs are asked for."""
        self._hub = hub
        self._on_change = on_change
        self._on_picture = on_picture
        self.renditions: frozenset[Rendition] = frozenset()
        """What is asked of the device besides MAIN."""
        self._formats: dict[Rendition, FormatMessage] = {}
        self._inits: dict[Rendition, Init] = {}
        self._gate = GateMessage(gate="shut", reason=State.IDLE)
        self._silent = False
        self._keyframe_seen = False
        self._keyframe_wanted = False
        self._pace = KeyframePace()

    @property
    def state(self) -> State | None:
        """The kitchen's state as the device sent it; INTERRUPTED while its pictures stay out."""
        if self.ended is not None or not self._formats:
            return None
        if self.gate_open:
            return State.INTERRUPTED if self._silent else State.LIVE
        return self._gate.reason

    @property
    def gate_open(self) -> bool:
        """What the device said of its gate last."""
        return self._gate.gate == "open"

    def text(self, text: str) -> None:
        """Take a text message; an unknown kind is ignored."""
        try:
            message = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UploadProtocolError("a text message that is not JSON") from error
        if not isinstance(message, dict):
            raise UploadProtocolError("a text message that is not an object")
        if "codec" in message:
            told = FormatMessage.model_validate(message)
            rendition = Rendition[told.rendition.upper()]
            if rendition is not Rendition.MAIN and not self._formats:
                raise UploadProtocolError("another rendition before the main one")
            self._formats[rendition] = told
            self._inits.pop(rendition, None)
        elif not self._formats:
            raise UploadProtocolError("a text message before the stream's format")
        elif "gate" in message:
            gate = GateMessage.model_validate(message)
            if gate.reason in CLOUD_ONLY or (gate.gate == "open") != (gate.reason is State.LIVE):
                raise UploadProtocolError("a gate that contradicts its reason")
            self._gate, self._silent = gate, False
            self._changed()

    def packet(self, message: bytes) -> None:
        """Take a binary message; pictures are dropped while the gate is shut."""
        packet = unpack(message)
        rendition = packet.rendition
        jpeg = packet.kind is PacketKind.JPEG
        if jpeg and rendition is Rendition.SLIDE:
            raise UploadProtocolError("a JPEG of slide, whose pictures are those of low")
        stream = Rendition.MAIN if jpeg else rendition
        if stream not in self._formats:
            raise UploadProtocolError("a packet before the stream's format")
        if packet.kind is PacketKind.INIT:
            self._inits[rendition] = _init(packet.payload, self._formats[rendition])
        elif stream not in self._inits:
            raise UploadProtocolError("a picture before its init segment")
        elif self.gate_open and self.ended is None:
            self._end_silence()
            self._on_picture()
            if jpeg:
                self._hub.publish_jpeg(
                    _jpeg(packet.payload), captured_us=packet.captured_us, rendition=rendition
                )
            else:
                self._publish(packet)

    def fall_silent(self) -> None:
        """Nothing has come for too long: show the placeholder until a picture comes."""
        if not self._silent and self.gate_open:
            self._silent = True
            self._changed()

    def end(self, code: int) -> None:
        """Take no more of this upload; its WebSocket is to be closed with `code`."""
        self.ended = code
        self.news.set()

    def request_jpegs(self, fps: int, wanted: frozenset[Rendition]) -> None:
        """Ask for `fps` JPEGs a second of MAIN, LOW or both, as `wanted` says; 0 for none."""
        asked = wanted or MAIN_ONLY
        if (fps, asked) != (self.jpeg_fps, self.jpegs):
            self.jpeg_fps, self.jpegs = fps, asked
            self.news.set()

    def request_renditions(self, renditions: frozenset[Rendition]) -> None:
        """Ask for these besides MAIN, and no others."""
        if renditions != self.renditions:
            self.renditions = renditions
            self.news.set()

    def request_keyframe(self) -> None:
        """Ask for a keyframe, as soon as a second has passed since the last request."""
        self._keyframe_wanted = True
        self.news.set()

    def keyframe_due(self) -> bool:
        """Return True when the request is to be sent now; it then counts as sent."""
        due = self._keyframe_wanted and self._pace.allow()
        if due:
            self._keyframe_wanted = False
        return due

    def _end_silence(self) -> None:
        if self._silent:
            self._silent = False
            self._changed()

    def _publish(self, packet: UploadPacket) -> None:
        units = unpack_fragment(packet.payload)
        if packet.rendition is Rendition.MAIN:
            if packet.keyframe:
                self._keyframe_seen, self._keyframe_wanted = True, False
            elif not self._keyframe_seen:
                self.request_keyframe()
        self._hub.publish_units(
            self._inits[packet.rendition],
            units,
            keyframe=packet.keyframe,
            captured_us=packet.captured_us,
            rendition=packet.rendition,
        )

    def _changed(self) -> None:
        if self.state is not State.LIVE:
            self._keyframe_seen = False
        self._on_change()


def _init(segment: bytes, stream: FormatMessage) -> Init:
    init = unpack_init(segment, width=stream.width, height=stream.height, fps=stream.fps)
    if init.sets.codec.lower() != stream.codec.lower():
        raise UploadProtocolError("an init segment of another codec than the format's")
    return init


def _jpeg(data: bytes) -> bytes:
    if not data.startswith(b"\xff\xd8"):
        raise UploadProtocolError("a picture that is not a JPEG")
    return data
