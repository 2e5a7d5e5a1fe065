"""Fragmented MP4, made by hand: one init segment per stream, one fragment per access unit.

FFmpeg's muxer returns a fragment only when the next frame has come, one frame late, and PyAV must
stay out of the daemon. These boxes (ISO/IEC 14496-12 and -15) cost 10 to 20 us a frame.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from likelight.feed.annexb import ParameterSets

TIMESCALE = 90_000
"""Ticks of the media timeline in a second."""

_TRACK = 1
_NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970
_SHORTEST_US = 1_000  # zero-length samples upset Safari
_LONGEST_US = 1_000_000  # the slowest stream here, a placeholder, has four frames a second
_KEYFRAME = 0x0200_0000  # depends on no other sample
_DELTA = 0x0101_0000  # depends on others, not a sync sample
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000)

_HEAD = struct.Struct(
    ">"
    "I4sIIQQ"  # prft: flags, track, NTP time, media time
    "I4s"  # moof
    "I4sII"  # mfhd: flags, sequence number
    "I4s"  # traf
    "I4sII"  # tfhd: flags, track
    "I4sIQ"  # tfdt: flags, decode time
    "I4sIIIIII"  # trun: flags, sample count, data offset, duration, size, sample flags
    "I4s"  # mdat
)
_PRFT, _MOOF, _MFHD, _TRAF, _TFHD, _TFDT, _TRUN = 32, 100, 16, 76, 16, 20, 32
_MEDIA_TIME_AT, _DECODE_AT, _DURATION_AT = 24, 92, 120


@dataclass(frozen=True)
class Init:
    """What a decoder needs before the first fragment. Equal ones have equal segments."""

    sets: ParameterSets
    width: int
    height: int
    fps: int

    @property
    def mime(self) -> str:
        """The type for Media Source Extensions, with the exact codec."""
        return f'video/mp4; codecs="{self.sets.codec}"'

    @cached_property
    def told(self) -> ParameterSets:
        """The parameter sets as players get them: with the rate of this stream."""
        return self.sets.at_rate(self.fps)

    @cached_property
    def segment(self) -> bytes:
        """The init segment: ftyp and moov."""
        return _init_segment(self)


class Timeline:
    """Turns the main rendition's capture times into decode times without gap or overlap.

    A frame starts where the last one ended and lasts as long as the wall clock ran between the two
    captures, so the timeline follows the captures one frame behind. A player that plays in real
    time does not run out of frames when a clock steps or a frame is missing.
    """

    def __init__(self) -> None:
        self._end_us = 0
        self._captured_us: int | None = None

    def place(self, captured_us: int, fps: int) -> tuple[int, int]:
        """Return decode time and duration, in ticks, of the frame captured at `captured_us`.

        `fps` gives the very first frame its duration; every other lasts 1 ms to 1 s.
        """
        if self._captured_us is None:
            lasts_us = 1_000_000 // max(1, fps)
        else:
            lasts_us = captured_us - self._captured_us
        self._captured_us = captured_us
        begin = _ticks(self._end_us)
        self._end_us += min(max(lasts_us, _SHORTEST_US), _LONGEST_US)
        return begin, _ticks(self._end_us) - begin

    def end_us(self, captured_us: int) -> int:
        """Return where a picture captured at `captured_us` ends, in microseconds."""
        later_us = captured_us - (captured_us if self._captured_us is None else self._captured_us)
        return max(0, self._end_us + min(max(later_us, -_LONGEST_US), _LONGEST_US))


class SideTimeline:
    """Another rendition's: a picture ends where that of `main` ends which was captured with it.

    So a viewer may go from one to the other. It begins where the last one ended; one that comes
    after a pause lasts as long as a picture of `fps` does.
    """

    def __init__(self, main: Timeline) -> None:
        self._main = main
        self._end_us: int | None = None

    def place(self, captured_us: int, fps: int) -> tuple[int, int]:
        """Return decode time and duration, in ticks, of the picture captured at `captured_us`."""
        end_us = self._main.end_us(captured_us)
        begin_us = self._end_us
        if begin_us is None or end_us - begin_us > _LONGEST_US:
            begin_us = max(0, end_us - 1_000_000 // max(1, fps))
        self._end_us = max(end_us, begin_us + _SHORTEST_US)
        begin = _ticks(begin_us)
        return begin, _ticks(self._end_us) - begin


def fragment(
    picture: Sequence[bytes],
    *,
    sequence: int,
    decode: int,
    duration: int,
    keyframe: bool,
    captured_us: int,
) -> bytes:
    """Return prft, moof and mdat for one access unit, given as its NAL units.

    `decode` and `duration` are ticks of `TIMESCALE`; the prft box carries the capture time.
    """
    body = b"".join([part for unit in picture for part in (len(unit).to_bytes(4, "big"), unit)])
    seconds, micros = divmod(captured_us, 1_000_000)
    # NTP's 32 bits of seconds wrap in February 2036; a clock that is wrong may show a later date.
    ntp = (seconds + _NTP_EPOCH & 0xFFFF_FFFF) << 32 | (micros << 32) // 1_000_000
    # fmt: off
    head = _HEAD.pack(
        # Flags 24: the time of capture (ISO/IEC 14496-12, 8.16.5).
        _PRFT, b"prft", 0x0100_0018, _TRACK, ntp, decode,
        _MOOF, b"moof",
        _MFHD, b"mfhd", 0, sequence & 0xFFFF_FFFF,
        _TRAF, b"traf",
        _TFHD, b"tfhd", 0x02_0000, _TRACK,
        _TFDT, b"tfdt", 0x0100_0000, decode,
        _TRUN, b"trun", 0x0000_0701, 1, _MOOF + 8, duration, len(body),
        _KEYFRAME if keyframe else _DELTA,
        8 + len(body), b"mdat",
    )
    # fmt: on
    return head + body


def spliced(fragment: bytes, *, begin: int, end: int) -> bytes:
    """Return `fragment` with its picture from `begin` to `end`, in ticks."""
    changed = bytearray(fragment)
    struct.pack_into(">Q", changed, _MEDIA_TIME_AT, begin)
    struct.pack_into(">Q", changed, _DECODE_AT, begin)
    struct.pack_into(">I", changed, _DURATION_AT, end - begin)
    return bytes(changed)


def _ticks(micros: int) -> int:
    return micros * 9 // 100


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def _full(kind: bytes, flags: int, *parts: bytes) -> bytes:
    return _box(kind, flags.to_bytes(4, "big"), *parts)


def _numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def _init_segment(init: Init) -> bytes:
    # Every duration is 0 and there is no mehd, so that players treat the stream as live: Chromium
    # then keeps a buffer of one frame.
    size = init.width << 16, init.height << 16
    mvhd = _numbers(0, 0, TIMESCALE, 0, 0x1_0000, 0x0100_0000, 0, 0)
    tkhd = _numbers(0, 0, _TRACK, 0, 0, 0, 0, 0, 0)
    stts, stsc, stco = (_full(kind, 0, _numbers(0)) for kind in (b"stts", b"stsc", b"stco"))
    stbl = _box(
        b"stbl",
        _full(b"stsd", 0, _numbers(1), _sample_entry(init)),
        stts,
        stsc,
        _full(b"stsz", 0, _numbers(0, 0)),
        stco,
    )
    dinf = _box(b"dinf", _full(b"dref", 0, _numbers(1), _full(b"url ", 1)))
    mdia = _box(
        b"mdia",
        _full(b"mdhd", 0, _numbers(0, 0, TIMESCALE, 0, 0x55C4_0000)),  # language: und
        _full(b"hdlr", 0, bytes(4), b"vide", bytes(12), b"likelight\0"),
        _box(b"minf", _full(b"vmhd", 1, bytes(8)), dinf, stbl),
    )
    moov = _box(
        b"moov",
        _full(b"mvhd", 0, mvhd, _MATRIX, bytes(24), _numbers(_TRACK + 1)),
        _box(b"trak", _full(b"tkhd", 3, tkhd, _MATRIX, _numbers(*size)), mdia),
        _box(b"mvex", _full(b"trex", 0, _numbers(_TRACK, 1, 0, 0, 0))),
    )
    return _box(b"ftyp", b"iso6", _numbers(0), b"iso6isomavc1mp41") + moov


def _sample_entry(init: Init) -> bytes:
    return _box(
        b"avc1",
        bytes(6),
        b"\0\1",  # the data reference
        bytes(16),
        struct.pack(">HHIIIH", init.width, init.height, 0x48_0000, 0x48_0000, 0, 1),
        bytes(32),  # the compressor's name
        b"\0\x18\xff\xff",
        _box(b"avcC", init.told.configuration),
    )
