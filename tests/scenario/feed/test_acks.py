"""A page behind a proxy that takes whatever it is given: only acknowledgements tell of its line."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from likelight.contract import State
from likelight.feed.acks import Acks
from likelight.feed.hub import Hub
from support.far_page import Page
from support.feed import now_us
from support.pictures import HEIGHT, WIDTH, heavy
from support.valve import Valve
from support.virtual import run_virtual

FPS = 30
KEY, LIGHT = heavy(30_000, keyframe=True), heavy(7_600, keyframe=False)
RATE = len(KEY.data) + 29 * len(LIGHT.data)
"""Bytes a second of the stream: 2 Mbit/s."""


@contextmanager
def watched(bytes_per_s: float) -> Iterator[tuple[Hub, Page]]:
    """Give a live hub and one page that is about to watch it."""
    hub = Hub(now_us=now_us, on_demand=lambda _: None)
    hub.set_format(WIDTH, HEIGHT, FPS)
    hub.show(State.LIVE)
    proxy = Valve()
    with hub.watch_h264(proxy) as viewer:
        yield hub, Page(viewer, proxy, bytes_per_s)


async def film(hub: Hub, seconds: float) -> None:
    """Be the camera, with a keyframe a second."""
    for number in range(round(seconds * FPS)):
        unit = LIGHT if number % FPS else KEY
        hub.publish(unit.data, keyframe=unit.keyframe, captured_us=now_us())
        await asyncio.sleep(1 / FPS)


async def beside(hub: Hub, page: Page, seconds: float) -> None:
    """Film for `seconds` while the page watches and the hub runs."""
    async with asyncio.TaskGroup() as group:
        parts = page.watch(), page.acknowledge(), hub.run()
        tasks = [group.create_task(part) for part in parts]
        await film(hub, seconds)
        for task in tasks:
            task.cancel()


@pytest.mark.parametrize(
    ("bytes_per_s", "oldest_s"), [(120_000, 1.3), (60_000, 2.0), (25_000, 4.0)]
)
def test_a_page_that_acknowledges_sees_the_present_over_a_slow_line(
    bytes_per_s: float, oldest_s: float
) -> None:
    async def scenario() -> None:
        with watched(bytes_per_s) as (hub, page):
            began = asyncio.get_running_loop().time()
            await beside(hub, page, 60.0)
        ages = [age for at, age in page.ages if at > began + 10]
        assert max(ages) < oldest_s
        assert len(ages) > 20, "and it sees something"
        assert hub.traffic["ws"].skips > 0

    run_virtual(scenario())


def test_of_a_page_that_says_nothing_the_hub_knows_only_the_proxy() -> None:
    async def scenario() -> None:
        with watched(120_000) as (hub, page):
            page.acknowledges = False
            await beside(hub, page, 20.0)
        assert page.ages[-1][1] > 5, "as the players of others: they have the picture in order"
        assert hub.traffic["ws"].skips == 0

    run_virtual(scenario())


@pytest.mark.parametrize("delay_s", [0.02, 0.4])
def test_on_a_line_that_carries_the_stream_nothing_is_left_out(delay_s: float) -> None:
    async def scenario() -> None:
        with watched(3 * RATE) as (hub, page):
            page.delay_s = delay_s
            await beside(hub, page, 20.0)
        assert len(page.ages) > 20 * FPS - 5
        assert hub.traffic["ws"].skips == 0

    run_virtual(scenario())


def test_a_line_that_gets_slow_and_quick_again_is_followed() -> None:
    async def scenario() -> None:
        with watched(3 * RATE) as (hub, page):
            loop = asyncio.get_running_loop()
            slow_at, quick_at = loop.time() + 5, loop.time() + 25
            loop.call_at(slow_at, setattr, page, "bytes_per_s", 60_000)
            loop.call_at(quick_at, setattr, page, "bytes_per_s", 3 * RATE)
            await beside(hub, page, 65.0)
        assert max(age for at, age in page.ages if slow_at + 5 < at < quick_at) < 2.0
        whole = [at for at, _ in page.ages if at > quick_at + 35]
        assert len(whole) > 4 * FPS, "all pictures again, once the slideshow is over"

    run_virtual(scenario())


def test_a_page_that_acknowledges_no_more_is_gone_after_ten_seconds() -> None:
    """Its proxy takes everything: by its transport alone it would keep the camera on for ever."""

    async def scenario() -> None:
        with watched(3 * RATE) as (hub, page):
            loop = asyncio.get_running_loop()
            mute_at = loop.time() + 5
            loop.call_at(mute_at, setattr, page, "acknowledges", False)
            await beside(hub, page, 20.0)
            assert page.proxy.cut_at is not None
            assert 9.5 < page.proxy.cut_at - mute_at < 11.5

    run_virtual(scenario())


def test_numbers_that_were_never_sent_change_nothing() -> None:
    async def scenario() -> None:
        with watched(3 * RATE) as (hub, page):
            for number in (1, 2, 1000, 2**53 - 1):
                page.viewer.acknowledge(Acks(acks=((number, 0.0),)))
            page.acknowledges = False
            await beside(hub, page, 5.0)
        assert len(page.ages) > 5 * FPS - 5

    run_virtual(scenario())
