"""The segmenter under all kinds of cameras: whatever comes in, the playlist keeps the rules."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likelight.feed.annexb import parse
from likelight.feed.fmp4 import TIMESCALE, Init
from likelight.feed.hls.playlist import media_playlist
from likelight.feed.hls.segmenter import SLIDE_PART_TARGET, Segmenter
from likelight.feed.hls.segments import KEPT, LONGEST_SEGMENT, WINDOW
from likelight.feed.ring import Fragment, StreamHeader
from support.hls_validator import Playlist, check_alone, check_successor, read_playlist
from support.pictures import CAMERA_SHADE, HEIGHT, WIDTH, one_keyframe

SETS, _ = parse(one_keyframe(CAMERA_SHADE))
assert SETS is not None
INIT = Init(SETS, WIDTH, HEIGHT, 30)


class Source:
    """Makes fragments of one byte each, on one timeline, by a wall clock that may be set.

    Each lasts as long as it was waited for, as on the hub's timeline.
    """

    def __init__(self) -> None:
        self.sequence = self.decode = 0
        self.clock_us = 1_790_000_000_000_000

    def fragment(
        self, seconds: float, *, keyframe: bool, init: Init = INIT, payload: bytes = b"x"
    ) -> Fragment:
        ticks = round(seconds * TIMESCALE)
        made = Fragment(
            self.sequence,
            self.decode,
            ticks,
            keyframe,
            self.clock_us + (self.decode + ticks) * 1_000_000 // TIMESCALE,
            init,
            payload,
            StreamHeader(b""),
            b"",
        )
        self.sequence, self.decode = self.sequence + 1, self.decode + ticks
        return made


def listed(segmenter: Segmenter) -> Playlist:
    return read_playlist(media_playlist(segmenter.window).plain.decode(), "http://x/")


def roll(segmenter: Segmenter, source: Source, seconds: int, fps: float, gop: int) -> None:
    for number in range(round(seconds * fps)):
        segmenter.add(source.fragment(1 / fps, keyframe=number % gop == 0))


def test_at_the_usual_rates_segments_last_2_s_and_every_keyframe_begins_a_part() -> None:
    for fps in (10, 15, 20, 24, 25, 30, 50, 60):
        segmenter = Segmenter()
        roll(segmenter, Source(), 9, fps, fps)
        playlist = listed(segmenter)
        assert {segment.duration for segment in playlist.segments if segment.uri} == {2.0}
        parts = [part.independent for part in playlist.segments[-2].parts]
        assert parts == [True, False] * 2, fps


def test_five_pictures_a_second_are_one_part_and_each_begins_with_a_keyframe() -> None:
    segmenter = Segmenter(SLIDE_PART_TARGET)
    roll(segmenter, Source(), 12, 5, 5)
    playlist = listed(segmenter)
    check_alone(playlist)
    assert {segment.duration for segment in playlist.segments if segment.uri} == {2.0}
    assert [part.independent for part in playlist.segments[-2].parts] == [True, True]


def test_memory_is_bounded_by_the_window() -> None:
    segmenter = Segmenter()
    roll(segmenter, Source(), 100, 30, 30)
    playlist = listed(segmenter)
    assert WINDOW <= playlist.duration * TIMESCALE < WINDOW + LONGEST_SEGMENT
    kept = [number for number in range(60) if segmenter.window.segment(number)]
    assert kept == list(range(kept[0], playlist.segments[-1].number + 1))
    assert len(kept) <= KEPT / TIMESCALE / 2 + 2


@pytest.mark.parametrize("size", [100_000, 2_000_000])
def test_memory_is_bounded_also_where_capture_times_stand_still(size: int) -> None:
    """The timeline then makes each frame last 1 ms, its shortest: the window is 23,000 frames."""
    segmenter, source, payload = Segmenter(), Source(), b"x" * size
    for number in range(400_000_000 // size):
        segmenter.add(source.fragment(0.001, keyframe=number % 30 == 0, payload=payload))
    kept = [segment for number in range(400) if (segment := segmenter.window.segment(number))]
    assert max(len(part.body) for segment in kept for part in segment.parts) <= 4 * 1024 * 1024
    assert sum(segment.size for segment in kept) <= 72 * 1024 * 1024
    check_alone(listed(segmenter))


@pytest.mark.parametrize("step_s", [1.0, -1.0, 3600.0, -3600.0, 0.3])
def test_a_clock_that_is_set_is_a_discontinuity_at_the_next_keyframe(step_s: float) -> None:
    segmenter, source = Segmenter(), Source()
    roll(segmenter, source, 5, 30, 30)
    source.clock_us += round(step_s * 1_000_000)
    roll(segmenter, source, 3, 30, 30)
    playlist = listed(segmenter)
    check_alone(playlist)
    assert [segment.duration for segment in playlist.segments[:3]] == [2.0, 2.0, 1.0]
    assert [segment.discontinuity for segment in playlist.segments] == [
        *[False] * 3,
        True,
        False,
    ]
    gap = playlist.segments[3].date_time - playlist.segments[2].date_time
    assert gap.total_seconds() == pytest.approx(1.0 + step_s, abs=0.002)


def test_a_clock_that_is_drawn_a_little_is_none() -> None:
    segmenter, source = Segmenter(), Source()
    roll(segmenter, source, 4, 30, 30)
    source.clock_us += 200_000
    roll(segmenter, source, 4, 30, 30)
    playlist = listed(segmenter)
    check_alone(playlist)
    assert not any(segment.discontinuity for segment in playlist.segments)
    assert {segment.duration for segment in playlist.segments if segment.uri} == {2.0}


def test_frames_that_jitter_make_no_discontinuity_and_dates_without_a_seam() -> None:
    segmenter, source, rng = Segmenter(), Source(), random.Random(3)
    for number in range(900):
        late = rng.random() < 0.03
        seconds = rng.uniform(0.3, 0.5) if late else rng.uniform(0.001, 0.06)
        segmenter.add(source.fragment(seconds, keyframe=number % 30 == 0))
        if number % 30 == 0 and segmenter.window.newest:
            check_alone(listed(segmenter))
    assert not any(segment.discontinuity for segment in listed(segmenter).segments)


def test_dates_are_those_of_the_captures_also_after_a_pause_before_the_first() -> None:
    segmenter, source = Segmenter(), Source()
    segmenter.add(source.fragment(0.4, keyframe=True))
    for number in range(1, 150):
        segmenter.add(source.fragment(1 / 30, keyframe=number % 30 == 0))
    segment = segmenter.window.listed[2]
    index = round((segment.began_us - source.clock_us - 400_000) * 30 / 1_000_000)
    captured_us = source.clock_us + 400_000 + index * 1_000_000 / 30
    assert segment.began_us == pytest.approx(captured_us, abs=1000)
    assert index % 30 == 0, "a keyframe"


frames = st.tuples(
    st.one_of(st.floats(0.001, 0.12), st.floats(0.2, 0.3), st.floats(0.3, 1.0)), st.booleans()
)
runs = st.tuples(st.floats(0.01, 0.3), st.integers(1, 40), st.integers(1, 40), st.booleans())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(frames, runs), min_size=5, max_size=15))
def test_every_playlist_is_legal_and_follows_from_the_one_before(
    script: list[tuple[float, bool] | tuple[float, int, int, bool]],
) -> None:
    segmenter, source = Segmenter(), Source()
    init, old = INIT, None
    for step in script:
        if len(step) == 2:
            fragments = [(step[0], step[1], init)]
        else:
            seconds, gop, count, other = step
            if other:
                init = Init(INIT.sets, WIDTH, HEIGHT, init.fps + 1)
            fragments = [(seconds, number % gop == 0, init) for number in range(count)]
        for lasts, keyframe, of in fragments:
            if segmenter.add(source.fragment(lasts, keyframe=keyframe, init=of)):
                new = listed(segmenter)
                check_alone(new)
                if old is not None:
                    check_successor(old, new)
                old = new
