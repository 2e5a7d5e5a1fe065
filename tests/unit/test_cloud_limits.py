"""Limits, bands and cursors: the small exact parts of the cloud."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likelight.contract import MAX_CURSOR
from likelight_cloud.cursor import CursorError, Cursors, Position
from likelight_cloud.demand import Views, band
from likelight_cloud.trust import limits
from likelight_cloud.trust.limits import LikeBucket, NoteDiary, PerViewer
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


def test_a_note_per_twenty_seconds_and_ten_a_day() -> None:
    diary, at, taken = NoteDiary(0.0), 0.0, 0
    while at < 24 * 3600:
        if diary.wait(at) == 0:
            diary.take(at)
            taken += 1
        at += 5
    assert taken == 10
    assert diary.wait(at) == 0


def test_the_longest_unseen_viewer_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_VIEWERS", 2)
    buckets = PerViewer(LikeBucket)
    first = buckets.of("a", "k", 0.0)
    buckets.of("b", "k", 0.0)
    assert buckets.of("a", "k", 1.0) is first
    buckets.of("c", "k", 0.0)
    assert buckets.of("a", "k", 1.0) is first
    assert buckets.of("a", "other", 1.0) is not first


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
    views, at, last = Views(), 0.0, dict[str, float]()
    for pause, view in heard:
        at += pause
        views.hear(f"view-{view}", at)
        last[f"view-{view}"] = at
        assert views.count(at) == sum(moment + 40 > at for moment in last.values())
    end = views.next_end()
    assert end is None or end > at


positions = st.builds(
    Position,
    epoch=st.text("abcXYZ019-_", min_size=4, max_size=4),
    seq=st.integers(0, 2**63),
    total=st.integers(0, 2**63),
    likes_ms=st.integers(0, 2**63),
    watching=st.booleans(),
)
kids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)


@given(kids, positions)
def test_a_cursor_comes_back_as_it_went_and_is_short(kid: str, position: Position) -> None:
    cursors = Cursors(b"secret")
    cursor = cursors.write(kid, position)
    assert cursors.read(kid, cursor) == position
    assert len(cursor) < MAX_CURSOR
    with pytest.raises(CursorError):
        Cursors(b"another secret").read(kid, cursor)
    with pytest.raises(CursorError):
        cursors.read(kid + "x", cursor)


@given(st.text(max_size=130))
def test_no_text_is_mistaken_for_a_cursor_or_a_token(text: str) -> None:
    with pytest.raises(CursorError):
        Cursors(b"secret").read("demo", text)
    assert not ViewerTokens(b"secret").valid(text, NOON)


def test_a_viewers_token_lives_for_a_day_and_says_nothing() -> None:
    tokens = ViewerTokens(b"secret")
    token = tokens.mint(NOON)
    assert tokens.valid(token, NOON + timedelta(hours=23))
    assert not tokens.valid(token, NOON + timedelta(hours=25))
    assert not ViewerTokens(b"another secret").valid(token, NOON)
    assert len({tokens.mint(NOON) for _ in range(100)}) == 100
