"""From what a device sees to the one thing that must be mended first, and to words and light."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likelight.appreciation.lamp.effects import BASES, Base
from likelight.appreciation.lamp.patterns import PATTERNS
from likelight.appreciation.lamp.scene import CROSSFADE_S, Scene
from likelight.appreciation.obstacle import Obstacle
from likelight.appreciation.panel.headline import headline
from likelight.appreciation.panel.obstacle_screen import sentence
from likelight.appreciation.panel.situation import Situation
from likelight.appreciation.screens.models import PairingScreen, StatusScreen
from likelight.appreciation.sync.client import FailureKind
from likelight.appreciation.sync.connection import CloudConnection
from likelight.appreciation.sync.diagnosis import Observed, diagnose
from likelight.assets import crew_words
from likelight.contract import State
from likelight.runtime.network_manager import Link
from likelight.runtime.troubles import Trouble

ORDER = tuple(Obstacle)
NEW = Situation(
    CloudConnection.STARTING,
    State.IDLE,
    likes_today=0,
    has_worked=False,
    troubles=(Trouble.NOT_PAIRED,),
)
links = st.none() | st.sampled_from(Link)
failures = st.none() | st.sampled_from(FailureKind)
codes = st.none() | st.sampled_from([Obstacle.CODE_USED, Obstacle.CODE_VOID])


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (Observed(), None),
        (Observed(Link.UP), None),
        (Observed(Link.JOINING, FailureKind.NETWORK), Obstacle.NO_ANSWER),
        (Observed(Link.WIFI_REFUSED, FailureKind.NETWORK), Obstacle.WIFI_REFUSED),
        (Observed(Link.WIFI_REFUSED, FailureKind.NAME_SERVER), Obstacle.WIFI_REFUSED),
        (Observed(Link.WIFI_UNSEEN), Obstacle.WIFI_UNSEEN),
        (Observed(Link.WIFI_OFF), Obstacle.WIFI_OFF),
        (Observed(Link.NOTHING), Obstacle.NO_LINK),
        (Observed(Link.NO_ADDRESS), Obstacle.NO_ADDRESS),
        (Observed(Link.UP, FailureKind.NAME_SERVER), Obstacle.NO_NAME),
        (Observed(None, FailureKind.NAME_SERVER), Obstacle.NO_ANSWER),
        (Observed(Link.UP, FailureKind.DNS), Obstacle.NO_NAME),
        (Observed(Link.UP, FailureKind.CLOCK), Obstacle.WRONG_TIME),
        (Observed(Link.LOG_IN, FailureKind.CERTIFICATE), Obstacle.NOT_SECURE),
        (Observed(Link.LOG_IN, FailureKind.NETWORK), Obstacle.LOG_IN),
        (Observed(Link.UP, FailureKind.INTERCEPTED), Obstacle.LOG_IN),
        (Observed(Link.UP, FailureKind.CERTIFICATE), Obstacle.NOT_SECURE),
        (Observed(Link.UP, FailureKind.CLOUD), Obstacle.NO_ANSWER),
        (Observed(Link.UP, FailureKind.SETTINGS), None),
        (Observed(Link.UP, None, Obstacle.CODE_VOID, True), Obstacle.CODE_VOID),
        (Observed(waits_for_operator=True), Obstacle.NOT_CLAIMED),
    ],
)
def test_each_failure_is_told_apart(seen: Observed, told: Obstacle | None) -> None:
    assert diagnose(seen) is told


@given(links, failures, codes, st.booleans())
def test_what_is_told_comes_before_all_else_that_was_seen(
    link: Link | None, failure: FailureKind | None, code: Obstacle | None, waits: bool
) -> None:
    told = diagnose(Observed(link, failure, code, waits))
    for less in (
        Observed(None, failure, code, waits),
        Observed(link, failure, None, waits),
        Observed(link, failure, code, False),
    ):
        if (other := diagnose(less)) is not None:
            assert told is not None
            assert ORDER.index(told) <= ORDER.index(other)
    if told is not None:
        alone = {diagnose(Observed(link, failure)), code, Obstacle.NOT_CLAIMED if waits else None}
        assert told in alone


@given(links, st.sampled_from([FailureKind.CLOUD, FailureKind.INTERCEPTED, FailureKind.DNS]))
def test_a_wi_fi_that_fails_beside_a_cable_that_works_is_no_obstacle(
    link: Link | None, failure: FailureKind
) -> None:
    assert diagnose(Observed(link, failure)) is diagnose(Observed(Link.UP, failure))


@pytest.mark.parametrize("lang", crew_words.languages())
def test_each_has_a_sentence_a_code_and_a_pattern_of_its_own(lang: str) -> None:
    words = crew_words.load(lang)
    assert len({sentence(one, words) for one in Obstacle}) == len(Obstacle)
    assert len({one.code for one in Obstacle}) == len(Obstacle)
    assert PATTERNS.keys() == set(Obstacle)
    assert len(set(PATTERNS.values())) == len(Obstacle)
    for one in ORDER[:-1]:
        screen = headline(replace(NEW, obstacle=one), words)
        assert isinstance(screen, StatusScreen)
        assert one.code in screen.detail
        assert sentence(one, words) in f"{screen.title} {screen.detail}"


def test_a_code_that_is_refused_is_told_with_the_one_that_an_operator_can_confirm() -> None:
    code = "K7QF-2MXP"
    used = headline(replace(NEW, obstacle=Obstacle.CODE_USED, pairing_code=code))
    assert isinstance(used, StatusScreen)
    assert (used.title, used.detail) == (
        "No con\u00adnection.",
        f"Code already used. Call IT, code C6, {code}.",
    )
    waits = headline(replace(NEW, obstacle=Obstacle.NOT_CLAIMED, pairing_code=code))
    assert waits == PairingScreen(code)
    refused = headline(
        replace(NEW, obstacle=Obstacle.NOT_CLAIMED, troubles=(Trouble.PAIRING_REFUSED,))
    )
    assert isinstance(refused, StatusScreen)
    assert refused.detail.endswith("Call IT, code C4.")


def test_a_private_crew_reads_the_code_and_one_that_works_keeps_its_words() -> None:
    refused = replace(NEW, obstacle=Obstacle.WIFI_REFUSED)
    private = headline(replace(refused, camera=State.PRIVATE))
    assert isinstance(private, StatusScreen)
    assert private.title == "Camera off."
    assert private.detail.endswith("Call IT, code W1.")
    worked = replace(refused, has_worked=True, troubles=(), connection=CloudConnection.OFFLINE)
    offline = headline(worked)
    assert isinstance(offline, StatusScreen)
    assert offline.title == "No con\u00adnection."
    assert offline.detail == "The lamp and your buttons still work. Call IT, code W1."
    silent = headline(replace(worked, obstacle=Obstacle.NO_ANSWER))
    assert isinstance(silent, StatusScreen)
    assert silent.title == "No internet."


@pytest.mark.parametrize("obstacle", Obstacle)
def test_a_pattern_moves_the_base_and_is_never_taken_for_a_like(obstacle: Obstacle) -> None:
    pattern, base = PATTERNS[obstacle], BASES[Base.SETUP]
    scene = Scene().with_base(Base.SETUP, 0.0, pattern)
    begin, period = CROSSFADE_S, pattern.keys[-1].at
    assert period < 20
    at = [begin + step * 0.02 for step in range(round(2 * period / 0.02))]
    frames = [scene.frame(moment) for moment in at]
    assert all(0 <= frame.level - base.level < 0.1 for frame in frames)
    assert {frame.rgb for frame in frames} == {base.rgb}
    lit = [frame.level > base.level + 0.04 for frame in frames]
    swells = [lit[i] and not lit[i - 1] for i in range(1, len(lit))]
    assert sum(swells) == 2 * (pattern.long + pattern.short)
    rises = [moment for moment, rises in zip(at[1:], swells, strict=True) if rises]
    assert all(later - earlier > 1 for earlier, later in pairwise(rises)), "two a second is a flash"
    for here, there in pairwise(at):
        if scene.still_until(here) >= there:
            assert scene.frame(here) == scene.frame(there)
    night = scene.with_dim(0.5, begin + 5)
    assert {night.frame(begin + 6 + step / 10).level for step in range(200)} == {0.0}
    assert night.still_until(begin + 6) == math.inf
