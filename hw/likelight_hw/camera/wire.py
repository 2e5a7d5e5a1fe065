"""The messages between the daemon and its camera child. Their framing is child/packets.py's."""

import json
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import IntEnum

from likelight_hw.camera.config import CameraConfig
from likelight_hw.child.packets import ChildPacket, pack
from likelight_hw.ports import (
    DARK,
    MAIN_ONLY,
    AccessUnit,
    DrawnPlaceholder,
    Jpeg,
    LightFrame,
    PlaceholderSpec,
    Rendition,
    StreamFormat,
)

_DESIRED_STATE = struct.Struct("!I3IffBBBBI")
_JPEGS = 4  # the upper half of the byte that has the renditions
_ALIVE = struct.Struct("!I")
_PLACEHOLDER = struct.Struct("!HIIHH")


class CameraMessage(IntEnum):
    """What a packet carries."""

    SETUP = 1
    """To the child, once: configuration and placeholders to draw."""
    DESIRED_STATE = 2
    """To the child: all that is wanted of it from now on."""
    READY = 16
    """From the child: the source is open, the placeholders are out."""
    FORMAT = 17
    """A rendition starts: its format, and the `DesiredState.stream` it answers."""
    ACCESS_UNIT = 18
    JPEG = 19
    PLACEHOLDER = 20
    TROUBLE = 21
    """The source can't be opened, and why. It is tried again until READY, or TROUBLE again."""
    RESTING = 22
    """Sensor and encoders are off, as was asked."""
    ALIVE = 23
    """The child has read the `DesiredState` with this `ping`; it answers before it acts on it."""


@dataclass(frozen=True, slots=True)
class DesiredState:
    """All that the daemon wants of the child, sent again at each change; the newest counts.

    `stream` numbers the starts, 0 means stopped. `keyframes` has a count for each rendition, and a
    raised one asks for a keyframe. A child that is not frozen answers each new `ping` at once.
    """

    stream: int = 0
    keyframes: tuple[int, int, int] = (0, 0, 0)
    jpeg_fps: float = 0.0
    lamp: LightFrame = DARK
    ping: int = 0
    renditions: frozenset[Rendition] = frozenset()
    """What is wanted besides MAIN."""
    jpegs: frozenset[Rendition] = MAIN_ONLY
    """Of which JPEGs are wanted: MAIN, LOW or both."""


def pack_setup(config: CameraConfig, specs: Sequence[PlaceholderSpec]) -> bytes:
    """Return the SETUP packet."""
    body = {"config": config.to_json(), "placeholders": [asdict(spec) for spec in specs]}
    return pack(CameraMessage.SETUP, json.dumps(body).encode())


def unpack_setup(payload: bytes) -> tuple[CameraConfig, list[PlaceholderSpec]]:
    """Return what `pack_setup` was given."""
    body = json.loads(payload)
    specs = [
        PlaceholderSpec(**{**spec, "paper": tuple(spec["paper"]), "ink": tuple(spec["ink"])})
        for spec in body["placeholders"]
    ]
    return CameraConfig.from_json(body["config"]), specs


def pack_desired_state(desired: DesiredState) -> bytes:
    """Return the DESIRED_STATE packet."""
    lamp = desired.lamp
    return pack(
        CameraMessage.DESIRED_STATE,
        _DESIRED_STATE.pack(
            desired.stream,
            *desired.keyframes,
            desired.jpeg_fps,
            lamp.level,
            *lamp.rgb,
            _bits(desired.renditions) | _bits(desired.jpegs) << _JPEGS,
            desired.ping,
        ),
    )


def unpack_desired_state(payload: bytes) -> DesiredState:
    """Return what `pack_desired_state` was given, to the precision of a float32."""
    stream, *keyframes, jpeg_fps, level, red, green, blue, wanted, ping = _DESIRED_STATE.unpack(
        payload
    )
    main, low, slide = keyframes
    return DesiredState(
        stream,
        (main, low, slide),
        jpeg_fps,
        LightFrame(level, (red, green, blue)),
        ping,
        _renditions(wanted),
        _renditions(wanted >> _JPEGS),
    )


def _bits(renditions: frozenset[Rendition]) -> int:
    return sum(1 << rendition for rendition in renditions)


def _renditions(bits: int) -> frozenset[Rendition]:
    return frozenset(each for each in Rendition if bits & 1 << each)


def pack_jpeg(jpeg: Jpeg) -> bytes:
    """Return the JPEG packet."""
    return pack(CameraMessage.JPEG, jpeg.data, flags=jpeg.rendition, captured_us=jpeg.captured_us)


def unpack_jpeg(packet: ChildPacket) -> Jpeg:
    """Return what `pack_jpeg` was given."""
    return Jpeg(packet.payload, packet.captured_us, Rendition(packet.flags))


def pack_access_unit(unit: AccessUnit) -> bytes:
    """Return the ACCESS_UNIT packet."""
    flags = unit.rendition << 1 | unit.keyframe
    return pack(CameraMessage.ACCESS_UNIT, unit.data, flags=flags, captured_us=unit.captured_us)


def unpack_access_unit(packet: ChildPacket) -> AccessUnit:
    """Return what `pack_access_unit` was given."""
    rendition, keyframe = Rendition(packet.flags >> 1), bool(packet.flags & 1)
    return AccessUnit(packet.payload, keyframe, packet.captured_us, rendition)


def pack_alive(ping: int) -> bytes:
    """Return the ALIVE packet that answers `DesiredState.ping`."""
    return pack(CameraMessage.ALIVE, _ALIVE.pack(ping))


def unpack_alive(payload: bytes) -> int:
    """Return the ping that is answered."""
    return int(_ALIVE.unpack(payload)[0])


def pack_format(stream: StreamFormat, answers: int) -> bytes:
    """Return the FORMAT packet of the stream that answers `DesiredState.stream`."""
    return pack(CameraMessage.FORMAT, json.dumps([answers, asdict(stream)]).encode())


def unpack_format(payload: bytes) -> tuple[StreamFormat, int]:
    """Return what `pack_format` was given."""
    answers, fields = json.loads(payload)
    rendition = Rendition(fields.pop("rendition"))
    return StreamFormat(**fields, rendition=rendition), answers


def pack_placeholder(placeholder: DrawnPlaceholder) -> bytes:
    """Return the PLACEHOLDER packet."""
    small = placeholder.small
    parts = _pack_drawn(placeholder) + (_pack_drawn(small) if small else b"")
    return pack(CameraMessage.PLACEHOLDER, parts)


def unpack_placeholder(payload: bytes) -> DrawnPlaceholder:
    """Return what `pack_placeholder` was given."""
    placeholder, end = _unpack_drawn(payload, 0)
    if end == len(payload):
        return placeholder
    return replace(placeholder, small=_unpack_drawn(payload, end)[0])


def _pack_drawn(drawn: DrawnPlaceholder) -> bytes:
    name = drawn.name.encode()
    head = _PLACEHOLDER.pack(
        len(name), len(drawn.access_unit), len(drawn.jpeg), drawn.width, drawn.height
    )
    return head + name + drawn.access_unit + drawn.jpeg


def _unpack_drawn(payload: bytes, at: int) -> tuple[DrawnPlaceholder, int]:
    name, unit, jpeg, width, height = _PLACEHOLDER.unpack_from(payload, at)
    name_at = at + _PLACEHOLDER.size
    unit_at = name_at + name
    jpeg_at = unit_at + unit
    end = jpeg_at + jpeg
    drawn = DrawnPlaceholder(
        payload[name_at:unit_at].decode(),
        width,
        height,
        payload[unit_at:jpeg_at],
        payload[jpeg_at:end],
    )
    return drawn, end
