"""Limits, bands and cursors: the small exact parts of the cloud."""

import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likelight_cloud.kitchens.audience import Audience, band
from likelight_cloud.kitchens.cursor import CursorError, Cursors, Position
from likelight_cloud.trust.limits import LikeBucket, NoteTimes, PerViewer
from likelight_cloud.trust.viewer import ViewerTokens
from support.cloud import NOON


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 20)), max_size=60))
def test_no_viewer_gets_more_than_five_a_second_and_a_burst(taps: list[tuple[float, int]]) -> None:
    bucket, at, taken = LikeBucket(0.0), 0.0, 0
    for pause, n in taps:
        at += pause
        got, wait_s = bucket.take(n, at)
        taken += got
        assert 0 <= got <= n
        assert (wait_s > 0) == (got < n)
        assert taken <= 20 + 5 * at + 1e-6


def test_the_promised_wait_is_enough_for_one_like() -> None:
    bucket = LikeBucket(0.0)
    bucket.take(20, 0.0)
    refused, wait_s = bucket.take(1, 0.0)
    assert refused == 0
    assert wait_s == pytest.approx(0.2)
    assert bucket.take(1, wait_s + 1e-9)[0] == 1


def test_a_rest_of_any_length_saves_up_no_more_than_a_burst() -> None:
    for rest in (4, 60, 24 * 3600):
        bucket = LikeBucket(0.0)
        bucket.take(20, 0.0)
        assert bucket.take(20, rest)[0] == 20
        assert bucket.take(20, rest)[0] == 0


def test_a_note_waits_until_twenty_seconds_after_the_last() -> None:
    times = NoteTimes(0.0)
    assert times.wait(100.0) == 0
    times.take(100.0)
    assert [times.wait(at) for at in (100.0, 119.5, 120.0)] == [20, 0.5, 0]


def test_a_note_per_twenty_seconds_and_ten_a_day() -> None:
    times, at, taken = NoteTimes(0.0), 0.0, 0
    while at < 24 * 3600:
        if times.wait(at) == 0:
            times.take(at)
            taken += 1
        at += 5
    assert taken == 10
    assert times.wait(at) == 0


def test_of_fifty_thousand_viewers_the_longest_unseen_is_forgotten_first() -> None:
    buckets = PerViewer(LikeBucket)
    first, second = buckets.of("a", "k", 0.0), buckets.of("b", "k", 0.0)
    for n in range(49_998):
        buckets.of(f"viewer-{n}", "k", 0.0)
    assert buckets.of("a", "k", 1.0) is first
    assert buckets.of("a", "other", 1.0) is not first
    assert buckets.of("a", "k", 1.0) is first
    assert buckets.of("b", "k", 1.0) is not second


def test_of_a_hundred_thousand_views_the_longest_unheard_is_forgotten_first() -> None:
    views = Audience()
    for n in range(100_000):
        views.report(f"view-{n}", 0.0)
    views.report("view-0", 1.0)
    assert views.count(1.0) == 100_000
    views.report("one-more-view", 2.0)
    assert views.count(2.0) == 100_000
    assert views.count(40.5) == 2


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, None),
        (2, None),
        (3, "3-9"),
        (9, "3-9"),
        (10, "10-29"),
        (29, "10-29"),
        (30, "30-49"),
        (50, "50-99"),
        (99, "50-99"),
        (100, "100-299"),
        (450, "300-499"),
        (999, "500-999"),
        (1000, "1000-2999"),
    ],
)
def test_bands(count: int, shown: str | None) -> None:
    assert band(count) == shown


@given(st.integers(3, 10**7))
def test_every_count_lies_in_its_band(count: int) -> None:
    low, high = map(int, str(band(count)).split("-"))
    assert low <= count <= high
    assert band(low) == band(high) == band(count)


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 5)), max_size=40))
def test_views_count_until_forty_seconds_after_the_last_word(
    heard: list[tuple[float, int]],
) -> None:
    views, at, last = Audience(), 0.0, dict[str, float]()
    for pause, view in heard:
        at += pause
        views.report(f"view-{view}", at)
        last[f"view-{view}"] = at
        assert views.count(at) == sum(moment + 40 > at for moment in last.values())
    end = views.next_end()
    assert end is None or end > at


positions = st.builds(
    Position,
    epoch=st.text("abcXYZ019-_", min_size=4, max_size=4),
    seq=st.integers(0, 2**32 - 1),
    total=st.integers(0, 2**63),
    revision=st.integers(0, 2**63),
    note=st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ_-", max_size=8),
    likes_ms=st.integers(0, 2**63),
    watching=st.booleans(),
)
kids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)


@given(kids, positions)
def test_a_cursor_comes_back_as_it_went_and_is_short(kid: str, position: Position) -> None:
    cursors = Cursors(b"secret")
    cursor = cursors.write(kid, position)
    assert cursors.read(kid, cursor) == position
    assert len(cursor) < 128
    with pytest.raises(CursorError):
        Cursors(b"another secret").read(kid, cursor)
    with pytest.raises(CursorError):
        cursors.read(kid + "x", cursor)


def test_a_cursor_ends_in_a_mac_of_ten_bytes() -> None:
    cursors = Cursors(b"secret")
    cursor = cursors.write("demo", Position("k7Qe", seq=41, total=912345))
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    # Version, flags, a number of 4 bytes and three of 8, the end of a note's id, epoch and kitchen,
    # then the MAC.
    assert len(raw) == 2 + 4 + 3 * 8 + 8 + len("k7Qe") + len("demo") + 10
    for place in range(1, 11):
        raw[-place] ^= 1
        with pytest.raises(CursorError):
            cursors.read("demo", base64.urlsafe_b64encode(raw).rstrip(b"=").decode())
        raw[-place] ^= 1


@given(st.text(max_size=130))
def test_no_text_is_mistaken_for_a_cursor_or_a_token(text: str) -> None:
    with pytest.raises(CursorError):
        Cursors(b"secret").read("demo", text)
    assert not ViewerTokens(b"secret").valid(text, NOON)


def test_a_viewers_token_lives_for_a_day_and_says_nothing() -> None:
    tokens = ViewerTokens(b"secret")
    token = tokens.mint(NOON)
    assert tokens.valid(token, NOON + timedelta(hours=24, seconds=-1))
    assert not tokens.valid(token, NOON + timedelta(hours=24))
    assert len(base64.urlsafe_b64decode(token.rpartition(".")[2] + "==")) == 16
    assert not ViewerTokens(b"another secret").valid(token, NOON)
    assert len({tokens.mint(NOON) for _ in range(100)}) == 100
