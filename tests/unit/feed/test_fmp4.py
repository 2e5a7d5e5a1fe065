"""The packager: boxes that add up, pictures that decode, a timeline without gaps."""

import re

from hypothesis import given
from hypothesis import strategies as st

from likelight.feed.annexb import parse
from likelight.feed.fmp4 import TIMESCALE, Init, Timeline, fragment
from support.boxes import boxes, read_fragment
from support.pictures import HEIGHT, WIDTH, decode, encode

START_US = 1_790_000_000_123_456


def stream(shades: list[int], *, gop: int = 30) -> tuple[Init, list[bytes]]:
    """Package `shades` at 30 frames a second."""
    timeline = Timeline()
    init: Init | None = None
    fragments = []
    for number, unit in enumerate(encode(shades, gop=gop)):
        sets, picture = parse(unit.data)
        if init is None and sets is not None:
            init = Init(sets, WIDTH, HEIGHT, 30)
        captured_us = START_US + number * 33_333
        begin, duration = timeline.place(captured_us, 30)
        fragments.append(
            fragment(
                picture,
                sequence=number + 1,
                decode=begin,
                duration=duration,
                keyframe=unit.keyframe,
                captured_us=captured_us,
            )
        )
    assert init is not None
    return init, fragments


def test_every_picture_decodes() -> None:
    shades = list(range(40, 200, 4))
    init, fragments = stream(shades, gop=10)
    decoded = decode(b"".join([init.segment, *fragments]))
    assert len(decoded) == len(shades)
    assert all(abs(got - sent) <= 2 for got, sent in zip(decoded, shades, strict=True))


def test_fragments_say_what_they_hold() -> None:
    init, fragments = stream([50] * 12, gop=10)
    samples = [read_fragment(data) for data in fragments]
    assert [sample.keyframe for sample in samples] == [n % 10 == 0 for n in range(12)]
    assert [sample.captured_us for sample in samples] == [START_US + n * 33_333 for n in range(12)]
    assert [sample.sequence for sample in samples] == list(range(1, 13))
    assert re.fullmatch(r'video/mp4; codecs="avc1\.[0-9A-F]{6}"', init.mime)


def test_the_init_segment_is_live_and_has_the_size() -> None:
    init, _ = stream([50])
    ftyp, moov = boxes(init.segment)
    assert (ftyp.kind, moov.kind) == ("ftyp", "moov")
    tkhd = moov.find("trak", "tkhd").body
    assert tkhd[-8:] == (WIDTH << 16).to_bytes(4, "big") + (HEIGHT << 16).to_bytes(4, "big")
    assert moov.find("mvhd").body[16:20] == bytes(4), "a duration would make it a recording"
    assert [box.kind for box in moov.find("mvex").boxes()] == ["trex"]


def test_equal_streams_have_equal_inits() -> None:
    (one, _), (two, _) = stream([50]), stream([90])
    assert one == two
    assert one.segment == two.segment


@given(
    captures=st.lists(st.integers(0, 4_000_000_000_000_000), min_size=1, max_size=50),
    fps=st.integers(1, 120),
)
def test_the_timeline_has_no_gap_and_no_overlap_whatever_the_clock_does(
    captures: list[int], fps: int
) -> None:
    timeline = Timeline()
    end = 0
    for captured_us in captures:
        begin, duration = timeline.place(captured_us, fps)
        assert begin == end
        assert TIMESCALE // 1000 <= duration <= TIMESCALE
        end = begin + duration


@given(st.lists(st.integers(1_000, 1_000_000), min_size=1, max_size=100))
def test_the_timeline_follows_the_captures_one_frame_behind(steps: list[int]) -> None:
    timeline = Timeline()
    captured_us = START_US
    begin, first = timeline.place(captured_us, 30)
    assert (begin, first) == (0, 2999)
    for step in steps:
        captured_us += step
        begin, duration = timeline.place(captured_us, 30)
    elapsed = captured_us - START_US
    assert abs((begin + duration - 3000) - elapsed * 9 / 100) <= 2, "rounding must not add up"


def test_a_clock_beyond_2036_makes_no_fragment_fail() -> None:
    """NTP's seconds start again on 7 February 2036; a clock without a battery may wake anywhere."""
    in_2040_us = 2_208_988_800_000_000
    data = fragment(
        [b"picture"], sequence=1, decode=0, duration=1, keyframe=True, captured_us=in_2040_us
    )
    seconds = int.from_bytes(data[16:20], "big")
    assert seconds == (2_208_988_800 + 2_208_988_800) % 2**32


def test_a_fragment_says_that_its_time_is_the_captures_and_which_pictures_stand_alone() -> None:
    """ISO/IEC 14496-12: flags 24 of `prft` (8.16.5), and the sample flags (8.8.3.1)."""
    _, fragments = stream([50] * 3)
    assert [data[8:12] for data in fragments] == [b"\x01\x00\x00\x18"] * 3
    flags = []
    for data in fragments:
        moof = list(boxes(data))[1]
        flags.append(moof.find("traf", "trun").body[-4:])
    # 2: depends on no other; 1: depends on others, and 1 << 16: is not a sync sample.
    assert flags == [b"\x02\x00\x00\x00", *[b"\x01\x01\x00\x00"] * 2]
