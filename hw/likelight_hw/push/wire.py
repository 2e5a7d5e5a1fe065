"""The messages between the daemon and its push child. Their framing is child/packets.py's."""

import json
from enum import IntEnum
from pathlib import Path

from likelight_hw.child.packets import pack
from likelight_hw.ports import AccessUnit, StreamFormat
from likelight_hw.push.target import PushTarget

KEYFRAME = 1
"""Flag of an access unit that is an IDR."""


class PushMessage(IntEnum):
    """What a packet carries."""

    SETUP = 1
    """To the child, once: the target and the stream's format."""
    ACCESS_UNIT = 2
    """To the child; the first one is a keyframe."""
    CONNECTED = 16
    """From the child: the server takes the stream."""
    SENT = 17
    """From the child: one access unit went out."""
    TROUBLE = 18
    """From the child, before it ends: the reason, for IT, without any secret."""


def pack_setup(target: PushTarget, stream: StreamFormat) -> bytes:
    """Return the SETUP packet. It carries the secret, so that no command line has to."""
    body = [target.url, str(target.ca_file), stream.width, stream.height, stream.fps]
    return pack(PushMessage.SETUP, json.dumps(body).encode())


def unpack_setup(payload: bytes) -> tuple[PushTarget, StreamFormat]:
    """Return what `pack_setup` was given; except whether the stream is simulated."""
    url, ca_file, width, height, fps = json.loads(payload)
    return PushTarget(url, Path(ca_file)), StreamFormat(width, height, fps, simulated=False)


def pack_unit(unit: AccessUnit) -> bytes:
    """Return the ACCESS_UNIT packet."""
    flags = KEYFRAME if unit.keyframe else 0
    return pack(PushMessage.ACCESS_UNIT, unit.data, flags=flags, captured_us=unit.captured_us)
