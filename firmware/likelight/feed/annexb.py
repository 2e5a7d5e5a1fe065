"""H.264 as encoders write it (Annex B), read just far enough to package it.

An access unit is one picture: NAL units, each behind a start code `00 00 01`. MP4 wants each NAL
unit behind its length instead, and the parameter sets (SPS, PPS) once, in the init segment.
"""

from dataclasses import dataclass

START_CODE = b"\0\0\1"

_SPS = 7
_PPS = 8
_DELIMITER = 9
_FILLER = 12
# The SPS and avcC of these carry the chroma format and bit depths (ITU-T H.264, 7.3.2.1.1).
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128})


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """The SPS and PPS of a stream: what a decoder must have before the first picture."""

    sps: bytes
    pps: bytes

    @property
    def codec(self) -> str:
        """The exact RFC 6381 name, for example `avc1.42C01F`."""
        return f"avc1.{self.sps[1:4].hex().upper()}"

    def configuration(self) -> bytes:
        """Return the AVCDecoderConfigurationRecord: the body of an `avcC` box (4-byte lengths)."""
        record = b"".join(
            (
                b"\x01",
                self.sps[1:4],
                b"\xff\xe1",
                len(self.sps).to_bytes(2, "big"),
                self.sps,
                b"\x01",
                len(self.pps).to_bytes(2, "big"),
                self.pps,
            )
        )
        if self.sps[1] in _HIGH_PROFILES:
            chroma, luma_depth, chroma_depth = _sample_format(self.sps)
            record += bytes((0xFC | chroma, 0xF8 | luma_depth - 8, 0xF8 | chroma_depth - 8, 0))
        return record


def split(stream: bytes) -> list[bytes]:
    """Return the NAL units of `stream` without start codes and padding.

    Bytes before the first start code are dropped.
    """
    units = []
    at = stream.find(START_CODE)
    while at >= 0:
        begin = at + 3
        at = stream.find(START_CODE, begin)
        # A NAL unit never ends in 00 (its last bit set is the stop bit): zeros here belong to a
        # four-byte start code or are trailing_zero_8bits.
        unit = (stream[begin:at] if at >= 0 else stream[begin:]).rstrip(b"\0")
        if unit:
            units.append(unit)
    return units


def parse(access_unit: bytes) -> tuple[ParameterSets | None, list[bytes]]:
    """Split one access unit into its parameter sets, if it brings both, and its picture.

    The picture is what remains for the MP4 sample: slices and SEI, without SPS, PPS, delimiters
    and filler.
    """
    sps = pps = None
    picture = []
    for unit in split(access_unit):
        kind = unit[0] & 0x1F
        if kind == _SPS:
            sps = unit
        elif kind == _PPS:
            pps = unit
        elif kind not in (_DELIMITER, _FILLER):
            picture.append(unit)
    complete = sps is not None and pps is not None and len(sps) >= 4
    return (ParameterSets(sps, pps) if complete and sps and pps else None), picture


def _sample_format(sps: bytes) -> tuple[int, int, int]:
    """Return chroma_format_idc and the bit depths of luma and chroma of a high-profile SPS."""
    # The fields are in the first bytes; 16 are more than enough.
    bits = _Bits(sps[4:20].replace(b"\0\0\3", b"\0\0"))
    bits.exp_golomb()  # seq_parameter_set_id
    chroma = bits.exp_golomb()
    if chroma == 3:
        bits.take(1)  # separate_colour_plane_flag
    return chroma, 8 + bits.exp_golomb(), 8 + bits.exp_golomb()


class _Bits:
    """Reads the big-endian bits of an RBSP; past the end it reads ones."""

    def __init__(self, data: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in data)

    def take(self, count: int) -> int:
        taken, self._bits = self._bits[:count].ljust(count, "1"), self._bits[count:]
        return int(taken, 2) if taken else 0

    def exp_golomb(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)
