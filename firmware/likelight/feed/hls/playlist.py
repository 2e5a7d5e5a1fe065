"""Playlists as text: pure functions of the segments in the window."""

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from likelight.feed.fmp4 import TIMESCALE, Init
from likelight.feed.hls.segments import TARGET_DURATION, Segment, SegmentWindow
from likelight.feed.rendition import Rendition

_WITH_PARTS = 3  # segments, the open one counted: RFC 8216bis wants none older than 6 s
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A playlist in both encodings, the same for all viewers. Apple's players ask for gzip."""

    plain: bytes
    gzipped: bytes


def part_hold_back(window: SegmentWindow) -> int:
    """Return how many ticks a player stays behind the end: Apple's least (HLS authoring
    specification, 14.3).
    """
    return 3 * window.part_target


def media_playlist(window: SegmentWindow) -> Rendered:
    """Render the media playlist; `window` must list a part. URIs are relative to its own."""
    return _rendered(_media_lines(window))


@dataclass(frozen=True, slots=True)
class Variant:
    """One rendition in the first playlist, and its media playlist."""

    uri: str
    window: SegmentWindow
    rendition: Rendition


def multivariant_playlist(variants: Sequence[Variant]) -> Rendered:
    """Render the playlist that describes `variants`; the first one's window must list a part.

    One that nobody watches has no pictures. Its size and rates follow from the first one's, which
    the camera makes it of, and its level is no higher. It is told to need less than the one before:
    of a kitchen in which nothing moves the main one may need less than a small one at its most, and
    hls.js takes what needs most for the best.
    """
    first = variants[0].window.newest
    assert first is not None
    lines = ["#EXTM3U", "#EXT-X-VERSION:10"]
    most = variants[0].window.peak
    for variant in variants:
        newest = variant.window.newest
        nominal = variant.rendition.nominal_bits_per_s * 5 // 4
        peak = variant.window.peak if newest else min(nominal, most * 3 // 4)
        lines += [f"#EXT-X-STREAM-INF:{','.join(_about(variant, first.init, peak))}", variant.uri]
        most = min(most, peak)
    return _rendered(iter(lines))


def _about(variant: Variant, main: Init, peak: int) -> Iterator[str]:
    window, rendition = variant.window, variant.rendition
    newest = window.newest
    if newest is not None:
        init = newest.init
        codec, size, fps = init.sets.codec, (init.width, init.height), init.fps
        average = window.average
    else:
        codec = main.sets.codec
        size, fps = rendition.size(main.width, main.height), rendition.fps(main.fps)
        average = rendition.nominal_bits_per_s
    yield f"BANDWIDTH={peak}"
    yield f"AVERAGE-BANDWIDTH={min(peak, average)}"
    yield f'CODECS="{codec}"'
    yield "RESOLUTION={}x{}".format(*size)
    yield f"FRAME-RATE={fps:.3f}"
    yield "CLOSED-CAPTIONS=NONE"


def init_uri(number: int) -> str:
    """Return the URI of an init segment."""
    return f"init-{number}.mp4"


def segment_uri(number: int) -> str:
    """Return the URI of a whole segment."""
    return f"{number}.m4s"


def part_uri(number: int, part: int) -> str:
    """Return the URI of a part."""
    return f"{number}.{part}.m4s"


def _media_lines(window: SegmentWindow) -> Iterator[str]:
    # EXT-X-INDEPENDENT-SEGMENTS would promise that each segment begins with an IDR, for ever.
    # Nearly all do; but where a late frame ended one early (segmenter.py), the next begins without.
    segments = window.listed
    yield "#EXTM3U"
    yield "#EXT-X-VERSION:10"
    yield f"#EXT-X-TARGETDURATION:{TARGET_DURATION}"
    yield (
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,"
        f"PART-HOLD-BACK={_seconds(part_hold_back(window))},HOLD-BACK={3 * TARGET_DURATION}"
    )
    yield f"#EXT-X-PART-INF:PART-TARGET={_seconds(window.part_target)}"
    yield f"#EXT-X-MEDIA-SEQUENCE:{segments[0].number}"
    yield f"#EXT-X-DISCONTINUITY-SEQUENCE:{segments[0].discontinuities_before}"
    before: Segment | None = None
    for segment in segments:
        if segment.parts:
            yield from _segment_lines(segment, before)
            if segment in segments[-_WITH_PARTS:]:
                yield from _part_lines(segment)
            if segment.closed:
                yield f"#EXTINF:{_seconds(segment.duration)},"
                yield segment_uri(segment.number)
        before = segment
    assert window.hint is not None
    yield f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{part_uri(*window.hint)}"'


def _segment_lines(segment: Segment, before: Segment | None) -> Iterator[str]:
    if segment.discontinuity:
        yield "#EXT-X-DISCONTINUITY"
    if before is None or before.init_number != segment.init_number:
        yield f'#EXT-X-MAP:URI="{init_uri(segment.init_number)}"'
    yield f"#EXT-X-PROGRAM-DATE-TIME:{_date_time(segment.began_us)}"
    if segment.taken_back:
        yield "#EXT-X-GAP"


def _part_lines(segment: Segment) -> Iterator[str]:
    for index, part in enumerate(segment.parts):
        uri = part_uri(segment.number, index)
        line = f'#EXT-X-PART:DURATION={_seconds(part.duration)},URI="{uri}"'
        independent = ",INDEPENDENT=YES" if part.independent else ""
        gap = ",GAP=YES" if segment.taken_back else ""
        yield line + independent + gap


def _rendered(lines: Iterator[str]) -> Rendered:
    plain = "".join(f"{line}\n" for line in lines).encode()
    return Rendered(plain, gzip.compress(plain, compresslevel=1, mtime=0))


def _seconds(ticks: int) -> str:
    return f"{ticks / TIMESCALE:.5f}"


def _date_time(micros: int) -> str:
    moment = _EPOCH + timedelta(microseconds=micros)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
