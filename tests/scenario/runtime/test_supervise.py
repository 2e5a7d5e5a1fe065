import asyncio
import itertools
import random

import pytest

from likelight.runtime.supervisor import Condition, GaveUp, Supervisor
from support.chances import Longest, Shortest
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


class DiesAt:
    """Crashes at these seconds of the scenario, then lives; `began` is when each life did."""

    def __init__(self, *crashes: float) -> None:
        self._crashes = list(crashes)
        self.began: list[float] = []

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        self.began.append(loop.time())
        if not self._crashes:
            await asyncio.Event().wait()
        await asyncio.sleep(self.began[0] + self._crashes.pop(0) - loop.time())
        raise OSError("no such bus")


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


@pytest.mark.parametrize(
    ("error", "traces"), [(OSError("no such bus"), False), (KeyError("a bug"), True)]
)
def test_the_log_has_an_error_of_the_system_in_words_and_where_a_bug_is(
    caplog: pytest.LogCaptureFixture, error: Exception, traces: bool
) -> None:
    class Broken:
        async def run(self) -> None:
            raise error

    async def scenario() -> None:
        supervisor = Supervisor(random.Random(1))
        supervisor.add("panel", Broken(), critical=False)
        await supervised(supervisor, 60)

    run_virtual(scenario())
    (record,) = caplog.records
    words = f"panel crashed and is started again: {type(error).__name__}: {error}"
    assert record.getMessage() == words
    assert (record.exc_info is not None) == traces


MONTH_S = 30 * 24 * 3600.0


@pytest.mark.parametrize("crashes", [(5, 30, 66), (0, MONTH_S, 2 * MONTH_S)])
def test_three_crashes_further_apart_than_a_minute_end_nothing(crashes: tuple[float, ...]) -> None:
    async def scenario() -> None:
        supervisor = Supervisor(Shortest())
        web = DiesAt(*crashes)
        supervisor.add("web", web, critical=True)
        await supervised(supervisor, 3 * MONTH_S)
        assert (len(web.began), supervisor.health["web"].restarts) == (4, 3)

    run_virtual(scenario())


def test_three_crashes_within_a_minute_end_the_process() -> None:
    async def scenario() -> None:
        supervisor = Supervisor(Shortest())
        supervisor.add("web", DiesAt(5, 30, 64), critical=True)
        began = asyncio.get_running_loop().time()
        with pytest.raises(ExceptionGroup) as gave_up:
            async with asyncio.timeout(600):
                await supervisor.run()
        assert gave_up.group_contains(GaveUp)
        assert asyncio.get_running_loop().time() - began == pytest.approx(64, abs=0.01)

    run_virtual(scenario())


def test_a_restart_waits_for_up_to_twice_as_long_each_time_and_30_s_at_most() -> None:
    class DiesAtOnce(Dies):
        began: tuple[float, ...] = ()

        async def run(self) -> None:
            self.began += (asyncio.get_running_loop().time(),)
            await super().run()

    async def scenario() -> None:
        supervisor = Supervisor(Longest())
        display = DiesAtOnce(8)
        supervisor.add("display", display, critical=False)
        await supervised(supervisor, 200)
        pauses = [b - a for a, b in itertools.pairwise(display.began)]
        assert pauses == pytest.approx([1, 2, 4, 8, 16, 30, 30, 30], abs=0.01)

    run_virtual(scenario())


@pytest.mark.parametrize("critical", [True, False])
def test_health_says_who_is_critical_in_every_condition(critical: bool) -> None:
    async def scenario() -> None:
        supervisor = Supervisor(Longest())
        supervisor.add("web", DiesAt(10), critical=critical)
        seen = [supervisor.health["web"]]
        async with asyncio.TaskGroup() as group:
            running = group.create_task(supervisor.run())
            for seconds in (5, 5.5, 5):
                await asyncio.sleep(seconds)
                seen.append(supervisor.health["web"])
            running.cancel()
        assert [(health.condition, health.critical) for health in seen] == [
            (Condition.STARTING, critical),
            (Condition.RUNNING, critical),
            (Condition.RESTARTING, critical),
            (Condition.RUNNING, critical),
        ]

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


def test_a_crash_inside_a_group_is_reported_by_its_cause() -> None:
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


def test_what_is_started_again_for_ever_never_ends_the_process() -> None:
    async def scenario() -> None:
        supervisor = Supervisor(random.Random(1))
        lamp = Dies(1000)
        supervisor.add("lamp", lamp, critical=True, for_ever=True)
        await supervised(supervisor, 24 * 3600)
        assert lamp.lives == 1001
        assert supervisor.health["lamp"].critical, "the device is down without it"

    run_virtual(scenario())


def test_what_worked_for_a_while_is_started_again_within_a_second() -> None:
    async def scenario() -> None:
        supervisor = Supervisor(Longest())
        # Five crashes in a row, then one a month later: that one is not the sixth in a row.
        display = DiesAt(0, 1, 3, 7, 15, MONTH_S)
        supervisor.add("display", display, critical=False)
        await supervised(supervisor, MONTH_S + 100)
        assert display.began[-1] - display.began[0] == pytest.approx(MONTH_S + 1, abs=0.01)

    run_virtual(scenario())
