"""The order of the causes: when several hold, the kitchen reports the first."""

from dataclasses import replace
from typing import Any

import pytest

from likelight.contract import Cause, State
from likelight.gate.rule import Conditions, Decision, decide
from likelight_hw.ports import CameraPhase

LIVE = Conditions(
    private=False,
    consented=True,
    open_hours=True,
    demand=True,
    camera=CameraPhase.STREAMING,
)
REASONS: list[tuple[dict[str, Any], State, Cause]] = [
    ({"desired_on": False}, State.OFF, Cause.DESIRED),
    ({"consented": False}, State.OFF, Cause.CONSENT),
    ({"private": True}, State.PRIVATE, Cause.BUTTON),
    ({"open_hours": False}, State.CLOSED, Cause.SCHEDULE),
    ({"configured": False}, State.FAULT, Cause.ERROR),
    ({"admitted": False}, State.FAULT, Cause.ERROR),
    ({"indicator_works": False}, State.FAULT, Cause.ERROR),
    ({"privacy_works": False}, State.FAULT, Cause.ERROR),
]
"""What shuts the gate, in the order in which it is named."""


@pytest.mark.parametrize("first", range(len(REASONS)))
@pytest.mark.parametrize("phase", CameraPhase)
def test_of_two_reasons_the_first_is_named_and_each_shuts(first: int, phase: CameraPhase) -> None:
    condition, state, cause = REASONS[first]
    shut = Decision(state, cause, gate_open=False)
    one = replace(LIVE, camera=phase, **condition)
    assert decide(one) == shut
    for other, _, _ in REASONS[first + 1 :]:
        assert decide(replace(one, **other)) == shut
    assert decide(replace(one, demand=False)) == shut


@pytest.mark.parametrize("phase", [CameraPhase.SILENT, CameraPhase.FAILED])
def test_a_camera_that_fails_is_tried_only_while_somebody_watches(phase: CameraPhase) -> None:
    failed = replace(LIVE, camera=phase)
    assert decide(failed) == Decision(State.FAULT, Cause.ERROR, gate_open=True)
    unwatched = replace(failed, demand=False)
    assert decide(unwatched) == Decision(State.FAULT, Cause.ERROR, gate_open=False)


def test_without_any_reason_the_camera_decides_between_idle_and_live() -> None:
    assert decide(LIVE) == Decision(State.LIVE, Cause.DEMAND, gate_open=True)
    starting = replace(LIVE, camera=CameraPhase.STARTING)
    assert decide(starting) == Decision(State.IDLE, Cause.DEMAND, gate_open=True)
    for phase in (CameraPhase.STREAMING, CameraPhase.STARTING, CameraPhase.STOPPED):
        unwatched = replace(LIVE, demand=False, camera=phase)
        assert decide(unwatched) == Decision(State.IDLE, Cause.DEMAND, gate_open=False)


def test_nothing_is_open_before_anything_is_known() -> None:
    assert not decide(Conditions()).gate_open
    assert not decide(Conditions(demand=True, camera=CameraPhase.STREAMING)).gate_open
    # Each of these is to be heard first: the crew's wish, their consent, and the hours.
    for unknown in ("private", "consented", "open_hours"):
        assert not decide(replace(LIVE, **{unknown: getattr(Conditions(), unknown)})).gate_open
