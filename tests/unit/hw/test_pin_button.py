"""A real button's events come in a thread of lgpio's; what of them reaches the loop."""

import asyncio
import threading

import pytest

from likelight_hw.ports import HardwareError
from likelight_hw.rpi.button import PinButton
from support.pi import PI_4, PI_5, LgpioPin, pi
from support.virtual import run_virtual


def run_in_thread(act: threading.Thread) -> None:
    act.start()
    act.join()


async def test_a_wire_that_chatters_while_the_loop_is_busy_leaves_it_one_call_to_make() -> None:
    loop = asyncio.get_running_loop()
    with pi(PI_5) as header:
        pin = header.pin(5)
        button = PinButton(5)
        edges = button.edges()
        first = asyncio.ensure_future(anext(edges))
        await asyncio.sleep(0)
        calls = 0
        handing_over = loop.call_soon_threadsafe

        def count(*args: object, **kwargs: object) -> asyncio.Handle:
            nonlocal calls
            calls += 1
            return handing_over(*args, **kwargs)  # type: ignore[arg-type]

        loop.call_soon_threadsafe = count  # type: ignore[method-assign,assignment]

        def chatter() -> None:
            for _ in range(2000):
                pin.drive_low()
                pin.drive_high()

        run_in_thread(threading.Thread(target=chatter))
        assert calls == 1
        # It was pressed meanwhile, however short; and it is open again.
        assert await first is True
        assert await anext(edges) is False
        button.close()


def test_a_press_that_is_over_before_the_loop_looks_is_still_a_press() -> None:
    async def scenario() -> None:
        with pi(PI_4) as header:
            pin = header.pin(5)
            edges = PinButton(5).edges()
            first = asyncio.ensure_future(anext(edges))
            await asyncio.sleep(0)
            pin.drive_low()
            pin.drive_high()
            assert await first is True
            assert await anext(edges) is False

    run_virtual(scenario())


def test_a_button_that_is_held_at_the_start_is_pressed() -> None:
    async def scenario() -> None:
        with pi(PI_5) as header:
            header.pin(6).drive_low()
            header.pin(6)._set_pull = lambda pull: None  # type: ignore[method-assign]
            assert await anext(PinButton(6).edges()) is True

    run_virtual(scenario())


def test_events_after_the_loops_end_harm_nobody() -> None:
    with pi(PI_5) as header:
        pin = header.pin(5)
        button = PinButton(5)

        async def listen() -> None:
            edges = button.edges()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await anext(edges)

        run_virtual(listen())
        run_in_thread(threading.Thread(target=pin.drive_low))
        button.close()
        button.close()


def test_it_pulls_up_and_drops_spikes_and_starts_no_thread() -> None:
    async def scenario() -> None:
        with pi(PI_5) as header:
            threads = threading.active_count()
            edges = PinButton(5).edges()
            first = asyncio.ensure_future(anext(edges))
            await asyncio.sleep(0)
            assert header.pin(5).pull == "up"
            assert header.pin(5).bounce == 0.005
            assert threading.active_count() == threads
            header.pin(5).drive_low()
            assert await first

    run_virtual(scenario())


class _Busy(LgpioPin):
    def __init__(self, *args: object) -> None:
        raise OSError("'GPIO busy'")


async def test_a_busy_pin_is_reported_to_each_listener() -> None:
    with pi(PI_5) as header:
        header.factory.pin_class = _Busy
        button = PinButton(5)
        with pytest.raises(HardwareError, match="button on GPIO5: busy"):
            await anext(button.edges())
        header.factory.pin_class = LgpioPin
        edges = button.edges()
        first = asyncio.ensure_future(anext(edges))
        await asyncio.sleep(0)
        header.pin(5).drive_low()
        assert await first is True
        button.close()
