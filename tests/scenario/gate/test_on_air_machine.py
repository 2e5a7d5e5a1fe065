"""Everything that can happen to the gate, in any order: does the light tell the truth?"""

import asyncio

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from likelight.contract import Cause, State
from support.gate_story import (
    PAUSES,
    STEPS,
    Daemon,
    Story,
    StoryWorld,
    hold_frames_against_the_light,
    tell,
)
from support.virtual import run_virtual


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(STEPS), PAUSES), max_size=30))
@example([("the light sticks", 0.0), ("press", 0.0), ("the light works", 0.0)])
@example([("the feed fails", 0.0), ("refuse", 0.0), ("admit", 0.0), ("the feed works", 1.0)])
def test_the_light_tells_the_truth_whatever_happens(steps: list[tuple[str, float]]) -> None:
    world = tell(steps)
    # A light that breaks is noticed within half a second; frames of that time are its own test's.
    broke = any(step == "break the light" for step, _ in steps)
    hold_frames_against_the_light(world, light_fails=broke)


@pytest.mark.parametrize(
    ("ends", "begins", "state", "cause"),
    [
        ("press", "press", State.PRIVATE, Cause.BUTTON),
        ("withdraw", "consent", State.OFF, Cause.CONSENT),
        ("close", "open", State.CLOSED, Cause.SCHEDULE),
        ("desire off", "desire on", State.OFF, Cause.DESIRED),
        ("refuse", "admit", State.FAULT, Cause.ERROR),
        ("no button", "a button", State.FAULT, Cause.ERROR),
        ("break the light", "repair the light", State.FAULT, Cause.ERROR),
        ("leave", "watch", State.IDLE, Cause.DEMAND),
    ],
)
def test_each_reason_takes_the_picture_and_gives_it_back(
    ends: str, begins: str, state: State, cause: Cause
) -> None:
    async def scenario() -> None:
        story = Story()
        async with asyncio.TaskGroup() as group:
            story.begin(group)
            await story.do("watch", group)
            await asyncio.sleep(0.3)
            assert story.daemon.gate.state is State.LIVE
            await story.do(ends, group)
            await asyncio.sleep(12)
            report = story.daemon.gate.report
            assert (report.state, report.cause) == (state, cause)
            assert not story.daemon.lit
            frames = len(story.world.frames)
            await asyncio.sleep(30)
            assert len(story.world.frames) == frames
            await story.do(begins, group)
            await asyncio.sleep(7)
            assert story.daemon.gate.state is State.LIVE
            assert len(story.world.frames) > frames
            await story.end(killed=False)
        hold_frames_against_the_light(story.world, light_fails=ends == "break the light")

    run_virtual(scenario())


def test_a_gate_that_nobody_runs_stays_shut() -> None:
    async def scenario() -> None:
        daemon = Daemon(StoryWorld())
        daemon.gate.use_stored_privacy(private=False)
        daemon.gate.on_consent(True)
        daemon.gate.on_hours(True, None)
        daemon.gate.on_demand(True)
        await asyncio.sleep(5)
        assert daemon.gate.state is State.IDLE
        assert not daemon.lit
        assert not daemon.sensor_on

    run_virtual(scenario())


def test_a_press_survives_whatever_ends_the_process_next() -> None:
    for ending in ("restart", "kill"):
        for pause in (0.02, 0.5):
            world = tell([("press", pause), (ending, 3.0)])
            assert world.stored_private
            pressed_at = next(at for at, what in world.log if what == "press")
            assert not [at for at, _ in world.frames if at > pressed_at]


def test_a_press_in_the_instant_of_a_shutdown_is_stored() -> None:
    world = tell([("a slow disk", 0.0), ("a fast disk", 0.0), ("press", 0.0), ("restart", 5.0)])
    assert world.stored_private


def test_a_disk_that_hangs_on_sharing_does_not_delay_privacy() -> None:
    async def scenario() -> None:
        story = Story()
        story.world.stored_private = True
        async with asyncio.TaskGroup() as group:
            story.begin(group)
            await asyncio.sleep(1)
            await story.do("watch", group)
            await story.do("a slow disk", group)
            await story.do("press", group)
            await asyncio.sleep(1)
            await story.do("press", group)  # thinks better of it while the disk still hangs
            await asyncio.sleep(20)
            assert story.daemon.gate.state is State.PRIVATE
            assert story.world.stored_private
            assert story.world.frames == []
            await story.end(killed=False)

    run_virtual(scenario())


def test_a_wedged_button_never_puts_the_kitchen_on_air() -> None:
    for before in ([], [("press", 0.5)]):
        world = tell([*before, ("hold", 500.0), ("let go", 60.0)])
        assert world.stored_private
        held_at = next(at for at, what in world.log if what == "hold")
        assert not [at for at, _ in world.frames if at > held_at]


def test_a_feed_that_keeps_its_picture_keeps_the_light_on() -> None:
    world = tell([("the feed fails", 0.1), ("close", 1.0), ("the feed works", 2.0)])
    assert [what for _, what in world.log if what.startswith("light")] == ["light on", "light off"]
    works_at = next(at for at, what in world.log if what == "the feed works")
    dark_at = next(at for at, what in world.log if what == "light off")
    assert dark_at >= works_at


def test_a_light_that_sticks_is_switched_off_until_it_is() -> None:
    world = tell([("the light sticks", 0.1), ("close", 20.0), ("the light works", 6.0)])
    assert not world.pin
