"""A gate that shuts, on the virtual clock: who still holds camera pictures, who waits for one."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from likelight.contract import State
from likelight.feed.acks import Acks
from likelight.feed.hub import Hub
from likelight.feed.viewers import Viewer
from support.feed import SHADES, Demands, hub_with_placeholders, now_us
from support.frames import BINARY, messages
from support.pictures import CAMERA_SHADE, HEIGHT, WIDTH, jpeg, jpeg_shade, one_keyframe
from support.valve import Valve
from support.virtual import run_virtual

Watch = Callable[[Hub, Valve], AbstractContextManager[Viewer]]
WAYS: dict[str, Watch] = {
    "ws": lambda hub, valve: hub.watch_h264(valve),
    "mp4": lambda hub, valve: hub.watch_mp4(valve),
    "mjpeg": lambda hub, valve: hub.watch_jpeg(valve),
}
each_way = pytest.mark.parametrize("watch", WAYS.values(), ids=WAYS)


def live_hub() -> Hub:
    """Return a hub whose gate is open and whose camera runs."""
    hub = hub_with_placeholders(Demands())
    hub.set_format(WIDTH, HEIGHT, 30)
    hub.show(State.LIVE)
    return hub


def film(hub: Hub) -> None:
    """Push one picture of each kind."""
    hub.publish(one_keyframe(CAMERA_SHADE), keyframe=True, captured_us=now_us())
    hub.publish_jpeg(jpeg(CAMERA_SHADE), captured_us=now_us())


@each_way
def test_who_still_holds_camera_pictures_is_cut_off_a_tenth_of_a_second_after_a_shut(
    watch: Watch,
) -> None:
    async def scenario() -> None:
        hub, slow, quick = live_hub(), Valve(), Valve()
        with watch(hub, slow), watch(hub, quick):
            slow.open = quick.open = False
            film(hub)
            hub.show(State.PRIVATE)
            shut_at = asyncio.get_running_loop().time()
            await asyncio.sleep(0.09)
            assert slow.cut_at is None, "a line that is only busy gets its tenth of a second"
            quick.open = True
            await asyncio.sleep(0.02)
            assert slow.cut_at == pytest.approx(shut_at + 0.1, abs=0.001)
            assert quick.cut_at is None

    run_virtual(scenario())


@pytest.mark.parametrize("way", ["mp4", "mjpeg"])
def test_a_stream_through_a_proxy_ends_with_the_shut_and_the_pages_socket_stays(way: str) -> None:
    async def scenario() -> None:
        hub, stream, socket = live_hub(), Valve(), Valve()
        watch = {"mp4": hub.watch_mp4, "mjpeg": hub.watch_jpeg}[way]
        with watch(stream, by_proxy=True), hub.watch_h264(socket):
            film(hub)
            hub.show(State.PRIVATE)
            assert stream.cut_at == asyncio.get_running_loop().time()
            await asyncio.sleep(2)
            assert socket.cut_at is None

    run_virtual(scenario())


@pytest.mark.parametrize("way", ["mp4", "mjpeg"])
def test_a_proxy_that_waits_for_the_camera_keeps_its_stream(way: str) -> None:
    async def scenario() -> None:
        hub, stream = hub_with_placeholders(Demands()), Valve()
        watch = {"mp4": hub.watch_mp4, "mjpeg": hub.watch_jpeg}[way]
        with watch(stream, by_proxy=True):
            hub.show(State.PRIVATE)
            hub.show(State.CLOSED)
            assert stream.cut_at is None

    run_virtual(scenario())


def sent(valve: Valve) -> int:
    """Return how many binary messages were written so far."""
    return [opcode for opcode, _ in messages(b"".join(valve.got))].count(BINARY)


@pytest.mark.parametrize("received", [False, True])
def test_a_page_that_has_not_received_the_camera_a_second_after_a_shut_is_cut_off(
    received: bool,
) -> None:
    """Its proxy has taken everything: only its acknowledgements tell."""

    async def scenario() -> None:
        hub, proxy = live_hub(), Valve()
        with hub.watch_h264(proxy) as viewer:
            film(hub)
            viewer.acknowledge(Acks(acks=((sent(proxy), 0.0),)))
            film(hub)
            camera_until = sent(proxy)
            hub.show(State.PRIVATE)
            await asyncio.sleep(0.9)
            if received:
                viewer.acknowledge(Acks(acks=((camera_until, 900.0),)))
            assert proxy.cut_at is None
            await asyncio.sleep(0.2)
            assert (proxy.cut_at is None) is received

    run_virtual(scenario())


def test_a_response_that_holds_camera_pictures_is_cut_off_as_soon() -> None:
    async def scenario() -> None:
        hub, slow, quick = live_hub(), Valve(), Valve()
        for valve in (slow, quick):
            valve.open = False
            hub.track_response(valve)
            valve.write(jpeg(CAMERA_SHADE))
        hub.show(State.PRIVATE)
        shut_at = asyncio.get_running_loop().time()
        await asyncio.sleep(0.09)
        assert slow.cut_at is None
        quick.open = True
        await asyncio.sleep(0.02)
        assert slow.cut_at == pytest.approx(shut_at + 0.1, abs=0.001)
        assert quick.cut_at is None

    run_virtual(scenario())


@each_way
@pytest.mark.parametrize("all_went_out", [False, True])
def test_who_leaves_takes_along_what_was_too_slow_to_go_out(
    watch: Watch, all_went_out: bool
) -> None:
    """The buffer of one who left would be nobody's when the gate shuts."""

    async def scenario() -> None:
        hub, valve = live_hub(), Valve()
        with watch(hub, valve):
            valve.open = all_went_out
            film(hub)
        assert (valve.cut_at is None) is all_went_out

    run_virtual(scenario())


@pytest.mark.parametrize("state", [State.PRIVATE, State.FAULT, State.OFF])
def test_who_waits_for_a_snapshot_is_answered_in_the_moment_of_a_shut(state: State) -> None:
    async def scenario() -> None:
        hub = live_hub()
        clock = asyncio.get_running_loop().time
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(hub.snapshot(Valve()))
            await asyncio.sleep(0.5)
            hub.show(state)
            shut_at = clock()
            picture = await waiting
            assert clock() - shut_at < 0.001
        assert picture is not None
        assert abs(jpeg_shade(picture.jpeg) - SHADES[state]) <= 4

    run_virtual(scenario())


def test_who_waits_for_a_snapshot_is_answered_when_the_feed_ends() -> None:
    async def scenario() -> None:
        hub = live_hub()
        clock = asyncio.get_running_loop().time
        async with asyncio.TaskGroup() as group:
            running = group.create_task(hub.run())
            waiting = group.create_task(hub.snapshot(Valve()))
            await asyncio.sleep(0.5)
            running.cancel()
            ended_at = clock()
            await waiting
            assert clock() - ended_at < 0.001

    run_virtual(scenario())


def test_a_snapshot_waits_two_seconds_for_the_camera_and_no_longer() -> None:
    async def scenario() -> None:
        hub = live_hub()
        began = asyncio.get_running_loop().time()
        picture = await hub.snapshot(Valve())
        assert asyncio.get_running_loop().time() - began == pytest.approx(2.0, abs=0.01)
        assert picture is not None
        assert abs(jpeg_shade(picture.jpeg) - SHADES[State.IDLE]) <= 4

    run_virtual(scenario())
