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
