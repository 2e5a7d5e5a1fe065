"""The ring: a viewer is an index, and what it is served is never late."""

from hypothesis import given
from hypothesis import strategies as st

from likelight.feed.annexb import ParameterSets
from likelight.feed.fmp4 import TIMESCALE, Init
from likelight.feed.ring import MAX_BEHIND, NOWHERE, Fragment, Ring, StreamHeader

FRAME = TIMESCALE // 30
INIT = Init(ParameterSets(b"\x67\x42\xc0\x1f", b"\x68"), 1280, 720, 30)
HEADER = StreamHeader(b"")


def fill(ring: Ring, kinds: str) -> None:
    """Append one fragment a letter: K is a keyframe, d a delta."""
    for kind in kinds:
        number = ring.end
        ring.append(fragment(number, keyframe=kind == "K", framed=b"x" * 100))


def fragment(number: int, *, keyframe: bool, framed: bytes) -> Fragment:
    return Fragment(number, number * FRAME, FRAME, keyframe, 0, INIT, framed, HEADER, framed)


def numbers(ring: Ring, cursor: int) -> list[int]:
    return [fragment.sequence for fragment in ring.missing(cursor)]


def test_a_joiner_gets_all_since_the_newest_keyframe() -> None:
    ring = Ring()
    fill(ring, "Kdddddd" * 5 + "Kdd")
    assert [fragment.sequence for fragment in ring.since_keyframe()] == [35, 36, 37]


def test_memory_is_bounded_also_where_capture_times_stand_still() -> None:
    ring, framed = Ring(), b"x" * 2_000_000
    for number in range(300):
        ring.append(Fragment(number, number, 1, True, 0, INIT, framed, HEADER, framed))
        assert len(ring.since_keyframe()) == 1
        assert 2_000_000 * len(ring.missing(max(0, number - 200))) <= 12 * 1024 * 1024
    assert 2_000_000 * len(ring._fragments) <= 12 * 1024 * 1024


def test_an_empty_ring_has_nothing_for_anybody() -> None:
    ring = Ring()
    assert list(ring.since_keyframe()) == []
    assert numbers(ring, NOWHERE) == []
    assert numbers(ring, ring.end) == []


def test_who_lags_a_little_misses_nothing_even_over_a_keyframe() -> None:
    ring = Ring()
    fill(ring, "K" + "d" * 29 + "Kdd")
    assert numbers(ring, 26) == list(range(26, 33))


def test_three_tenths_of_a_second_behind_live_is_the_most_that_anybody_is_served() -> None:
    ring = Ring()
    fill(ring, "K" + "d" * 29 + "Kdd")
    newest = ring.end - 1
    assert numbers(ring, newest - 9) == list(range(newest - 9, newest + 1)), "9 frames are 0.3 s"
    assert numbers(ring, newest - 10) == [30, 31, 32]
    fill(ring, "d" * 7)
    assert numbers(ring, 20) == list(range(30, 40)), "a keyframe of 0.3 s ago may be jumped to"
    fill(ring, "d")
    assert numbers(ring, 20) == []


def test_who_lags_too_far_jumps_to_a_new_keyframe() -> None:
    ring = Ring()
    fill(ring, "K" + "d" * 29 + "Kdd")
    assert numbers(ring, 15) == [30, 31, 32]


def test_who_lags_too_far_waits_when_the_keyframe_is_old_too() -> None:
    ring = Ring()
    fill(ring, "K" + "d" * 29)
    assert numbers(ring, 10) == []
    fill(ring, "K")
    assert numbers(ring, 10) == [30]


def test_who_has_nothing_begins_at_a_keyframe() -> None:
    ring = Ring()
    fill(ring, "dddd")
    assert numbers(ring, NOWHERE) == []
    fill(ring, "Kd")
    assert numbers(ring, NOWHERE) == [4, 5]


def test_forgetting_leaves_nothing_and_the_count_goes_on() -> None:
    ring = Ring()
    fill(ring, "Kddd")
    ring.clear()
    assert list(ring.since_keyframe()) == []
    assert numbers(ring, 2) == []
    fill(ring, "K")
    assert numbers(ring, 2) == [4]
    assert numbers(ring, 4) == [4]


def test_a_stream_without_keyframes_does_not_fill_the_memory() -> None:
    ring = Ring()
    held = 0
    for number in range(100):
        ring.append(fragment(number, keyframe=number == 0, framed=bytes(1 << 20)))
        held = max(held, len(ring.missing(0)), len(ring.since_keyframe()))
    assert held <= 10
    assert numbers(ring, 99) == [99], "who is up to date is still served"


@given(kinds=st.text("Kddddddd", max_size=200), cursor=st.integers(NOWHERE, 200))
def test_what_a_viewer_is_served_is_fresh_whole_and_decodable(kinds: str, cursor: int) -> None:
    ring = Ring()
    fill(ring, kinds)
    served = ring.missing(cursor)
    if not served:
        return
    first = served[0]
    assert first.keyframe or first.sequence == cursor, "only a keyframe may be jumped to"
    assert first.sequence >= cursor, "nothing is sent twice"
    assert [f.sequence for f in served] == list(range(first.sequence, ring.end))
    assert served[-1].decode - first.decode <= MAX_BEHIND
