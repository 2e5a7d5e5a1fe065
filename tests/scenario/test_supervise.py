import asyncio
import random

import pytest

from likelight.supervise import Condition, GaveUp, Supervisor
from support.virtual import run_virtual


class Dies:
    """Crashes the first `times` times, then lives."""

    def __init__(self, times: float) -> None:
        self.left = times
        self.lives = 0

    async def run(self) -> None:
        self.lives += 1
        if self.left > 0:
            self.left -= 1
            raise OSError("no such bus")
        await asyncio.Event().wait()


async def supervised(supervisor: Supervisor, seconds: float) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await supervisor.run()


def test_a_display_that_dies_does_not_stop_the_lamp() -> None:
    async def scenario() -> None:
        supervisor = Supervisor(random.Random(1))
        display, lamp = Dies(float("inf")), Dies(0)
        supervisor.add("display", display, critical=False)
        supervisor.add("lamp", lamp, critical=True)
        await supervised(supervisor, 3600)
        assert lamp.lives == 1
        assert 100 < display.lives < 1000, "it is tried again, with back-off"
        assert supervisor.health["display"].condition is Condition.RESTARTING
        assert supervisor.health["display"].reason == "OSError: no such bus"

    run_virtual(scenario())


def test_a_critical_component_may_stumble() -> None:
    async def scenario() -> None:
        supervisor = Supervisor(random.Random(1))
        web = Dies(2)
        supervisor.add("web", web, critical=True)
        await supervised(supervisor, 600)
        assert (web.lives, supervisor.health["web"].restarts) == (3, 2)

    run_virtual(scenario())


def test_a_critical_component_that_keeps_dying_ends_the_process() -> None:
    async def scenario() -> None:
        supervisor = Supervisor(random.Random(1))
        supervisor.add("web", Dies(float("inf")), critical=True)
        with pytest.raises(ExceptionGroup) as gave_up:
            await supervisor.run()
        assert gave_up.group_contains(GaveUp, match="web crashed 3 times")

    run_virtual(scenario())


class ClosesBadly:
    """Crashes when it is asked to end."""

    async def run(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("the bus is gone")


class GivesUpInside:
    """Awaits something that another part cancels."""

    def __init__(self) -> None:
        self.lives = 0

    async def run(self) -> None:
        self.lives += 1
        answer = asyncio.get_running_loop().create_future()
        answer.cancel()
        await answer


def test_a_component_that_crashes_while_it_closes_keeps_no_process_alive() -> None:
    async def scenario() -> None:
        supervisor = Supervisor(random.Random(1))
        supervisor.add("lamp", ClosesBadly(), critical=True)
        await supervised(supervisor, 5)
        assert supervisor.health["lamp"].restarts == 0

    run_virtual(scenario())


def test_a_cancellation_from_inside_is_a_crash_like_any_other() -> None:
    async def scenario() -> None:
        supervisor = Supervisor(random.Random(1))
        component = GivesUpInside()
        supervisor.add("camera", component, critical=False)
        await supervised(supervisor, 60)
        assert component.lives > 2
        assert supervisor.health["camera"].reason == "CancelledError: "

    run_virtual(scenario())


def test_a_crash_inside_a_group_is_told_by_its_cause() -> None:
    class Window:
        async def run(self) -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(Dies(1).run())

    async def scenario() -> None:
        supervisor = Supervisor(random.Random(1))
        supervisor.add("window in", Window(), critical=False)
        await supervised(supervisor, 60)
        assert supervisor.health["window in"].reason == "OSError: no such bus"

    run_virtual(scenario())
