"""One upload, as the relay hears it: what may be shown of it, and what it is asked for."""

import asyncio
import json
from collections.abc import Callable

from likelight.contract import State
from likelight.feed.fmp4 import Init
from likelight.feed.hub import Hub
from likelight.feed.upload.protocol import Format, Gate, Kind, LineError, unpack
from likelight.feed.upload.unpack import unpack_fragment, unpack_init

KEYFRAME_EVERY_S = 1.0


class Intake:
    """Puts one device's upload into `hub`; `on_change` hears when `state` may be another.

    What comes is taken by `text` and `packet`, which raise a `ValueError` (`LineError`,
    `UnpackError`, `ValidationError`) for what is none of the contract's.
    """

    def __init__(self, hub: Hub, on_change: Callable[[], None]) -> None:
        self.ended: int | None = None
        """The WebSocket's close code, once nothing more is taken."""
        self.wishes = asyncio.Event()
        """Set when the device has to be told something: `jpeg_fps`, a keyframe, or its end."""
        self.jpeg_fps = 0
        self._hub = hub
        self._on_change = on_change
        self._format: Format | None = None
        self._init: Init | None = None
        self._gate = Gate(gate="shut", reason=State.IDLE)
        self._silent = False
        self._rolling = False
        self._keyframe_wanted = False
        self._keyframe_at = float("-inf")

    @property
    def state(self) -> State | None:
        """What the upload says of the kitchen, LIVE only while pictures come; None: nothing."""
        if self.ended is not None or self._format is None:
            return None
        if self._gate.gate == "open":
            return State.IDLE if self._silent else State.LIVE
        return self._gate.reason

    def text(self, text: str) -> None:
        """Take a text message; one of a kind that is not known is left alone."""
        try:
            message = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise LineError("a text message that is no JSON") from error
        if not isinstance(message, dict):
            raise LineError("a text message that is no object")
        if "codec" in message:
            self._format, self._init = Format.model_validate(message), None
        elif self._format is None:
            raise LineError("something else before the stream's format")
        elif "gate" in message:
            gate = Gate.model_validate(message)
            if gate.reason is State.OFFLINE or (gate.gate == "open") != (gate.reason is State.LIVE):
                raise LineError("a gate whose reason is another")
            self._gate, self._silent = gate, False
            self._changed()

    def packet(self, message: bytes) -> None:
        """Take a binary message; pictures are dropped while the gate is shut."""
        packet = unpack(message)
        if self._format is None:
            raise LineError("a packet before the stream's format")
        if packet.kind is Kind.INIT:
            self._init = _init(packet.payload, self._format)
        elif self._init is None:
            raise LineError("a picture before its init segment")
        elif self._gate.gate == "open" and self.ended is None:
            self._heard()
            if packet.kind is Kind.FRAGMENT:
                self._show(packet.payload, packet.keyframe, packet.captured_us)
            else:
                self._hub.push_jpeg(_jpeg(packet.payload), captured_us=packet.captured_us)

    def fall_silent(self) -> None:
        """Nothing has come for too long: show nothing of the camera until something does."""
        if not self._silent and self._gate.gate == "open":
            self._silent = True
            self._changed()

    def end(self, code: int) -> None:
        """Take no more of this upload, which is to be closed with `code`."""
        self.ended = code
        self.wishes.set()

    def want_jpeg(self, fps: int) -> None:
        """Ask for `fps` JPEGs a second, 0 for none."""
        if fps != self.jpeg_fps:
            self.jpeg_fps = fps
            self.wishes.set()

    def want_keyframe(self) -> None:
        """Ask for a keyframe, as soon as a second has gone since the last was asked for."""
        self._keyframe_wanted = True
        self.wishes.set()

    def keyframe_due(self) -> bool:
        """Return whether to ask for a keyframe now: at most once a second, and only once."""
        now = asyncio.get_running_loop().time()
        due = self._keyframe_wanted and now - self._keyframe_at >= KEYFRAME_EVERY_S
        if due:
            self._keyframe_wanted, self._keyframe_at = False, now
        return due

    def _heard(self) -> None:
        if self._silent:
            self._silent = False
            self._changed()

    def _show(self, payload: bytes, keyframe: bool, captured_us: int) -> None:
        assert self._init is not None
        units = unpack_fragment(payload)
        if keyframe:
            self._rolling, self._keyframe_wanted = True, False
        elif not self._rolling:
            self.want_keyframe()
        self._hub.push_units(self._init, units, keyframe=keyframe, captured_us=captured_us)

    def _changed(self) -> None:
        if self.state is not State.LIVE:
            self._rolling = False
        self._on_change()


def _init(segment: bytes, told: Format) -> Init:
    init = unpack_init(segment, width=told.width, height=told.height, fps=told.fps)
    if init.sets.codec.lower() != told.codec.lower():
        raise LineError("an init segment of another codec than the format's")
    return init


def _jpeg(data: bytes) -> bytes:
    if not data.startswith(b"\xff\xd8"):
        raise LineError("a picture that is no JPEG")
    return data
