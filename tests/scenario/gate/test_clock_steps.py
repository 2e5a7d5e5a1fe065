"""The wall clock is set, by seconds or years, before or after a press of PRIVACY: it holds."""

import asyncio
from datetime import date, timedelta
from pathlib import Path

import pytest

from likelight.contract import State
from likelight.gate.consent import Consent, ConsentStatus, write_consent
from likelight.gate.on_air import OnAir
from likelight.gate.permissions import Permissions
from support.gate import GateKitchen, a_kitchen
from support.permissions import BERLIN, START, SettableClock
from support.virtual import run_virtual

STEPS = [
    timedelta(seconds=-7),
    timedelta(seconds=7),
    timedelta(days=-10),
    timedelta(days=10),
    timedelta(days=-3650),
    timedelta(days=3650),
]
SIGNED = Consent(
    kitchen="demo", signed_by="Ana", notice="3", recorded_at=START, review=date(2026, 12, 10)
)
"""Recorded at the start of each scenario; from November 27 on the crew is told of its end."""


@pytest.mark.parametrize("step", STEPS, ids=str)
@pytest.mark.parametrize("when", ["before", "after"])
def test_since_when_a_kitchen_is_private_is_told_by_the_clock_as_it_is(
    step: timedelta, when: str
) -> None:
    clock = SettableClock(START)

    async def body(_: GateKitchen, gate: OnAir) -> None:
        def age() -> float:
            return (clock() - gate.report.since).total_seconds()

        await asyncio.sleep(60)
        if when == "before":
            clock.set_ahead(step)
        gate.start_privacy()
        await asyncio.sleep(10)
        if when == "after":
            clock.set_ahead(step)
        assert gate.state is State.PRIVATE
        assert age() == pytest.approx(10, abs=0.01)
        told = gate.report
        await asyncio.sleep(3600)
        clock.set_ahead(timedelta(milliseconds=300))
        assert gate.report == told, "two clocks never agree quite; that is no news for viewers"
        clock.set_ahead(-step - timedelta(milliseconds=300))
        assert gate.state is State.PRIVATE
        assert age() == pytest.approx(3610, abs=0.01)
        gate.end_privacy()
        await asyncio.sleep(5)
        assert gate.state is State.IDLE
        assert age() == pytest.approx(5, abs=0.1)

    run_virtual(a_kitchen(body, now=clock))


@pytest.mark.parametrize("step", STEPS, ids=str)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_press_holds_and_the_warning_of_the_review_follows_the_clock(
    tmp_path: Path, step: timedelta, when: str
) -> None:
    clock = SettableClock(START)

    async def body(_: GateKitchen, gate: OnAir) -> None:
        permissions = Permissions(
            gate,
            kitchen="demo",
            hours=None,
            state_dir=tmp_path,
            zone=BERLIN,
            clock_is_set=lambda: True,
            on_change=lambda: None,
            now=clock,
        )
        consent = permissions.consent
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(permissions.run())
            await asyncio.sleep(1)
            assert consent.holds
            assert consent.review_due is None
            if when == "before":
                clock.set_ahead(step)
            gate.start_privacy()
            if when == "after":
                clock.set_ahead(step)
            await asyncio.sleep(10.1)
            assert consent.health is not None
            assert consent.health.status is {
                timedelta(days=-10): ConsentStatus.NO_CLOCK,
                timedelta(days=-3650): ConsentStatus.NO_CLOCK,
                timedelta(days=3650): ConsentStatus.OVERDUE,
            }.get(step, ConsentStatus.VALID)
            is_due = step >= timedelta(days=10)
            assert consent.review_due == (SIGNED.review if is_due else None)
            assert gate.state is (State.PRIVATE if consent.holds else State.OFF)
            clock.set_ahead(-step)
            await asyncio.sleep(10.1)
            assert consent.holds
            assert consent.review_due is None
            assert gate.state is State.PRIVATE, "no clock ends what the crew chose"
            gate.end_privacy()
            await asyncio.sleep(5)
            assert gate.state is State.IDLE
            watching.cancel()

    write_consent(tmp_path, SIGNED)
    run_virtual(a_kitchen(body, now=clock, consented=False))
