"""What the lamp looks like over time, as pure functions."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likelight.appreciation.lamp.effects import (
    BASES,
    EFFECTS,
    FAINTEST_DIM,
    FELT,
    LONGEST_S,
    MILESTONE,
    NOTE,
    THANKS,
    Base,
    UnknownEffect,
    effect,
    milestone,
)
from likelight.appreciation.lamp.palette import BRAND, Alarming, brand
from likelight.appreciation.lamp.scene import CROSSFADE_S, Scene
from likelight_hw.lamps.governor import without_saturated_red
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
        resting.with_effect(NOTE, AT),
        resting.with_effect(THANKS, AT),
        resting.with_effect(NOTE, AT).with_effect(THANKS, AT + 1).with_likes(count, AT + 2),
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
    assert Scene().with_likes(1, AT).frame(AT + 0.4).rgb == BRAND.glow
    assert Scene().with_effect(NOTE, AT).frame(AT + 0.8).rgb == BRAND.heart


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


Event = tuple[str, int | float | str]

gestures = st.one_of(
    st.tuples(st.just("likes"), st.integers(1, 20_000)),
    st.tuples(st.just("welcome"), st.integers(1, 20_000)),
    st.tuples(st.just("effect"), st.sampled_from(sorted(EFFECTS))),
    st.tuples(st.just("base"), st.sampled_from(list(Base))),
    st.tuples(st.just("dim"), st.one_of(st.just(1.0), st.floats(FAINTEST_DIM, 1.0))),
    st.just(("silence", 0)),
)


def happen(scene: Scene, gesture: Event, at: float) -> Scene:
    match gesture:
        case "likes", int(count):
            return scene.with_likes(count, at)
        case "welcome", int(count):
            return scene.with_welcome(count, at)
        case "dim", float(share):
            return scene.with_dim(share, at)
        case "silence", _:
            return scene.silenced(at)
        case "effect", str(name):
            return scene.with_effect(effect(name), at)
        case _, Base() as base:
            return scene.with_base(base, at)
    raise AssertionError(gesture)


histories = st.lists(st.tuples(st.floats(0, 4), gestures), max_size=8)


def after(history: list[tuple[float, Event]]) -> tuple[Scene, float]:
    scene, at = Scene(), AT
    for wait, gesture in history:
        at += wait
        scene = happen(scene, gesture, at)
    return scene, at


@settings(max_examples=100, deadline=None)
@given(histories, st.floats(0, 4), st.integers(1, 20_000))
def test_a_like_never_takes_light_away(
    history: list[tuple[float, Event]], wait: float, count: int
) -> None:
    scene, at = after(history)
    at += wait
    more = scene.with_likes(count, at)
    for i in range(0, 500, 3):
        # Half of what an eye can tell apart, 1 L*.
        assert more.frame(at + i * STEP).level >= scene.frame(at + i * STEP).level - 0.005


@settings(max_examples=100, deadline=None)
@given(histories, st.floats(0, 4), gestures)
def test_nothing_jumps(history: list[tuple[float, Event]], wait: float, gesture: Event) -> None:
    scene, at = after(history)
    at += wait
    before, now = scene.frame(at), happen(scene, gesture, at).frame(at)
    assert now.level == pytest.approx(before.level)
    assert max(abs(a - b) for a, b in zip(now.rgb, before.rgb, strict=True)) <= 2


@settings(max_examples=100, deadline=None)
@given(histories)
def test_stillness_is_foretold(history: list[tuple[float, Event]]) -> None:
    scene, at = after(history)
    for here, there in itertools.pairwise(at + i * STEP for i in range(700)):
        if scene.still_until(here) >= there:
            assert scene.frame(here) == scene.frame(there)
    assert scene.still_until(at + 14) == math.inf
    assert scene.frame(at + 14) == scene.base_frame(at + 14)
    assert scene.base_frame(at + 14).level == (BASES[scene.base].level if scene.dim == 1 else 0)


@settings(max_examples=100, deadline=None)
@given(histories)
def test_every_frame_is_one_that_the_governor_shows_as_it_is(
    history: list[tuple[float, Event]],
) -> None:
    scene, at = after(history)
    for i in range(0, 700, 5):
        frame: LightFrame = scene.frame(at + i * STEP)
        assert 0 <= frame.level <= 1
        assert without_saturated_red(frame.rgb) == frame.rgb


def test_every_effect_moves_for_ten_seconds_at_most_and_ends_at_the_base() -> None:
    for shown in EFFECTS.values():
        assert shown.seconds <= 10
        scene = Scene().with_effect(shown, AT)
        assert scene.frame(AT) == BASES[Base.QUIET]
        assert max(levels(scene, 10)) >= 0.15
        assert scene.frame(AT + 10) == BASES[Base.QUIET]
        assert scene.still_until(AT + 10) == math.inf


def test_gestures_differ_without_colour_too() -> None:
    """A lamp of one channel tells them by their shape: how many swells, how high, how long."""

    def shape(name: str) -> tuple[int, float, float]:
        rise = levels(Scene().with_effect(effect(name), AT), 12)
        tops = [
            b for a, b, c in zip(rise, rise[1:], rise[2:], strict=False) if a < b >= c or a == b > c
        ]
        swells = sum(1 for a, b in itertools.pairwise(itertools.groupby(rise)) if b[0] < a[0])
        assert tops
        return swells, round(max(rise), 1), round(sum(STEP for lift in rise if lift > 0.01))

    shapes = {name: shape(name) for name in EFFECTS}
    assert len(set(shapes.values())) == len(shapes), shapes


def test_a_press_is_felt_in_the_second_frame_by_day_and_by_night() -> None:
    for scene in (Scene(base=base, dim=dim) for base in Base for dim in (1.0, FAINTEST_DIM)):
        pressed = scene.with_effect(FELT, AT)
        before, after = pressed.frame(AT).level, pressed.frame(AT + 2 * STEP).level
        assert 0.1 <= after - before <= 0.2


def test_by_night_the_base_is_dark_and_gestures_are_dim() -> None:
    night = Scene().with_dim(0.5, AT - 5)
    assert night.frame(AT).level == 0
    liked = night.with_likes(1, AT)
    assert liked.frame(AT + 0.4).level == pytest.approx(0.42 / 2)
    assert liked.frame(AT + 0.4).rgb == BRAND.glow
    assert liked.frame(AT + LONGEST_S).level == 0
    morning = liked.with_dim(1.0, AT + LONGEST_S)
    assert morning.frame(AT + 2 * LONGEST_S) == BASES[Base.QUIET]
    assert Scene(dim=FAINTEST_DIM).with_likes(1, AT).frame(AT + 0.4).level > 0.1


@pytest.mark.parametrize(
    ("before", "total", "reached"),
    [
        (0, 99, None),
        (99, 100, 100),
        (100, 101, None),
        (0, 100, 100),
        (98, 1_500, 1_000),
        (999, 1_000, 1_000),
        (1_000, 9_999, None),
        (999_999, 1_000_000, 1_000_000),
        (10, 20, None),
        (5, 0, None),
    ],
)
def test_milestones(before: int, total: int, reached: int | None) -> None:
    assert milestone(before, total) == reached


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=30))
def test_each_milestone_once_however_the_likes_come(deltas: list[int]) -> None:
    totals = list(itertools.accumulate(deltas, initial=0))
    reached = [milestone(a, b) for a, b in itertools.pairwise(totals)]
    celebrated = [one for one in reached if one]
    assert celebrated == sorted(set(celebrated))
    highest = milestone(0, totals[-1])
    assert (celebrated[-1] if celebrated else None) == highest


def test_a_milestone_is_seen_over_the_glow_that_reached_it() -> None:
    plain = Scene().with_likes(1, AT)
    special = plain.with_effect(MILESTONE, AT)
    assert max(levels(special, 10)) > max(levels(plain, 10)) + 0.2
    assert special.frame(AT + 2.6).rgb == BRAND.heart


def test_an_unknown_effect_is_reported_with_those_that_exist() -> None:
    with pytest.raises(UnknownEffect, match="no effect strobe; there is: like, likes, note, mile"):
        effect("strobe")


def test_silence_fades_and_forgets_what_is_still_to_come() -> None:
    scene = Scene().with_likes(5, AT).with_effect(NOTE, AT + 5)
    quiet = scene.silenced(AT + 1)
    assert quiet.frame(AT + 1).level == pytest.approx(scene.frame(AT + 1).level)
    assert quiet.frame(AT + 1 + CROSSFADE_S) == BASES[Base.QUIET]
    assert quiet.still_until(AT + 2) == math.inf


@pytest.mark.parametrize("colour", ["#FF0000", "#E31837", "#FFBF00", "#F76707", "#7A2800"])
def test_a_brand_in_red_or_amber_is_refused_with_a_reason(colour: str) -> None:
    with pytest.raises(Alarming, match=r"fire or a fryer.*paler one, such as (#\w{6})") as refused:
        brand(glow="#FFD9A0", heart=colour)
    paler = str(refused.value).partition("such as ")[2][:7]
    assert brand(glow="#FFD9A0", heart=paler)
    with pytest.raises(Alarming):
        brand(glow=colour, heart="#C2255C")


@pytest.mark.parametrize("colour", ["C2255C", "#C2255", "#GG0000", "red", "", "#000000"])
def test_what_is_not_a_colour_is_reported(colour: str) -> None:
    with pytest.raises(ValueError, match=r"not a colour|black"):
        brand(glow=colour, heart="#C2255C")


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(0, 255)] * 6))
def test_any_brand_is_refused_or_safe_in_every_frame(channels: tuple[int, ...]) -> None:
    glow, heart = (f"#{bytes(three).hex()}" for three in (channels[:3], channels[3:]))
    try:
        palette = brand(glow=glow, heart=heart)
    except ValueError:
        return
    scene = Scene(palette=palette).with_effect(MILESTONE, AT).with_effect(NOTE, AT + 1)
    for i in range(0, 520, 13):
        rgb = scene.frame(AT + i * STEP).rgb
        assert without_saturated_red(rgb) == rgb
