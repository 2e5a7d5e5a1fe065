"""What the lamp looks like over time, as pure functions."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likelight.appreciation.effects import BASES, CROSSFADE_S, GLOW, HEART, Base, Scene
from likelight_hw.governor import without_saturated_red
from likelight_hw.ports import LightFrame

STEP = 0.02
AT = 1000.0


def levels(scene: Scene, seconds: float) -> list[float]:
    """Rise above the base, every 20 ms from `AT` on."""
    base = BASES[scene.base].level
    return [scene.frame(AT + i * STEP).level - base for i in range(round(seconds / STEP))]


def time_above(scene: Scene, lift: float) -> float:
    return sum(STEP for level in levels(scene, 20) if level >= lift)


@pytest.mark.parametrize("base", Base)
def test_a_like_crosses_within_40_ms_and_peaks_within_250(base: Base) -> None:
    rise = levels(Scene(base=base).with_likes(1, AT), 10)

    assert rise[0] == pytest.approx(0)
    assert rise[2] >= 0.1
    peak = rise.index(pytest.approx(max(rise), abs=1e-6)) * STEP
    assert 0.15 <= peak <= 0.25


@pytest.mark.parametrize("base", Base)
@pytest.mark.parametrize("count", [1, 12, 10_000, 10**9])
def test_every_gesture_returns_to_exactly_the_base(base: Base, count: int) -> None:
    resting = Scene(base=base)
    for scene in (
        resting.with_likes(count, AT),
        resting.with_welcome(count, AT),
        resting.with_note(AT),
        resting.with_thanks(AT),
        resting.with_note(AT).with_thanks(AT + 1).with_likes(count, AT + 2),
    ):
        assert scene.frame(AT + 0.5) != BASES[base]
        assert scene.frame(AT + 12) == BASES[base]
        assert scene.still_until(AT + 12) == math.inf


def test_more_likes_are_brighter_and_longer_but_never_faster() -> None:
    one, ten, many, flood = (Scene().with_likes(n, AT) for n in (1, 10, 10_000, 10**9))
    peaks = [max(levels(scene, 10)) for scene in (one, ten, many, flood)]
    lasting = [time_above(scene, 0.1) for scene in (one, ten, many)]

    assert peaks[0] < peaks[1] < peaks[2] <= peaks[3] < 1 - max(b.level for b in BASES.values())
    assert lasting[0] < lasting[1] < lasting[2] < 10
    # Each rises once and falls once.
    for scene in (one, ten, many, flood):
        rise = levels(scene, 12)
        top = rise.index(max(rise))
        assert rise[:top] == sorted(rise[:top])
        assert rise[top:] == sorted(rise[top:], reverse=True)


def test_likes_glow_and_notes_are_pink() -> None:
    assert Scene().with_likes(1, AT).frame(AT + 0.4).rgb == GLOW
    assert Scene().with_note(AT).frame(AT + 0.8).rgb == HEART


def test_a_welcome_is_one_long_slow_gesture() -> None:
    rise = levels(Scene().with_welcome(500, AT), 12)
    assert rise.index(max(rise)) * STEP > 1.0
    assert sum(STEP for level in rise if level > 0) > 9.0


def test_a_base_fades_to_the_next_and_back_from_the_middle() -> None:
    scene = Scene().with_base(Base.OFFLINE, AT)
    assert scene.frame(AT) == BASES[Base.QUIET]
    middle = scene.frame(AT + CROSSFADE_S / 2)
    assert middle.level == pytest.approx(0.13)
    assert scene.frame(AT + CROSSFADE_S) == BASES[Base.OFFLINE]

    back = scene.with_base(Base.ON_AIR, AT + CROSSFADE_S / 2)
    assert back.frame(AT + CROSSFADE_S / 2) == middle
    assert back.with_base(Base.ON_AIR, AT + 1) is back


gestures = st.one_of(
    st.tuples(st.just("likes"), st.integers(1, 20_000)),
    st.tuples(st.just("welcome"), st.integers(1, 20_000)),
    st.sampled_from([("note", 0), ("thanks", 0)]),
    st.tuples(st.just("base"), st.sampled_from(list(Base))),
)


def happen(scene: Scene, gesture: tuple[str, int | Base], at: float) -> Scene:
    match gesture:
        case "likes", int(count):
            return scene.with_likes(count, at)
        case "welcome", int(count):
            return scene.with_welcome(count, at)
        case "note", _:
            return scene.with_note(at)
        case "thanks", _:
            return scene.with_thanks(at)
        case _, Base() as base:
            return scene.with_base(base, at)
    raise AssertionError(gesture)


histories = st.lists(st.tuples(st.floats(0, 4), gestures), max_size=8)


def after(history: list[tuple[float, tuple[str, int | Base]]]) -> tuple[Scene, float]:
    scene, at = Scene(), AT
    for wait, gesture in history:
        at += wait
        scene = happen(scene, gesture, at)
    return scene, at


@settings(max_examples=200, deadline=None)
@given(histories, st.floats(0, 4), st.integers(1, 20_000))
def test_a_like_never_takes_light_away(
    history: list[tuple[float, tuple[str, int | Base]]], wait: float, count: int
) -> None:
    scene, at = after(history)
    at += wait
    more = scene.with_likes(count, at)
    for i in range(500):
        # Half of what an eye can tell apart, 1 L*.
        assert more.frame(at + i * STEP).level >= scene.frame(at + i * STEP).level - 0.005


@settings(max_examples=200, deadline=None)
@given(histories, st.floats(0, 4), gestures)
def test_nothing_jumps(
    history: list[tuple[float, tuple[str, int | Base]]], wait: float, gesture: tuple[str, int]
) -> None:
    scene, at = after(history)
    at += wait
    before, now = scene.frame(at), happen(scene, gesture, at).frame(at)
    assert now.level == pytest.approx(before.level)
    assert max(abs(a - b) for a, b in zip(now.rgb, before.rgb, strict=True)) <= 2


@settings(max_examples=200, deadline=None)
@given(histories)
def test_stillness_is_foretold(history: list[tuple[float, tuple[str, int | Base]]]) -> None:
    scene, at = after(history)
    for here, there in itertools.pairwise(at + i * STEP for i in range(700)):
        if scene.still_until(here) >= there:
            assert scene.frame(here) == scene.frame(there)
    assert scene.still_until(at + 14) == math.inf
    assert scene.frame(at + 14) == BASES[scene.base]


@settings(max_examples=100, deadline=None)
@given(histories)
def test_every_frame_is_one_that_the_governor_shows_as_it_is(
    history: list[tuple[float, tuple[str, int | Base]]],
) -> None:
    scene, at = after(history)
    for i in range(0, 700, 5):
        frame: LightFrame = scene.frame(at + i * STEP)
        assert 0 <= frame.level <= 1
        assert without_saturated_red(frame.rgb) == frame.rgb
