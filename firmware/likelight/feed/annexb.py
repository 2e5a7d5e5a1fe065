"""H.264 as encoders write it (Annex B), read just far enough to package it.

An access unit is one picture: NAL units, each behind a start code `00 00 01`. MP4 wants each NAL
unit behind its length instead, and the parameter sets (SPS, PPS) once, in the init segment.
"""

from dataclasses import dataclass

from likelight.feed.sps import HIGH_PROFILES, sample_format, with_rate

START_CODE = b"\0\0\1"

SPS = 7
PPS = 8
"""Types of a NAL unit: the last five bits of its first byte."""

_DELIMITER = 9
_FILLER = 12


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """The SPS and PPS of a stream: what a decoder must have before the first picture."""

    sps: bytes
    pps: bytes

    @property
    def codec(self) -> str:
        """The exact RFC 6381 name, for example `avc1.42C01F`."""
        return f"avc1.{self.sps[1:4].hex().upper()}"

    def at_rate(self, fps: int) -> "ParameterSets":
        """Return these with an SPS that tells `fps` pictures a second, not fixed.

        GStreamer takes a picture's duration from there, not from its fragment, and encoders write
        the camera's rate into placeholders too: in WebKitGTK each of them left a gap of 0.2 s.
        Without a rate there (GStreamer 1.22) it is as bad: WebKitGTK then takes a sixtieth of a
        second.
        """
        return ParameterSets(with_rate(self.sps, fps), self.pps)

    @property
    def configuration(self) -> bytes:
        """The AVCDecoderConfigurationRecord: the body of an `avcC` box (4-byte lengths)."""
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
        if self.sps[1] in HIGH_PROFILES:
            chroma, luma_depth, chroma_depth = sample_format(self.sps)
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
        if kind == SPS:
            sps = unit
        elif kind == PPS:
            pps = unit
        elif kind not in (_DELIMITER, _FILLER):
            picture.append(unit)
    complete = sps is not None and pps is not None and len(sps) >= 4
    return (ParameterSets(sps, pps) if complete and sps and pps else None), picture
