"""LL-HLS and demand, by the virtual clock: a request is a viewer for 6 s, and is held as long."""

import asyncio

import pytest

from likelight.contract import State
from likelight.feed.hls.hls import Hls
from likelight.feed.outlets import Demand
from support.feed import Demands, hub_with_placeholders
from support.hls import Camera
from support.virtual import run_virtual


def test_demand_ends_six_seconds_after_the_last_request_and_nothing_is_kept() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        demands = Demands()
        hub = hub_with_placeholders(demands)
        hls = Hls(hub, epoch="e")
        camera = Camera(hub)
        camera.roll(30)
        assert not demands.heard, "to watch is to ask"
        assert await hls.part(0, 0) is None
        assert hub.demand == Demand(h264=1)
        camera.roll(90)
        await asyncio.sleep(5)
        assert await hls.part(0, 0)
        asked = loop.time()
        await demands.until(Demand(), within=60)
        assert loop.time() - asked == pytest.approx(6, abs=0.1)
        camera.roll(30)
        assert hls.segment(0) is None
        assert await hls.part(0, 0) is None

    run_virtual(scenario())


def test_a_request_from_idle_is_answered_by_placeholders_when_no_camera_comes() -> None:
    async def scenario() -> None:
        hub = hub_with_placeholders(Demands())
        hls = Hls(hub, epoch="e")
        async with asyncio.TaskGroup() as group:
            running = group.create_task(hub.run())
            loop = asyncio.get_running_loop()
            began = loop.time()
            playlist = await hls.playlist()
            assert b"#EXT-X-PART:" in playlist.plain
            assert loop.time() - began < 3
            running.cancel()

    run_virtual(scenario())


def test_a_state_without_any_picture_is_a_time_out_not_a_hang() -> None:
    async def scenario() -> None:
        hub = hub_with_placeholders(Demands())
        hub.show(State.CLOSED)
        hls = Hls(hub, epoch="e")
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(TimeoutError):
            await hls.multivariant()
        assert loop.time() - began == pytest.approx(6, abs=0.1)

    run_virtual(scenario())
