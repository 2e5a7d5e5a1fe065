"""The feed's WebSocket over real sockets: joins, states, the gate, and viewers who misbehave."""

import asyncio
from contextlib import AsyncExitStack
from itertools import pairwise

import aiohttp
import pytest

from likelight.contract import State
from likelight.feed.outlets import Demand
from likelight.feed.placeholders import Placeholder
from support.boxes import Sample
from support.feed import SHADES, Kitchen, kitchen
from support.pictures import CAMERA_SHADE, HEIGHT, WIDTH, encode, heavy, one_keyframe
from support.watcher import raw_viewer, read_to_the_end, watcher


def near(shade: int, expected: int) -> bool:
    return abs(shade - expected) <= 4


def contiguous(samples: list[Sample]) -> bool:
    return all(late.decode == early.decode + early.duration for early, late in pairwise(samples))


def go_live(place: Kitchen) -> None:
    place.hub.set_format(WIDTH, HEIGHT, 30)
    place.hub.show(State.LIVE)


async def test_a_joiner_sees_the_pictures_since_the_last_keyframe_at_once() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        go_live(place)
        place.roll(encode([CAMERA_SHADE] * 15, gop=10))
        async with watcher(session, place) as viewer:
            await viewer.fragments(5)
            assert viewer.ws._response.headers["Cache-Control"] == "no-store"
            assert viewer.got.texts[0] == {
                "mime": viewer.got.texts[0]["mime"],
                "width": WIDTH,
                "height": HEIGHT,
                "fps": 30,
                "rendition": "main",
            }
            assert viewer.got.segments[0][4:8] == b"ftyp"
            assert viewer.got.states == ["live"]
            assert [sample.keyframe for sample in viewer.got.samples] == [True] + [False] * 4
            place.roll(encode([CAMERA_SHADE] * 3))
            await viewer.fragments(8)
        assert contiguous(viewer.got.samples)
        assert len(viewer.got.shades) == 8
        assert all(near(shade, CAMERA_SHADE) for shade in viewer.got.shades)


async def test_who_waits_for_the_camera_sees_the_placeholder_and_then_the_camera() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        async with watcher(session, place) as viewer:
            await viewer.fragments(2)
            assert "mime" in viewer.got.texts[0]
            go_live(place)
            await viewer.state(State.LIVE)
            place.roll(encode([CAMERA_SHADE] * 4)[1:])  # no keyframe yet: nothing passes
            await viewer.fragments(4)
            waiting = len(viewer.got.samples)
            assert all(near(shade, SHADES[State.IDLE]) for shade in viewer.got.shades)
            place.roll(encode([CAMERA_SHADE] * 4))
            await viewer.fragments(waiting + 4)
        assert near(viewer.got.shades[-1], CAMERA_SHADE)
        assert sum(near(shade, CAMERA_SHADE) for shade in viewer.got.shades) == 4
        assert contiguous(viewer.got.samples)


async def roll_for_ever(place: Kitchen) -> None:
    """A camera that goes on when the gate is shut."""
    while True:
        place.roll(encode([CAMERA_SHADE] * 10, gop=5))
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("state", [State.PRIVATE, State.FAULT, State.OFF])
async def test_no_camera_frame_follows_a_shut_and_the_pictures_come_back(state: State) -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        go_live(place)
        camera = group.create_task(roll_for_ever(place))
        async with watcher(session, place) as viewer:
            await viewer.fragments(20)
            place.hub.show(state)
            await viewer.state(state)
            shut = len(viewer.got.samples)
            await viewer.fragments(shut + 3)
            async with watcher(session, place) as late:
                await late.fragments(2)
            place.hub.show(State.LIVE)
            await viewer.state(State.LIVE)
            opened = len(viewer.got.samples)
            await viewer.fragments(opened + 10)
            camera.cancel()
    shades = viewer.got.shades
    assert all(near(shade, CAMERA_SHADE) for shade in shades[:shut])
    assert all(near(shade, SHADES[state]) for shade in shades[shut:opened] + late.got.shades)
    assert near(shades[-1], CAMERA_SHADE)
    assert contiguous(viewer.got.samples), "the timeline goes on over every switch"


async def test_private_to_fault_changes_the_placeholder() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        async with watcher(session, place) as viewer:
            for state in (State.PRIVATE, State.FAULT):
                place.hub.show(state)
                await viewer.state(state)
                await viewer.fragments(len(viewer.got.samples) + 2)
                assert near(viewer.got.shades[-1], SHADES[state])
        assert viewer.got.states == ["idle", "private", "fault"]


async def test_a_state_without_a_placeholder_is_reported_in_words() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        place.hub.show(State.CLOSED)
        async with watcher(session, place) as viewer:
            await viewer.state(State.CLOSED)
            place.hub.set_placeholder(
                Placeholder.from_keyframe(State.CLOSED, one_keyframe(120), b"jpeg", WIDTH, HEIGHT)
            )
            await viewer.fragments(1)
        assert near(viewer.got.shades[0], 120)


async def test_new_parameter_sets_bring_a_new_init_and_the_timeline_goes_on() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        go_live(place)
        place.roll(encode([CAMERA_SHADE] * 3))
        async with watcher(session, place) as viewer:
            await viewer.fragments(3)
            place.hub.set_format(640, 384, 25)
            place.roll(encode([CAMERA_SHADE] * 2)[1:])  # of the old camera: dropped
            place.roll(encode([CAMERA_SHADE] * 3, width=640, height=384))
            await viewer.fragments(6)
        assert [text["width"] for text in viewer.got.texts if "mime" in text] == [WIDTH, 640]
        assert len(viewer.got.shades) == 6
        assert contiguous(viewer.got.samples)


async def test_who_never_reads_is_cut_off_when_the_gate_shuts() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        go_live(place)
        async with watcher(session, place) as viewer:
            async with raw_viewer(place) as deaf:
                await place.demands.until(Demand(2, 0))
                # More than the socket's buffers take, so some of it stays in the daemon.
                place.roll([heavy(8 << 20, keyframe=True)])
                await viewer.fragments(2)  # the first is a placeholder
                place.hub.show(State.PRIVATE)
                await place.demands.until(Demand(1, 0))
                with pytest.raises(ConnectionError):
                    await read_to_the_end(deaf)
            await viewer.state(State.PRIVATE)
            await viewer.fragments(len(viewer.got.samples) + 2)


async def test_many_come_and_go_and_none_is_left_behind() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        go_live(place)
        place.roll(encode([CAMERA_SHADE] * 5))

        async def visit(polite: bool) -> None:
            if polite:
                async with watcher(session, place) as viewer:
                    await viewer.fragments(3)
            else:
                async with raw_viewer(place):
                    pass

        for _ in range(4):
            async with asyncio.TaskGroup() as group:
                for number in range(10):
                    group.create_task(visit(number % 2 == 0))
        await place.demands.until(Demand(0, 0))
        assert max(demand.h264 for demand in place.demands.heard) > 1
        assert place.hub.demand == Demand(0, 0)


async def test_the_end_of_the_component_says_goodbye() -> None:
    async with aiohttp.ClientSession() as session:
        async with AsyncExitStack() as viewers:
            async with kitchen() as place:
                viewer = await viewers.enter_async_context(watcher(session, place))
                await viewer.fragments(1)
            last = await viewer.until_closed()
            assert last.type is aiohttp.WSMsgType.CLOSE
            assert last.data == 1001


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x81\xff" + (1 << 20).to_bytes(8, "big") + bytes(4), 1009),  # a huge message
        (b"\x8f\x80" + bytes(4), 1002),  # an opcode that does not exist
        (b"\x00\x00garbage", 1002),  # a continuation of nothing
        (b"\x81\x81" + bytes(4) + b"a", None),  # a text: ignored
        (b"\x89\x81" + bytes(4) + b"a", None),  # a ping: answered
        ((b"\x82\x80" + bytes(4)) * 500, 1008),  # a flood
        ((b"\x89\x80" + bytes(4)) * 500, 1008),  # a flood of pings
    ],
)
async def test_garbage_ends_its_sender_and_nobody_else(sent: bytes, code: int | None) -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        go_live(place)
        place.roll(encode([CAMERA_SHADE] * 3))
        async with watcher(session, place) as viewer:
            await viewer.fragments(3)
            async with watcher(session, place) as rude:
                await rude.fragments(3)
                raw = rude.ws._response.connection.transport  # type: ignore[union-attr]
                raw.write(sent)  # type: ignore[union-attr]
                if code is None:
                    place.roll(encode([CAMERA_SHADE] * 3))
                    await rude.fragments(6)
                else:
                    last = await rude.until_closed()
                    assert last.data == code
                    await place.demands.until(Demand(1, 0))
            place.roll(encode([CAMERA_SHADE] * 3))
            await viewer.fragments(6 if code else 9 - 3)


@pytest.mark.parametrize(
    "origin",
    [
        "https://elsewhere.example",
        "null",
        "http://kitchen.local",
        "https://kitchen.local:8080",
        "http://[",
        "",
    ],
)
async def test_foreign_pages_may_not_open_the_socket(origin: str) -> None:
    headers = {"Origin": origin, "Host": "kitchen.local:8080"}
    async with kitchen() as place, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{place.url}/k/demo/ws", headers=headers)
        assert refused.value.status == 403


async def test_our_own_page_may_open_the_socket() -> None:
    headers = {"Origin": "http://kitchen.local:8080", "Host": "kitchen.local:8080"}
    async with (
        kitchen() as place,
        aiohttp.ClientSession(headers=headers) as session,
        watcher(session, place) as viewer,
    ):
        await viewer.fragments(1)


async def test_an_unknown_kitchen_is_not_found() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        for what in ("ws", "stream.mjpg", "snapshot.jpg"):
            async with session.get(f"{place.url}/k/other/{what}") as reply:
                assert reply.status == 404


def test_a_placeholder_that_is_not_a_keyframe_is_refused() -> None:
    with pytest.raises(ValueError, match="private"):
        Placeholder.from_keyframe(State.PRIVATE, b"no H.264", b"", WIDTH, HEIGHT)
