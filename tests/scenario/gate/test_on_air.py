"""The gate and its light, on the virtual clock: what the crew is promised about the camera."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likelight.contract import Cause, State
from likelight.gate.on_air import OnAir
from likelight_hw.ports import CameraPhase, CameraStatus
from support.gate import GateKitchen, a_kitchen
from support.virtual import run_virtual


def test_nobody_watches_then_somebody_does_then_nobody() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        await asyncio.sleep(5)
        assert gate.state is State.IDLE
        assert not kitchen.lit
        gate.on_demand(True)
        assert kitchen.lit, "the light is on before the sensor can make a frame"
        await asyncio.sleep(0.1)
        assert gate.state is State.LIVE
        assert kitchen.frame()
        gate.on_demand(False)
        await asyncio.sleep(9.9)
        assert kitchen.frame(), "a page reload must not stop the camera"
        await asyncio.sleep(0.2)
        assert not kitchen.frame()
        assert not kitchen.lit
        assert gate.report.cause is Cause.DEMAND

    run_virtual(a_kitchen(body))


def gate_log(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.message for one in caplog.records if one.name == "likelight.gate.on_air"]


@pytest.mark.parametrize(
    ("private", "consented", "first"),
    [
        (False, True, "The camera is ready: it may go on when somebody watches"),
        (True, True, "The camera is ready: it may go on when somebody watches"),
        (False, False, "The camera is off: it waits for the crew's consent"),
    ],
)
def test_the_log_says_nothing_of_the_camera_until_its_first_state_is_known(
    private: bool, consented: bool, first: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "likelight.gate.on_air")

    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        await asyncio.sleep(5)
        assert gate_log(caplog) == [first]

    run_virtual(a_kitchen(body, private=private, consented=consented))


def test_the_log_says_in_words_what_the_camera_does_and_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "likelight.gate.on_air")

    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(0.1)
        gate.on_camera(CameraStatus(CameraPhase.SILENT, "no frame for 1 s"))
        gate.on_privacy_button(False)
        gate.on_admitted(False)
        gate.on_hours(False, None)
        gate.on_desired(False)
        gate.on_desired(False)
        assert gate_log(caplog) == [
            "The camera is ready: it may go on when somebody watches",
            "The camera is off: the PRIVACY button can't be read",
            "The camera is off: the cloud refuses this device's token",
            "The camera is off: the kitchen is closed",
            "The camera is off: the cloud wants it off",
        ]

    run_virtual(a_kitchen(body))


def test_a_camera_that_falls_silent_is_a_fault_and_comes_back() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(0.1)
        gate.on_camera(CameraStatus(CameraPhase.SILENT, "no frame for 1 s"))
        assert gate.state is State.FAULT
        gate.on_camera(CameraStatus(CameraPhase.STREAMING))
        assert gate.state is State.LIVE

    run_virtual(a_kitchen(body))


def test_with_a_broken_configuration_no_viewer_and_no_camera_opens_the_gate(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "likelight.gate.on_air")

    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        gate.on_camera(CameraStatus(CameraPhase.STREAMING))
        await asyncio.sleep(60)
        assert (gate.report.state, gate.report.cause) == (State.FAULT, Cause.ERROR)
        gate.start_privacy()
        assert gate.state is State.PRIVATE
        gate.end_privacy()
        await asyncio.sleep(60)
        gate.on_hours(False, None)
        assert gate.state is State.CLOSED
        gate.on_hours(True, None)
        gate.on_camera(CameraStatus(CameraPhase.FAILED, "no camera"))
        await asyncio.sleep(60)
        assert gate.state is State.FAULT
        assert not gate.open
        assert not kitchen.lit, "the light tells no lie, either"
        assert not kitchen.running
        assert State.LIVE not in kitchen.states
        words = "The camera is off: the configuration has a mistake, and the last good one runs"
        assert gate_log(caplog)[0] == words

    run_virtual(a_kitchen(body, configured=False))


def test_the_cloud_can_only_reduce_exposure() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(0.1)
        gate.on_desired(False)
        assert gate.state is State.OFF
        gate.start_privacy()
        gate.on_desired(True)
        await asyncio.sleep(60)
        assert gate.state is State.PRIVATE, "nobody lifts the crew's privacy from afar"

    run_virtual(a_kitchen(body))


STEPS = st.sampled_from(
    ["watch", "leave", "privacy", "break", "repair", "silent", "streaming", "failed", "off", "on"]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(STEPS, st.sampled_from([0.0, 0.03, 0.4, 1.0, 6.0, 11.0])), max_size=25))
def test_whatever_happens_no_frame_leaves_in_the_dark(steps: list[tuple[str, float]]) -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        private = False
        for step, pause in steps:
            if step == "privacy" and gate.wants_privacy:
                gate.end_privacy()
                private = False
            elif step == "privacy":
                gate.start_privacy()
                private = True
            elif step in ("break", "repair"):
                kitchen.broken = step == "break"
            elif step in ("watch", "leave"):
                gate.on_demand(step == "watch")
            elif step in ("off", "on"):
                gate.on_desired(step == "on")
            elif kitchen.running:
                gate.on_camera(CameraStatus(CameraPhase(step)))
            assert not (kitchen.frame() and private)
            await asyncio.sleep(pause)
            assert not (kitchen.frame() and private)
        assert all(lit for _, lit in kitchen.frames)

    run_virtual(a_kitchen(body))


def test_a_real_sensor_stays_off_until_the_crew_has_consented() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(5)
        assert (gate.state, gate.report.cause) == (State.OFF, Cause.CONSENT)
        assert not kitchen.running
        assert not kitchen.lit
        gate.on_consent(True)
        await asyncio.sleep(0.1)
        assert gate.state is State.LIVE

    run_virtual(a_kitchen(body, consented=False))


def test_whatever_shut_the_gate_it_stays_shut_for_a_second() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(5)
        for shut in (gate.on_desired, gate.on_consent, lambda on: gate.on_hours(on, None)):
            assert gate.state is State.LIVE
            shut(False)
            shut(True)
            await asyncio.sleep(0.99)
            assert not kitchen.lit
            assert not kitchen.running
            await asyncio.sleep(0.1)
            assert kitchen.lit
            await asyncio.sleep(5)

    run_virtual(a_kitchen(body))


def test_a_fault_of_the_camera_opens_nothing_while_nobody_watches() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        for phase in (CameraPhase.FAILED, CameraPhase.SILENT):
            gate.on_camera(CameraStatus(phase, "the cable is loose"))
            await asyncio.sleep(5)
            assert (gate.state, gate.report.cause) == (State.FAULT, Cause.ERROR)
            assert not gate.open
            assert not kitchen.lit
            assert not kitchen.running

    run_virtual(a_kitchen(body))


def test_a_new_opening_of_a_closed_kitchen_is_reported() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        monday = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
        gate.on_hours(False, monday)
        assert gate.report.opens_at == monday
        told = kitchen.changes
        gate.on_hours(False, monday)
        assert kitchen.changes == told, "nothing is new"
        gate.on_hours(False, monday + timedelta(hours=1))
        assert gate.report.opens_at == monday + timedelta(hours=1)
        assert kitchen.changes == told + 1
        gate.start_privacy()
        assert gate.report.state is State.PRIVATE
        assert gate.report.opens_at == monday + timedelta(hours=1), "notes wait until then"
        gate.on_hours(False, None)
        assert gate.report.opens_at is None
        assert kitchen.changes == told + 3

    run_virtual(a_kitchen(body))
