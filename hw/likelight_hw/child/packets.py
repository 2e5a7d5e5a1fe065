"""How the daemon and a child of it frame their messages on the socket between them.

Both ways: a 16-byte header (type, flags, length, capture time), then the payload, big-endian. What
the types mean is defined in wire.py of the camera and of the push.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

_HEADER = struct.Struct("!BBxxIQ")

MAX_PAYLOAD = 16 * 1024 * 1024
"""A raw 1080p picture is 3 MB; a longer payload means that the two sides no longer agree where a
packet starts."""


class ChildPacket(NamedTuple):
    """One packet; `captured_us` is 0 where nothing was captured."""

    kind: int
    flags: int
    captured_us: int
    payload: bytes


class ProtocolError(Exception):
    """The other side sent bytes that are not a packet."""


def pack(kind: int, payload: bytes = b"", *, flags: int = 0, captured_us: int = 0) -> bytes:
    """Return one packet's bytes."""
    return _HEADER.pack(kind, flags, len(payload), captured_us) + payload


class Unpacker:
    """Cuts the byte stream into packets; holds at most one unfinished packet."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[ChildPacket]:
        """Yield the packets that `data` completes. Raises `ProtocolError` for other bytes."""
        rest = self._rest
        rest += data
        at = 0
        try:
            while len(rest) - at >= _HEADER.size:
                kind, flags, length, captured_us = _HEADER.unpack_from(rest, at)
                if length > MAX_PAYLOAD:
                    raise ProtocolError(f"a packet of {length} bytes")
                end = at + _HEADER.size + length
                if len(rest) < end:
                    break
                payload = bytes(rest[at + _HEADER.size : end])
                at = end
                yield ChildPacket(kind, flags, captured_us, payload)
        finally:
            del rest[:at]
