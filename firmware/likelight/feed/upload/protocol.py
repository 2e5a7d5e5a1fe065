"""The upload protocol: the messages between a device and its relay, and their bytes.

Text messages are JSON. Binary messages carry pictures: u8 type, u8 flags, u16 rendition, u64
capture time in microseconds since the epoch, big-endian, then the payload.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Literal

from pydantic import Field

from likelight.contract import State, Wire
from likelight.feed.rendition import Rendition

MAX_MESSAGE = 2 * 1024 * 1024
"""Bytes; a keyframe of 1080p at 20 Mbit/s has some 500 KB."""

SUPERSEDED = 4409
"""WebSocket close code: a newer upload of the same kitchen has come, as status 409 says it."""

TOO_FAST = 4429
"""WebSocket close code: too many bytes a second have come, as status 429 says it."""

LATEST_US = 2**53
"""The latest capture time: the year 2255, and the last that JSON and browsers can hold."""

_HEAD = struct.Struct(">BBHQ")
_KEYFRAME = 1


class UploadProtocolError(ValueError):
    """The message breaks the contract."""


class PacketKind(IntEnum):
    """What a binary message carries."""

    INIT = 0
    FRAGMENT = 1
    JPEG = 2


@dataclass(frozen=True, slots=True)
class UploadPacket:
    """One binary message; `captured_us` is wall time."""

    kind: PacketKind
    payload: bytes
    keyframe: bool = False
    captured_us: int = 0
    rendition: Rendition = Rendition.MAIN

    def pack(self) -> bytes:
        """Return the message."""
        flags = _KEYFRAME if self.keyframe else 0
        return _HEAD.pack(self.kind, flags, self.rendition, self.captured_us) + self.payload


def unpack(message: bytes) -> UploadPacket:
    """Return what a binary message says; unknown flags are ignored."""
    if len(message) <= _HEAD.size:
        raise UploadProtocolError("a packet without a payload")
    kind, flags, rendition, captured_us = _HEAD.unpack_from(message)
    known = kind <= max(PacketKind) and rendition <= max(Rendition)
    if not known or captured_us > LATEST_US:
        raise UploadProtocolError("a packet of an unknown type, or with a time after 2255")
    return UploadPacket(
        PacketKind(kind),
        message[_HEAD.size :],
        bool(flags & _KEYFRAME),
        captured_us,
        Rendition(rendition),
    )


RenditionWord = Literal["main", "low", "slide"]

WORDS: dict[Rendition, RenditionWord] = {
    Rendition.MAIN: "main",
    Rendition.LOW: "low",
    Rendition.SLIDE: "slide",
}


class FormatMessage(Wire):
    """Device to relay: the stream that the next init segment begins. `epoch` names its timeline."""

    codec: Annotated[str, Field(max_length=40)]
    width: Annotated[int, Field(ge=16, le=4096)]
    height: Annotated[int, Field(ge=16, le=4096)]
    fps: Annotated[int, Field(ge=1, le=120)]
    epoch: Annotated[str, Field(max_length=40)]
    rendition: RenditionWord = "main"


class GateMessage(Wire):
    """Device to relay: whether camera frames may be shown; `reason` is the device's state."""

    gate: Literal["open", "shut"]
    reason: State


class RequestMessage(Wire):
    """Relay to device: send a keyframe now, or JPEGs at `jpeg_fps`, 0 for none, or `renditions`.

    The main rendition is sent in any case, and needs keyframes most: `keyframe` is for that one.
    A relay takes an upload with a `jpeg_fps`, which it sends at once.
    """

    keyframe: bool = False
    jpeg_fps: Annotated[int, Field(ge=0, le=30)] | None = None
    renditions: Annotated[tuple[RenditionWord, ...], Field(max_length=3)] | None = None
    jpegs: Annotated[tuple[Literal["main", "low"], ...], Field(max_length=2)] | None = None
    """Of which renditions it wants JPEGs; of main alone before it says so."""
