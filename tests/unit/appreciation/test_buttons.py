"""The crew's buttons as gloves, elbows, wedged caps and loose wires treat them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likelight.appreciation.buttons.watched import ButtonTrouble, WatchedButton
from likelight_hw.ports import HardwareError
from likelight_hw.sim.button import SimButton
from support.virtual import run_virtual


class Hand:
    """Writes down what a button did, each with the loop's time."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.at: list[float] = []

    def write(self, what: str) -> None:
        self.did.append(what)
        self.at.append(asyncio.get_running_loop().time())

    def pressed(self) -> None:
        self.write("pressed")

    def released(self) -> None:
        self.write("released")

    def cancelled(self) -> None:
        self.write("cancelled")


def with_button(
    body: Callable[[SimButton, WatchedButton, Hand], Coroutine[None, None, None]],
    *,
    held: bool = False,
) -> None:
    """Run `body` with a button under watch on the virtual clock; `held` from before the start."""

    async def scenario() -> None:
        button, hand = SimButton(), Hand()
        watched = WatchedButton(
            "THANKS",
            button,
            hand,
            on_felt=lambda: hand.write("felt"),
            on_trouble=lambda: hand.write(f"trouble: {watched.trouble}"),
        )
        async with asyncio.TaskGroup() as group:
            if held:
                button.hold()
            running = group.create_task(watched.run())
            await asyncio.sleep(1)
            await body(button, watched, hand)
            running.cancel()

    run_virtual(scenario())


def test_a_press_acts_and_is_felt_at_once() -> None:
    async def body(button: SimButton, _: WatchedButton, hand: Hand) -> None:
        began = asyncio.get_running_loop().time()
        button.hold()
        await asyncio.sleep(0.001)
        assert hand.did == ["pressed", "felt"]
        assert hand.at[-1] - began < 0.050
        await asyncio.sleep(3)
        button.release()
        await asyncio.sleep(0.1)
        assert hand.did == ["pressed", "felt", "released"]

    with_button(body)


def test_a_press_from_before_the_start_ends_without_a_deed() -> None:
    async def body(button: SimButton, _: WatchedButton, hand: Hand) -> None:
        button.release()
        await asyncio.sleep(1)
        assert hand.did == ["pressed", "cancelled", "felt"]
        button.press()
        await asyncio.sleep(1)
        assert hand.did[3:] == ["pressed", "felt", "released"]

    with_button(body, held=True)


def test_a_press_counts_once_however_it_bounces() -> None:
    async def body(button: SimButton, _: WatchedButton, hand: Hand) -> None:
        for _ in range(3):
            for _ in range(4):
                button.press()
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
        assert hand.did == ["pressed", "felt", "released"] * 3

    with_button(body)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([0, 0.001, 0.02, 0.049, 0.051, 0.4, 70.0])),
        max_size=60,
    )
)
def test_edges_alternate_and_end_as_the_contacts_do(touches: list[tuple[bool, float]]) -> None:
    async def scenario() -> None:
        button = SimButton()
        edges: list[bool] = []

        async def listen() -> None:
            async for down in button.edges():
                edges.append(down)

        async with asyncio.TaskGroup() as group:
            listener = group.create_task(listen())
            for closed, pause in touches:
                button.hold() if closed else button.release()
                await asyncio.sleep(pause)
            await asyncio.sleep(1)
            listener.cancel()
        assert edges == [index % 2 == 0 for index in range(len(edges))]
        assert bool(edges and edges[-1]) is bool(touches and touches[-1][0])

    run_virtual(scenario())


def test_presses_from_before_anybody_listened_wait_but_do_not_pile_up() -> None:
    async def scenario() -> None:
        button = SimButton()
        for _ in range(50):
            button.press()
            await asyncio.sleep(0.1)
        edges = button.edges()
        heard = []
        try:
            while True:
                async with asyncio.timeout(1):
                    heard.append(await anext(edges))
        except TimeoutError:
            pass
        assert heard == [True, False] * 8

    run_virtual(scenario())


def test_a_wedged_cap_is_reported_once_and_does_nothing_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def body(button: SimButton, watched: WatchedButton, hand: Hand) -> None:
        button.hold()
        await asyncio.sleep(59.9)
        assert watched.trouble is None
        await asyncio.sleep(0.2)
        assert watched.trouble is ButtonTrouble.STUCK
        await asyncio.sleep(3600)
        assert watched.trouble is ButtonTrouble.STUCK
        button.release()
        await asyncio.sleep(1)
        assert watched.trouble is None
        assert hand.did == ["pressed", "felt", "cancelled", "trouble: stuck", "trouble: None"]
        button.press()
        await asyncio.sleep(1)
        assert hand.did[-3:] == ["pressed", "felt", "released"]

    caplog.set_level(logging.INFO, "likelight.appreciation.buttons.watched")
    with_button(body)
    assert caplog.messages == [
        "The THANKS button has been down for a minute; is it stuck?",
        "The THANKS button works again",
    ]


def test_a_wire_that_chatters_at_1_khz_is_one_press_that_is_stuck() -> None:
    async def body(button: SimButton, watched: WatchedButton, hand: Hand) -> None:
        for _ in range(60 * 500 + 500):
            button.hold()
            await asyncio.sleep(0.001)
            button.release()
            await asyncio.sleep(0.001)
        assert hand.did == ["pressed", "felt", "cancelled", "trouble: stuck"]
        assert watched.trouble is ButtonTrouble.STUCK

    with_button(body)


def test_a_wire_that_chatters_slowly_ends_nothing_and_mends_by_itself() -> None:
    async def body(button: SimButton, watched: WatchedButton, hand: Hand) -> None:
        for _ in range(100):
            button.press()
            await asyncio.sleep(0.11)
        assert watched.trouble is ButtonTrouble.CHATTERS
        assert hand.did.count("released") == 11, "from the twelfth press on nobody means it"
        await asyncio.sleep(3.9)
        assert watched.trouble is ButtonTrouble.CHATTERS
        await asyncio.sleep(0.2)
        assert watched.trouble is None
        button.press()
        await asyncio.sleep(0.1)
        assert hand.did[-3:] == ["pressed", "felt", "released"]

    with_button(body)


class FailingButton(SimButton):
    """Can't be read until it is repaired."""

    broken = True

    async def edges(self) -> AsyncIterator[bool]:
        if self.broken:
            raise HardwareError("no GPIO 5 on this board")
        async for down in super().edges():
            yield down


def test_a_button_that_cannot_be_read_is_reported_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        button, hand = FailingButton(), Hand()
        watched = WatchedButton(
            "PRIVACY", button, hand, on_felt=lambda: None, on_trouble=lambda: None
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(watched.run())
            await asyncio.sleep(59.9)
            assert watched.trouble is ButtonTrouble.UNREADABLE
            button.broken = False
            # It is read again each 5 s; and if it then has no complaint for 5 s, it works.
            await asyncio.sleep(5)
            assert watched.trouble is ButtonTrouble.UNREADABLE
            await asyncio.sleep(0.2)
            assert watched.trouble is None
            button.press()
            await asyncio.sleep(1)
            assert hand.did[-2:] == ["pressed", "released"]
            running.cancel()

    caplog.set_level(logging.INFO, "likelight.appreciation.buttons.watched")
    run_virtual(scenario())
    assert caplog.messages == [
        "The PRIVACY button can't be read: no GPIO 5 on this board",
        "The PRIVACY button works again",
    ]


def test_touched_since_knows_overlaps() -> None:
    async def body(button: SimButton, watched: WatchedButton, _: Hand) -> None:
        loop = asyncio.get_running_loop()
        button.hold()
        await asyncio.sleep(0.2)
        assert watched.touched_since(loop.time())
        button.release()
        await asyncio.sleep(0.2)
        assert watched.touched_since(loop.time() - 0.3)
        assert not watched.touched_since(loop.time() - 0.1)

    with_button(body)


@pytest.mark.parametrize(
    ("after", "did"), [(0.019, ["pressed", "cancelled", "felt"]), (0.021, None)]
)
def test_a_press_within_20_ms_was_there_before_anybody_looked(
    after: float, did: list[str] | None
) -> None:
    async def scenario() -> None:
        button, hand = SimButton(), Hand()
        watched = WatchedButton(
            "PRIVACY",
            button,
            hand,
            on_felt=lambda: hand.write("felt"),
            on_trouble=lambda: None,
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(watched.run())
            await asyncio.sleep(after)
            button.hold()
            await asyncio.sleep(1)
            button.release()
            await asyncio.sleep(1)
            assert hand.did == (did or ["pressed", "felt", "released"])
            running.cancel()

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("presses", "apart", "trouble"),
    [
        (12, 0.36, ButtonTrouble.CHATTERS),
        (12, 0.37, None),
        (11, 0.1, None),
        (12, 0.1, ButtonTrouble.CHATTERS),
    ],
)
def test_twelve_presses_within_4_s_are_no_hand(
    presses: int, apart: float, trouble: ButtonTrouble | None
) -> None:
    async def body(button: SimButton, watched: WatchedButton, _: Hand) -> None:
        for _press in range(presses):
            button.press()
            await asyncio.sleep(apart)
        assert watched.trouble is trouble

    with_button(body)


def test_a_letting_go_is_believed_after_50_ms_of_calm() -> None:
    async def body(button: SimButton, _: WatchedButton, hand: Hand) -> None:
        button.hold()
        await asyncio.sleep(1)
        button.release()
        await asyncio.sleep(0.049)
        assert hand.did == ["pressed", "felt"]
        button.hold()  # a bounce: the calm starts again
        button.release()
        await asyncio.sleep(0.049)
        assert hand.did == ["pressed", "felt"]
        await asyncio.sleep(0.002)
        assert hand.did == ["pressed", "felt", "released"]
        button.press()
        await asyncio.sleep(0.001)
        assert hand.did == ["pressed", "felt", "released", "pressed", "felt"]

    with_button(body)


def test_whoever_answers_a_press_and_fails_costs_no_press(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise RuntimeError("the lamp is gone")

    async def scenario() -> None:
        button, hand = SimButton(), Hand()
        watched = WatchedButton("PRIVACY", button, hand, on_felt=fail, on_trouble=fail)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(watched.run())
            for _ in range(2):
                await asyncio.sleep(1)
                button.press()
            await asyncio.sleep(1)
            assert hand.did == ["pressed", "released"] * 2
            button.hold()
            await asyncio.sleep(61)
            assert watched.trouble is ButtonTrouble.STUCK
            button.press()
            await asyncio.sleep(1)
            button.press()
            await asyncio.sleep(1)
            assert hand.did[-2:] == ["pressed", "released"]
            assert not running.done(), "a watch that starts again is blind meanwhile"
            running.cancel()

    run_virtual(scenario())
    assert "The buttons work, but lamp or screen failed to answer one" in caplog.messages
