"""PRIVACY, from the press to the disk, on the virtual clock: whatever fails, it shuts and stays."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from likelight.appreciation.buttons.watched import ButtonTrouble, WatchedButton
from likelight.contract import Cause, State
from likelight.gate.on_air import OnAir
from likelight.gate.privacy_button import PrivacyButton
from likelight_hw.ports import HardwareError
from likelight_hw.sim.button import SimButton
from support.gate import GateKitchen, a_button, a_gate, a_kitchen, ended, no_log
from support.virtual import run_virtual


def test_privacy_shuts_at_once_and_is_stored() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(0.1)
        gate.start_privacy()
        assert not kitchen.frame()
        assert not kitchen.lit
        assert kitchen.stored == [], "the gate shuts before the card has written anything"
        await asyncio.sleep(0.1)
        assert kitchen.stored == [True]
        assert (gate.state, gate.report.cause) == (State.PRIVATE, Cause.BUTTON)

    run_virtual(a_kitchen(body))


@pytest.mark.parametrize("private_for", [0.05, 5.0])
def test_pressing_again_resumes_but_not_within_a_second(private_for: float) -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        loop = asyncio.get_running_loop()
        gate.on_demand(True)
        await asyncio.sleep(0.1)
        gate.start_privacy()
        await asyncio.sleep(private_for)
        pressed_at = loop.time()
        gate.end_privacy()
        await asyncio.sleep(0.1)
        assert kitchen.stored == [True, False]
        assert gate.state is State.IDLE
        assert not kitchen.lit
        while not kitchen.frame():
            await asyncio.sleep(0.01)
        assert 1.0 <= kitchen.frames[-1][0] - pressed_at < 1.1
        assert kitchen.frames[-1][1]

    run_virtual(a_kitchen(body))


def test_privacy_from_before_a_power_cut_still_holds() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(60)
        assert gate.state is State.PRIVATE
        assert kitchen.frames == []

    run_virtual(a_kitchen(body, private=True))


def test_privacy_on_a_full_card_holds_and_is_stored_when_there_is_room() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        kitchen.full = True
        gate.on_demand(True)
        await asyncio.sleep(0.1)
        gate.start_privacy()
        await asyncio.sleep(0.1)
        assert (gate.state, kitchen.stored) == (State.PRIVATE, [])
        kitchen.full = False
        await asyncio.sleep(4.9)
        assert kitchen.stored == [], "a full card is tried again each 5 s"
        await asyncio.sleep(0.1)
        assert (gate.state, kitchen.stored) == (State.PRIVATE, [True])
        await asyncio.sleep(60)
        assert kitchen.stored == [True]

    run_virtual(a_kitchen(body))


def test_who_cannot_store_that_the_crew_shares_again_stays_private_and_alive() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
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


@pytest.mark.parametrize("private", [True, False])
def test_a_wish_that_is_not_stored_is_stored_when_the_gate_runs_again(private: bool) -> None:
    async def scenario() -> None:
        kitchen = GateKitchen()
        gate = a_gate(kitchen, private=not private)
        running = asyncio.create_task(gate.run())
        await asyncio.sleep(1)
        kitchen.stored.clear()
        kitchen.full, kitchen.disk_s = True, 0.02 if private else 60
        if private:
            gate.start_privacy()
        else:
            gate.end_privacy()
        await asyncio.sleep(1)
        await ended(running)
        assert kitchen.stored == []
        kitchen.full, kitchen.disk_s = False, 0.02
        running = asyncio.create_task(gate.run())
        await asyncio.sleep(0.1)
        assert kitchen.stored == [private]
        await asyncio.sleep(1.1)
        assert gate.state is (State.PRIVATE if private else State.LIVE)
        await ended(running)

    run_virtual(scenario())


def test_a_disk_that_hangs_holds_up_the_end_for_2_s_and_no_longer() -> None:
    async def scenario() -> None:
        kitchen = GateKitchen(disk_s=1e6)
        gate = a_gate(kitchen, private=False)
        running = asyncio.create_task(gate.run())
        await asyncio.sleep(1)
        gate.start_privacy()
        await asyncio.sleep(1)
        assert await ended(running) == pytest.approx(2.0, abs=0.01)
        assert not kitchen.running
        assert not kitchen.lit

    run_virtual(scenario())


def test_privacy_that_comes_with_the_end_is_stored_on_a_disk_that_takes_its_time() -> None:
    async def scenario() -> None:
        kitchen = GateKitchen(disk_s=1.9)
        gate = a_gate(kitchen, private=False)
        running = asyncio.create_task(gate.run())
        await asyncio.sleep(1)
        gate.start_privacy()
        await asyncio.sleep(0)
        assert await ended(running) == pytest.approx(1.9, abs=0.01)
        assert kitchen.stored == [True]

    run_virtual(scenario())


def test_privacy_shuts_at_once_after_three_quick_presses_on_a_disk_that_then_fails() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        kitchen.disk_s = 0.5
        button = SimButton()
        listening = asyncio.create_task(a_button(button, gate).run())
        gate.on_demand(True)
        await asyncio.sleep(1)
        kitchen.stored.clear()
        for _ in range(3):
            button.press()
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.4)
        assert kitchen.stored == [False]
        kitchen.full = True
        await asyncio.sleep(2)
        assert gate.state is State.LIVE
        button.press()
        await asyncio.sleep(0.001)
        assert gate.state is State.PRIVATE
        listening.cancel()

    run_virtual(a_kitchen(body, private=True))


class Uninterrupted(GateKitchen):
    """Its disk ends what it began, in order, though nobody waits any more; as SQLite's thread."""

    job: asyncio.Future[None] | None = None

    async def keep(self, private: bool) -> None:
        self.job = asyncio.ensure_future(self._after(self.job, private))
        await asyncio.shield(self.job)

    async def _after(self, job: asyncio.Future[None] | None, private: bool) -> None:
        if job is not None:
            await job
        await super().keep(private)


def test_a_kitchen_that_begins_private_stores_that() -> None:
    """It may be private because what was stored was lost: then a power cut must not undo it."""

    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        kitchen.full = True
        await asyncio.sleep(1)
        assert kitchen.stored == []
        kitchen.full = False
        await asyncio.sleep(5)
        assert kitchen.stored == [True]

    run_virtual(a_kitchen(body, private=True))


@pytest.mark.parametrize("disk_full", [False, True])
def test_nothing_is_logged_of_a_press(caplog: pytest.LogCaptureFixture, disk_full: bool) -> None:
    caplog.set_level(logging.DEBUG)

    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        listening = asyncio.create_task(a_button(button := SimButton(), gate).run())
        gate.on_demand(True)
        await asyncio.sleep(5)
        caplog.clear()
        for _ in range(2):
            kitchen.full = disk_full
            button.press()
            await asyncio.sleep(15)
            assert gate.state is State.PRIVATE
            kitchen.full = False
            await asyncio.sleep(15)
            button.press()
            await asyncio.sleep(15)
            assert gate.state is State.LIVE
        listening.cancel()
        assert caplog.messages == []
        gate.start_privacy()
        gate.on_hours(False, None)
        gate.on_hours(True, None)
        assert caplog.messages == [
            "The camera is off: the kitchen is closed",
            "The camera is ready: it may go on when somebody watches",
        ], "the log goes on as if nobody had pressed"

    run_virtual(a_kitchen(body))


def test_privacy_overtakes_a_sharing_that_is_being_stored_when_the_process_ends() -> None:
    async def scenario() -> None:
        kitchen = Uninterrupted(disk_s=0.9)
        gate = a_gate(kitchen, private=True)
        running = asyncio.create_task(gate.run())
        await asyncio.sleep(1)
        kitchen.stored.clear()
        gate.end_privacy()
        await asyncio.sleep(0.05)
        gate.start_privacy()
        await asyncio.sleep(0.05)
        await ended(running)
        assert kitchen.job is not None
        await kitchen.job
        assert kitchen.stored == [False, True], "a restart must find what the crew wished last"

    run_virtual(scenario())


def test_privacy_shuts_though_whoever_shows_it_fails() -> None:
    def fail() -> None:
        raise RuntimeError("no display is there")

    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        kitchen.on_change = fail
        button = SimButton()
        privacy = WatchedButton(
            "PRIVACY", button, PrivacyButton(gate), on_felt=fail, on_trouble=fail
        )
        listening = asyncio.create_task(privacy.run())
        gate.on_demand(True)
        await asyncio.sleep(5)
        for _ in range(3):
            assert gate.state is State.LIVE
            button.press()
            await asyncio.sleep(0.001)
            assert gate.state is State.PRIVATE
            assert not kitchen.frame()
            assert not kitchen.lit
            await asyncio.sleep(1)
            assert kitchen.stored[-1]
            button.press()
            await asyncio.sleep(5)
        listening.cancel()

    run_virtual(a_kitchen(body))


def test_privacy_shuts_and_is_stored_though_no_log_can_be_written() -> None:
    async def scenario() -> None:
        kitchen = GateKitchen()
        gate = a_gate(kitchen, private=False)
        button = SimButton()
        running = asyncio.create_task(gate.run())
        listening = asyncio.create_task(a_button(button, gate).run())
        await asyncio.sleep(5)
        assert kitchen.frame()
        with no_log():
            button.press()
            await asyncio.sleep(0.001)
            assert not gate.open
            assert kitchen.states[-1] is State.PRIVATE
            assert not kitchen.running
            assert not kitchen.lit
            await asyncio.wait([running, listening], timeout=1)
        assert kitchen.stored == [True]
        assert gate.state is State.PRIVATE
        await ended(running)
        await ended(listening)
        await asyncio.gather(running, listening, return_exceptions=True)

    run_virtual(scenario())


class Unread(SimButton):
    """Can't be read until it is repaired."""

    broken = True

    async def edges(self) -> AsyncIterator[bool]:
        if self.broken:
            raise HardwareError("no GPIO 6 on this board")
        async for down in super().edges():
            yield down


def test_a_press_on_a_button_that_is_just_read_again_lets_no_light_flash() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        button = Unread()

        def trouble() -> None:
            gate.on_privacy_button(privacy.trouble is not ButtonTrouble.UNREADABLE)

        privacy = WatchedButton(
            "PRIVACY", button, PrivacyButton(gate), on_felt=lambda: None, on_trouble=trouble
        )
        listening = asyncio.create_task(privacy.run())
        gate.on_demand(True)
        await asyncio.sleep(7)
        assert gate.state is State.FAULT
        button.broken = False
        await asyncio.sleep(4)
        states = len(kitchen.states)
        button.press()
        await asyncio.sleep(1)
        assert kitchen.states[states:] == [State.PRIVATE]
        assert not kitchen.lit
        listening.cancel()

    run_virtual(a_kitchen(body))


def test_sharing_that_could_not_be_stored_begins_with_a_new_press_only() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        kitchen.full = True
        gate.end_privacy()
        await asyncio.sleep(1)
        kitchen.full = False
        await asyncio.sleep(60)
        assert gate.wants_privacy
        assert gate.state is State.PRIVATE
        gate.end_privacy()
        await asyncio.sleep(1.2)
        assert gate.state is State.LIVE

    run_virtual(a_kitchen(body, private=True))


def test_sharing_that_is_stored_begins_though_no_log_can_be_written() -> None:
    async def scenario() -> None:
        kitchen = GateKitchen()
        gate = a_gate(kitchen, private=True)
        running = asyncio.create_task(gate.run())
        await asyncio.sleep(1)
        kitchen.stored.clear()
        with no_log():
            gate.end_privacy()
            await asyncio.sleep(1.2)
        assert kitchen.stored == [False]
        assert gate.state is State.LIVE
        await ended(running)

    run_virtual(scenario())
