"""The crew's lamp on real drivers: a like is light on a pin, and is reported only then."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from likelight.appreciation.lamp.effects import Base
from likelight.appreciation.lamp.lamp import Lamp
from likelight_hw import registry
from likelight_hw.rpi import sysfs_pwm
from likelight_hw.wiring import LampWiring, PwmChannel
from support.pi import PI_4, PI_5, PWM_CHIPS, LgpioPin, PwmTree, pi
from support.virtual import run_virtual, virtual_now


class Kitchen:
    """A lamp on these wires, driven as the daemon does."""

    def __init__(self, *wirings: LampWiring) -> None:
        self.time = asyncio.get_running_loop().time
        self.lit: list[tuple[float, int]] = []
        self.lights = registry.open_lights(wirings, self.time)
        self.lamp = Lamp(
            self.lights, now=virtual_now(), on_frame=lambda _: None, on_lit=self._on_lit
        )
        self.lamp.set_base(Base.ON_AIR)

    def _on_lit(self, total: int, at: datetime) -> None:
        self.lit.append((self.time(), total))


def cook(scenario: Callable[[Kitchen], Coroutine[None, None, None]], *wirings: LampWiring) -> None:
    """Run `scenario` in a kitchen whose lamps are on these wires."""

    async def run() -> None:
        kitchen = Kitchen(*wirings)
        async with asyncio.TaskGroup() as group:
            lamp = group.create_task(kitchen.lamp.run())
            await asyncio.sleep(0.5)
            await scenario(kitchen)
            lamp.cancel()

    run_virtual(run())


def test_a_relay_clicks_once_for_a_like_and_once_after_it() -> None:
    with pi(PI_4) as header:
        clicks: list[tuple[float, bool]] = []

        async def scenario(kitchen: Kitchen) -> None:
            pin = header.pin(24)
            assert not pin.state
            began = kitchen.time()
            kitchen.lamp.likes(1, 1)
            before = False
            for _ in range(1000):
                await asyncio.sleep(0.01)
                if bool(pin.state) != before:
                    before = bool(pin.state)
                    clicks.append((kitchen.time() - began, before))
            assert kitchen.lit[0][0] - began < 0.3

        cook(scenario, LampWiring("onoff", pin=24))
        assert [on for _, on in clicks] == [True, False]
        assert clicks[1][0] - clicks[0][0] >= 2.0
        assert header.is_let_go(24)


def test_a_relay_that_must_wait_still_goes_off_in_the_end() -> None:
    with pi(PI_5) as header:

        async def scenario(kitchen: Kitchen) -> None:
            for total in range(1, 8):
                kitchen.lamp.likes(1, total)
                await asyncio.sleep(1.7)
            await asyncio.sleep(15)
            assert not header.pin(24).state

        cook(scenario, LampWiring("onoff", pin=24))


class _Torn(LgpioPin):
    torn = False

    def _set_state(self, value: float) -> None:
        if self.torn:
            raise OSError("No such device")
        super()._set_state(value)


def test_a_like_while_the_lamp_is_gone_lights_it_when_it_is_back() -> None:
    with pi(PI_4) as header:
        header.factory.pin_class = _Torn
        pin = header.pin(12)

        async def scenario(kitchen: Kitchen) -> None:
            pin.torn = True
            kitchen.lamp.likes(3, 3)
            await asyncio.sleep(10)
            assert kitchen.lit == []
            pin.torn = False
            await asyncio.sleep(20)
            assert [total for _, total in kitchen.lit] == [3]

        cook(scenario, LampWiring("pwm", pin=12))
        assert header.is_let_go(12)


def test_one_of_two_lamps_may_go_without_a_like_being_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pi(PI_4) as header:
        header.factory.pin_class = _Torn

        async def scenario(kitchen: Kitchen) -> None:
            header.pin(12).torn = True
            kitchen.lamp.likes(1, 1)
            await asyncio.sleep(1)
            assert len(kitchen.lit) == 1
            assert header.duty(13) > 0.1

        cook(scenario, LampWiring("pwm", pin=12), LampWiring("pwm", pin=13))
    lost = [message for message in caplog.messages if "GPIO12" in message]
    assert len(lost) == 1


def test_a_pwm_channel_that_udev_hands_over_late_lights_without_another_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nothing_blocks_the_loop: BlockBuster
) -> None:
    # Finding the chip reads sysfs, which is memory: 20 system calls, once per opening.
    for call in ("os.listdir", "os.scandir", "os.readlink"):
        nothing_blocks_the_loop.functions[call].can_block_in("sysfs_pwm.py", "_chip")
    monkeypatch.setattr(sysfs_pwm, "CLASS", tmp_path)
    chip = PWM_CHIPS[PI_5]
    tree = PwmTree(tmp_path, {chip: 0})

    async def scenario(kitchen: Kitchen) -> None:
        tree.make(chip, 0)
        await asyncio.sleep(2)
        assert tree.duty(chip, 0) > 0.01

    cook(scenario, LampWiring("sysfs-pwm", pin=12, pwm=PwmChannel(chip, 0)))
    assert tree.duty(chip, 0) == 0
