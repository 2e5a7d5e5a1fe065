"""From fMP4 back to NAL units, for a relay's hub: the reverse of `fmp4`.

Bytes that are not such a segment raise `UnpackError`; no length that is read is trusted.
"""

from likelight.feed.annexb import PPS, SPS, ParameterSets
from likelight.feed.fmp4 import Init

MAX_UNITS = 1024
"""NAL units of one picture; level 5.2 allows fewer slices."""

_SAMPLE_ENTRY = 78  # bytes of a visual sample entry before its boxes
_FULL = 8  # version, flags and the entry count of `stsd`


class UnpackError(ValueError):
    """The bytes are not an init segment, or not a fragment."""


def unpack_init(segment: bytes, *, width: int, height: int, fps: int) -> Init:
    """Return what the init `segment` holds of a decoder's configuration; its size comes with it."""
    span = _find(segment, (0, len(segment)), b"moov")
    for kind in (b"trak", b"mdia", b"minf", b"stbl", b"stsd"):
        span = _find(segment, span, kind)
    begin, end = _find(segment, (span[0] + _FULL, span[1]), b"avc1")
    begin, end = _find(segment, (begin + _SAMPLE_ENTRY, end), b"avcC")
    init = Init(_parameter_sets(segment[begin:end]), width, height, fps)
    try:
        _ = init.segment  # computed once, so that sets which can't be packaged fail here
    except (ValueError, OverflowError) as error:
        raise UnpackError("the parameter sets make no configuration") from error
    return init


def unpack_fragment(fragment: bytes) -> list[bytes]:
    """Return the NAL units of the one picture in `fragment`, without parameter sets.

    Every keyframe repeats those of its init segment.
    """
    at, end = _find(fragment, (0, len(fragment)), b"mdat")
    units: list[bytes] = []
    while at < end:
        begin = at + 4
        at = begin + int.from_bytes(fragment[at:begin], "big")
        if not begin < at <= end:
            raise UnpackError("a NAL unit leaves its box")
        units.append(fragment[begin:at])
        if len(units) > MAX_UNITS:
            raise UnpackError(f"more than {MAX_UNITS} NAL units")
    picture = [unit for unit in units if unit[0] & 0x1F not in (SPS, PPS)]
    if not picture:
        raise UnpackError("a fragment without a picture")
    return picture


def _find(data: bytes, span: tuple[int, int], wanted: bytes) -> tuple[int, int]:
    """Return begin and end of the body of the first box of a kind inside `span`."""
    at, end = span
    while at + 8 <= end:
        size = int.from_bytes(data[at : at + 4], "big")
        if not 8 <= size <= end - at:
            raise UnpackError("a box leaves its container")
        if data[at + 4 : at + 8] == wanted:
            return at + 8, at + size
        at += size
    raise UnpackError(f"no {wanted.decode()} box")


def _parameter_sets(record: bytes) -> ParameterSets:
    """Read an AVCDecoderConfigurationRecord with one SPS, one PPS and lengths of 4 bytes."""
    if len(record) < 6 or record[0] != 1 or record[4] & 3 != 3 or record[5] & 0x1F != 1:
        raise UnpackError("no avcC with one SPS and lengths of 4 bytes")
    sps, at = _set(record, 6, SPS)
    if len(sps) < 4 or record[at : at + 1] != b"\x01":
        raise UnpackError("an SPS too short, or not one PPS")
    pps, _ = _set(record, at + 1, PPS)
    return ParameterSets(sps, pps)


def _set(record: bytes, at: int, kind: int) -> tuple[bytes, int]:
    begin = at + 2
    end = begin + int.from_bytes(record[at:begin], "big")
    if not begin < end <= len(record) or record[begin] & 0x1F != kind:
        raise UnpackError("a parameter set is cut short or of another kind")
    return record[begin:end], end
