"""The endless MP4 over HTTP: the same shared fragments as the WebSocket's, framed by nothing."""

import asyncio
from itertools import groupby

import aiohttp
import pytest

from likelight.contract import State
from likelight.feed.outlets import Demand
from likelight.feed.rendition import Rendition
from support.feed import SHADES, Kitchen, kitchen, now_us
from support.hls import Camera
from support.pictures import CAMERA_SHADE, HEIGHT, WIDTH, decode, decode_sized, encode, heavy
from support.waiting import WITHIN_S
from support.watcher import raw_viewer, read_to_the_end


async def boxes(reply: aiohttp.ClientResponse, pictures: int) -> list[bytes]:
    """Read top-level boxes until so many pictures are there."""
    found: list[bytes] = []
    while sum(box[4:8] == b"mdat" for box in found) < pictures:
        head = await asyncio.wait_for(reply.content.readexactly(8), WITHIN_S)
        found.append(head + await reply.content.readexactly(int.from_bytes(head[:4], "big") - 8))
    return found


def near(shade: int, expected: int) -> bool:
    return abs(shade - expected) <= 4


def rolling(place: Kitchen) -> Camera:
    camera = Camera(place.hub)
    camera.roll(20)
    return camera


async def test_a_joiner_gets_the_pictures_since_the_last_keyframe_and_all_that_follow() -> None:
    async with kitchen() as place, aiohttp.ClientSession(place.url) as session:
        camera = rolling(place)
        async with session.get("/k/demo/live.mp4") as reply:
            assert reply.status == 200
            assert reply.content_type == "video/mp4"
            assert reply.headers["Cache-Control"] == "no-store"
            found = await boxes(reply, 20)
            camera.roll(5)
            found += await boxes(reply, 5)
        assert [box[4:8] for box in found[:4]] == [b"ftyp", b"moov", b"prft", b"moof"]
        shades = decode(b"".join(found))
        assert len(shades) == 25
        assert all(near(shade, CAMERA_SHADE) for shade in shades)
        await place.demands.until(Demand())


async def test_a_shut_gate_is_seen_and_no_camera_frame_follows() -> None:
    async with kitchen() as place, aiohttp.ClientSession(place.url) as session:
        camera = rolling(place)
        async with session.get("/k/demo/live.mp4") as reply:
            await boxes(reply, 20)
            place.hub.show(State.PRIVATE)
            camera.roll(30)
            found = await boxes(reply, 3)
        assert found[0][4:8] == b"ftyp", "another picture size, so another init"
        assert all(near(shade, SHADES[State.PRIVATE]) for shade in decode(b"".join(found)))


async def test_a_decoder_of_the_first_init_alone_shows_each_placeholder_and_the_camera() -> None:
    """FFmpeg's demuxer skips every later `moov`: a camera's picture stood still over PRIVACY."""
    async with kitchen() as place, aiohttp.ClientSession(place.url) as session:
        camera = rolling(place)
        async with session.get("/k/demo/live.mp4") as reply:
            found = await boxes(reply, 20)
            for state in (State.PRIVATE, State.OFF):  # of another size than the camera, and of its
                place.hub.show(state)
                found += await boxes(reply, 1)
                place.hub.show(State.LIVE)
                camera.roll(20)
                found += await boxes(reply, 20)
        assert sum(box[4:8] == b"moov" for box in found) > 1
        shown = [picture for picture, _ in groupby(decode_sized(b"".join(found)))]
        camera_picture = (WIDTH, HEIGHT, CAMERA_SHADE)
        expected = [
            camera_picture,
            (256, 128, SHADES[State.PRIVATE]),
            camera_picture,
            (WIDTH, HEIGHT, SHADES[State.OFF]),
            camera_picture,
        ]
        assert [size for *size, _ in shown] == [size for *size, _ in expected]
        assert all(near(got[-1], sent[-1]) for got, sent in zip(shown, expected, strict=True))


async def test_a_deaf_viewer_is_cut_off_when_the_gate_shuts() -> None:
    async with kitchen() as place, raw_viewer(place, "/k/demo/live.mp4") as deaf:
        await place.demands.until(Demand(h264=1))
        camera = Camera(place.hub)
        camera.roll(30)
        camera.push(heavy(8 << 20, keyframe=False))
        place.hub.show(State.OFF)
        await place.demands.until(Demand())
        with pytest.raises(ConnectionError):
            await read_to_the_end(deaf)


async def test_an_unknown_kitchen_has_none() -> None:
    async with kitchen() as place, aiohttp.ClientSession(place.url) as session:
        async with session.get("/k/nobody/live.mp4") as reply:
            assert reply.status == 404


async def test_a_rendition_comes_when_it_is_asked_for_and_begins_with_a_keyframe() -> None:
    async with kitchen() as place, aiohttp.ClientSession(place.url) as session:
        place.hub.set_format(WIDTH // 2, HEIGHT // 2, 30, Rendition.LOW)
        rolling(place)
        async with session.get("/k/demo/live.mp4?rendition=low") as reply:
            low = frozenset({Rendition.LOW})
            async with asyncio.timeout(WITHIN_S):
                while place.hub.demand.renditions != low:
                    await asyncio.sleep(0)
            for unit in encode([CAMERA_SHADE] * 5, width=WIDTH // 2, height=HEIGHT // 2):
                place.hub.publish(
                    unit.data, keyframe=unit.keyframe, captured_us=now_us(), rendition=Rendition.LOW
                )
            found = await boxes(reply, 5)
        shown = decode_sized(b"".join(found))
        assert [(width, height) for width, height, _ in shown] == [(WIDTH // 2, HEIGHT // 2)] * 5
        async with session.get("/k/demo/live.mp4?rendition=best") as reply:
            assert reply.status == 400
        await place.demands.until(Demand())
        assert place.hub.demand.renditions == frozenset()
