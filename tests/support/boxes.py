"""The boxes of ISO/IEC 14496-12, read back."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """One ISO BMFF box."""

    kind: str
    body: bytes

    def boxes(self, skip: int = 0) -> "list[Box]":
        """Return the boxes inside, after `skip` bytes of own fields."""
        return list(boxes(self.body[skip:]))

    def find(self, *path: str) -> "Box":
        """Return the box at `path` of plain containers."""
        box = self
        for kind in path:
            (box,) = (inner for inner in box.boxes() if inner.kind == kind)
        return box


def boxes(data: bytes) -> Iterator[Box]:
    """Read the boxes of `data`; fails when their sizes do not add up."""
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        assert 8 <= size <= len(data) - at, "a box leaves its container"
        yield Box(kind.decode(), data[at + 8 : at + size])
        at += size


@dataclass(frozen=True)
class Sample:
    """What a fragment says of its one access unit. Times are ticks of 90 kHz."""

    decode: int
    duration: int
    size: int
    keyframe: bool
    captured_us: int
    sequence: int


def read_fragment(data: bytes) -> Sample:
    """Parse one fragment as the hub makes them, checking what must hold for each."""
    prft, moof, mdat = boxes(data)
    assert (prft.kind, moof.kind, mdat.kind) == ("prft", "moof", "mdat")
    kind, track, ntp, media_time = struct.unpack(">IIQQ", prft.body)
    assert kind == 0x0100_0018, "version 1, and the time is the capture's"
    _, sequence = struct.unpack(">II", moof.find("mfhd").body)
    flags, decode_time = struct.unpack(">IQ", moof.find("traf", "tfdt").body)
    assert flags == 0x0100_0000
    trun = struct.unpack(">IIIIII", moof.find("traf", "trun").body)
    assert trun[:2] == (0x701, 1)
    offset, duration, size, sample_flags = trun[2:]
    assert offset == 8 + len(moof.body) + 8, "the data begins right behind the mdat's header"
    assert size == len(mdat.body)
    assert track == 1
    assert media_time == decode_time
    seconds, fraction = ntp >> 32, ntp & 0xFFFF_FFFF
    captured = (seconds - 2_208_988_800) * 1_000_000 + -(-fraction * 1_000_000 >> 32)
    # Depends on no other; or on others, and is not a sync sample: a joiner must not begin there.
    assert sample_flags in (0x0200_0000, 0x0101_0000)
    keyframe = sample_flags == 0x0200_0000
    return Sample(decode_time, duration, size, keyframe, captured, sequence)
