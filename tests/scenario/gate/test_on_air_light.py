"""The on-air light when it breaks or can't be read, on the virtual clock."""

import asyncio
import logging

import pytest

from likelight.contract import Cause, State
from likelight.gate.on_air import OnAir
from support.gate import GateKitchen, a_kitchen
from support.virtual import run_virtual


def test_no_light_no_picture_until_the_light_works_again() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        kitchen.broken = True
        gate.on_demand(True)
        await asyncio.sleep(30)
        assert gate.state is State.FAULT
        assert not kitchen.running
        kitchen.broken = False
        await asyncio.sleep(5.1)
        assert gate.state is State.LIVE
        assert kitchen.lit

    run_virtual(a_kitchen(body))


@pytest.mark.parametrize("moment", [twentieth / 20 for twentieth in range(12)])
def test_a_light_that_dies_on_air_shuts_the_gate_within_half_a_second(moment: float) -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(5 + moment)
        assert gate.state is State.LIVE
        kitchen.lit, kitchen.broken = False, True
        await asyncio.sleep(0.501)
        assert gate.state is State.FAULT
        assert not kitchen.running
        assert not kitchen.frame()

    run_virtual(a_kitchen(body))


def test_a_broken_light_is_reported_once_and_so_is_its_repair(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "likelight.gate.light")

    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
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


def test_a_light_that_cannot_be_read_counts_as_dark() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        kitchen.unreadable = True
        gate.on_demand(True)
        for _ in range(3000):
            await asyncio.sleep(0.01)
            assert not kitchen.running
            assert not kitchen.frame()
        assert (gate.state, gate.report.cause) == (State.FAULT, Cause.ERROR)
        assert not kitchen.lit, "nothing is filmed, as far as anybody knows"
        kitchen.unreadable = False
        await asyncio.sleep(5.1)
        assert gate.state is State.LIVE
        assert kitchen.frame()

    run_virtual(a_kitchen(body))


def test_a_light_that_can_no_longer_be_read_shuts_the_gate_and_is_switched_off() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(5)
        assert gate.state is State.LIVE
        kitchen.unreadable = True
        await asyncio.sleep(0.501)
        assert gate.state is State.FAULT
        assert not kitchen.running
        assert not kitchen.frame()
        assert not kitchen.lit

    run_virtual(a_kitchen(body))


def test_privacy_puts_out_a_light_that_can_no_longer_be_read() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(5)
        kitchen.unreadable = True
        gate.start_privacy()
        assert gate.state is State.PRIVATE
        assert not kitchen.frame()
        assert not kitchen.lit

    run_virtual(a_kitchen(body))


def test_a_broken_light_is_tried_again_each_5_s() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        kitchen.broken = True
        gate.on_demand(True)
        await asyncio.sleep(0.1)
        kitchen.broken = False
        await asyncio.sleep(4.8)
        assert (gate.state, kitchen.lit) == (State.FAULT, False)
        await asyncio.sleep(0.2)
        assert kitchen.lit
        await asyncio.sleep(0.1)
        assert gate.state is State.LIVE

    run_virtual(a_kitchen(body))


def test_a_light_that_can_neither_be_read_nor_put_out_is_tried_until_it_works() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        gate.on_demand(True)
        await asyncio.sleep(5)
        kitchen.unreadable = kitchen.sticks = True
        gate.start_privacy()
        await asyncio.sleep(12)
        assert kitchen.lit
        kitchen.sticks = False
        await asyncio.sleep(5.1)
        assert not kitchen.lit

    run_virtual(a_kitchen(body))
