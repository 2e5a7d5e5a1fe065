"""The gate and its light, on the virtual clock: what the crew is promised about the camera."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likelight.buttons import CrewButton
from likelight.contract import Cause, State
from likelight.onair import LINGER_S, REOPEN_AFTER_S, OnAir, PrivacyButton
from likelight_hw.ports import CameraPhase, CameraStatus, HardwareError
from likelight_hw.sim.button import SimButton
from support.virtual import run_virtual, virtual_now


@dataclass
class Kitchen:
    """A camera that streams at once, a light that can break, and a record of every frame out."""

    lit: bool = False
    broken: bool = False
    simulated: bool = True
    full: bool = False
    stored: list[bool] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    frames: list[tuple[float, bool]] = field(default_factory=list)
    running: bool = False
    changes: int = 0
    gate: OnAir | None = None

    def start(self) -> None:
        self.running = True
        asyncio.get_running_loop().call_later(0.05, self._stream)

    def stop(self) -> None:
        self.running = False
        assert self.gate is not None
        self.gate.on_camera(CameraStatus(CameraPhase.STOPPED))

    def set(self, on: bool) -> None:
        if self.broken and on:
            raise HardwareError("no light on pin 17")
        self.lit = on

    def close(self) -> None:
        self.lit = False

    def show(self, state: State) -> None:
        self.states.append(state)

    def frame(self) -> bool:
        """A frame comes from the sensor; it leaves if the feed says live."""
        leaves = self.running and self.states[-1] is State.LIVE
        if leaves:
            self.frames.append((asyncio.get_running_loop().time(), self.lit))
        return leaves

    async def keep(self, private: bool) -> None:
        await asyncio.sleep(0.02)
        if self.full:
            raise OSError("no space is left on the card")
        self.stored.append(private)

    def _stream(self) -> None:
        assert self.gate is not None
        if self.running:
            self.gate.on_camera(CameraStatus(CameraPhase.STREAMING))

    def changed(self) -> None:
        self.changes += 1


async def a_kitchen(
    body: Callable[[Kitchen, OnAir], object], *, private: bool = False, consented: bool = True
) -> None:
    kitchen = Kitchen()
    gate = OnAir(
        kitchen,
        kitchen,
        show=kitchen.show,
        keep_private=kitchen.keep,
        on_change=kitchen.changed,
        now=virtual_now(),
    )
    kitchen.gate = gate
    async with asyncio.TaskGroup() as group:
        running = group.create_task(gate.run())
        gate.restore(private=private)
        gate.on_consent(consented)
        gate.on_hours(True, None)
        await body(kitchen, gate)  # type: ignore[misc]
        running.cancel()
    assert not kitchen.lit
    assert not kitchen.running


def a_button(button: SimButton, gate: OnAir) -> CrewButton:
    def nothing() -> None:
        pass

    return CrewButton("PRIVACY", button, PrivacyButton(gate), on_felt=nothing, on_trouble=nothing)


def test_nobody_watches_then_somebody_does_then_nobody() -> None:
    async def body(kitchen: Kitchen, gate: OnAir) -> None:
        await asyncio.sleep(5)
        assert gate.state is State.IDLE
        assert not kitchen.lit
        gate.on_demand(True)
        assert kitchen.lit, "the light is on before the sensor can make a frame"
        await asyncio.sleep(0.1)
        assert gate.state is State.LIVE
        assert kitchen.frame()
        gate.on_demand(False)
        await asyncio.sleep(LINGER_S - 0.5)
        assert kitchen.frame(), "a page reload must not stop the camera"
        await asyncio.sleep(1)
        assert not kitchen.frame()
        assert not kitchen.lit
        assert gate.report.cause is Cause.DEMAND

    run_virtual(a_kitchen(body))


def test_privacy_shuts_at_once_and_is_stored() -> None:
    async def body(kitchen: Kitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(0.1)
        gate.take_privacy()
        assert not kitchen.frame()
        assert not kitchen.lit
        assert kitchen.stored == [], "the gate shuts before the card has written anything"
        await asyncio.sleep(0.1)
        assert kitchen.stored == [True]
        assert (gate.state, gate.report.cause) == (State.PRIVATE, Cause.BUTTON)

    run_virtual(a_kitchen(body))


@pytest.mark.parametrize("private_for", [0.05, 5.0])
def test_pressing_again_resumes_but_not_within_a_second(private_for: float) -> None:
    async def body(kitchen: Kitchen, gate: OnAir) -> None:
        loop = asyncio.get_running_loop()
        gate.on_demand(True)
        await asyncio.sleep(0.1)
        gate.take_privacy()
        await asyncio.sleep(private_for)
        pressed_at = loop.time()
        gate.lift_privacy()
        await asyncio.sleep(0.1)
        assert kitchen.stored == [True, False]
        assert gate.state is State.IDLE
        assert not kitchen.lit
        while not kitchen.frame():
            await asyncio.sleep(0.01)
        assert kitchen.frames[-1][0] - pressed_at >= REOPEN_AFTER_S
        assert kitchen.frames[-1][1]

    run_virtual(a_kitchen(body))


def test_privacy_from_before_a_power_cut_still_holds() -> None:
    async def body(kitchen: Kitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(60)
        assert gate.state is State.PRIVATE
        assert kitchen.frames == []

    run_virtual(a_kitchen(body, private=True))


def test_no_light_no_picture_until_the_light_works_again() -> None:
    async def body(kitchen: Kitchen, gate: OnAir) -> None:
        kitchen.broken = True
        gate.on_demand(True)
        await asyncio.sleep(30)
        assert gate.state is State.FAULT
        assert not kitchen.running
        kitchen.broken = False
        await asyncio.sleep(10)
        assert gate.state is State.LIVE
        assert kitchen.lit

    run_virtual(a_kitchen(body))


def test_a_light_that_dies_on_air_shuts_the_gate() -> None:
    async def body(kitchen: Kitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(5)
        assert gate.state is State.LIVE
        kitchen.lit, kitchen.broken = False, True
        await asyncio.sleep(0.6)
        assert gate.state is State.FAULT
        assert not kitchen.running
        assert not kitchen.frame()

    run_virtual(a_kitchen(body))


def test_a_broken_light_is_told_once_and_so_is_its_mending(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "likelight.onair")

    async def body(kitchen: Kitchen, gate: OnAir) -> None:
        kitchen.broken = True
        gate.on_demand(True)
        await asyncio.sleep(600)
        kitchen.broken = False
        await asyncio.sleep(10)

    run_virtual(a_kitchen(body))
    told = [line for line in caplog.messages if "light" in line]
    assert told == [
        "The on-air light can't be switched: no light on pin 17",
        "The on-air light works again",
    ]


def test_privacy_on_a_full_card_holds_and_is_stored_when_there_is_room() -> None:
    async def body(kitchen: Kitchen, gate: OnAir) -> None:
        kitchen.full = True
        gate.on_demand(True)
        await asyncio.sleep(0.1)
        gate.take_privacy()
        await asyncio.sleep(60)
        assert (gate.state, kitchen.stored) == (State.PRIVATE, [])
        kitchen.full = False
        await asyncio.sleep(6)
        assert (gate.state, kitchen.stored) == (State.PRIVATE, [True])
        await asyncio.sleep(60)
        assert kitchen.stored == [True]

    run_virtual(a_kitchen(body))


def test_who_cannot_store_that_the_crew_shares_again_stays_private_and_alive() -> None:
    async def body(kitchen: Kitchen, gate: OnAir) -> None:
        button = SimButton()
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(a_button(button, gate).run())
            kitchen.full = True
            for _ in range(5):
                button.press()
                await asyncio.sleep(1)
                assert gate.state is State.PRIVATE
            kitchen.full = False
            button.press()
            await asyncio.sleep(1)
            assert gate.state is State.IDLE
            listening.cancel()

    run_virtual(a_kitchen(body, private=True))


def test_a_camera_that_falls_silent_is_a_fault_and_comes_back() -> None:
    async def body(kitchen: Kitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(0.1)
        gate.on_camera(CameraStatus(CameraPhase.SILENT, "no frame for 1 s"))
        assert gate.state is State.FAULT
        gate.on_camera(CameraStatus(CameraPhase.STREAMING))
        assert gate.state is State.LIVE

    run_virtual(a_kitchen(body))


def test_the_cloud_can_only_reduce_exposure() -> None:
    async def body(kitchen: Kitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(0.1)
        gate.on_desired(False)
        assert gate.state is State.OFF
        gate.take_privacy()
        gate.on_desired(True)
        await asyncio.sleep(60)
        assert gate.state is State.PRIVATE, "nobody lifts the crew's privacy from afar"

    run_virtual(a_kitchen(body))


STEPS = st.sampled_from(
    ["watch", "leave", "privacy", "break", "mend", "silent", "streaming", "failed", "off", "on"]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(STEPS, st.sampled_from([0.0, 0.03, 0.4, 1.0, 6.0, 11.0])), max_size=25))
def test_whatever_happens_no_frame_leaves_in_the_dark(steps: list[tuple[str, float]]) -> None:
    async def body(kitchen: Kitchen, gate: OnAir) -> None:
        private = False
        for step, pause in steps:
            if step == "privacy" and gate.wants_privacy:
                gate.lift_privacy()
                private = False
            elif step == "privacy":
                gate.take_privacy()
                private = True
            elif step in ("break", "mend"):
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
    async def body(kitchen: Kitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(5)
        assert (gate.state, gate.report.cause) == (State.OFF, Cause.CONSENT)
        assert not kitchen.running
        assert not kitchen.lit
        gate.on_consent(True)
        await asyncio.sleep(0.1)
        assert gate.state is State.LIVE

    run_virtual(a_kitchen(body, consented=False))
