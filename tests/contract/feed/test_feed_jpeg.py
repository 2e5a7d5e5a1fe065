"""MJPEG and snapshots over real sockets."""

import asyncio

import aiohttp
import pytest

from likelight.contract import State
from likelight.feed.outlets import Demand
from likelight.feed.rendition import Rendition
from support.feed import SHADES, Kitchen, kitchen, now_us
from support.pictures import CAMERA_SHADE, jpeg, jpeg_shade
from support.waiting import WITHIN_S
from support.watcher import raw_viewer, read_to_the_end

MAIN, LOW, SLIDE = Rendition


def near(data: bytes, shade: int) -> bool:
    return abs(jpeg_shade(data) - shade) <= 4


class Multipart:
    """Reads an MJPEG stream as a strict client does."""

    def __init__(self, reply: aiohttp.ClientResponse) -> None:
        kind, _, boundary = reply.headers["Content-Type"].partition("; boundary=")
        assert kind == "multipart/x-mixed-replace"
        self._boundary = f"--{boundary}\r\n".encode()
        self._reply = reply
        self._started = False

    async def part(self) -> tuple[bytes, float]:
        """Return the next picture and its X-Timestamp, within 5 s."""
        async with asyncio.timeout(WITHIN_S):
            content = self._reply.content
            if not self._started:
                assert await content.readline() == self._boundary
                self._started = True
            headers = {}
            while (line := await content.readline()) != b"\r\n":
                name, _, value = line.decode().partition(": ")
                headers[name] = value.strip()
            data = await content.readexactly(int(headers["Content-Length"]))
            assert await content.readline() == b"\r\n"
            assert await content.readline() == self._boundary
            return data, float(headers["X-Timestamp"])

    async def until(self, shade: int) -> None:
        """Read on until a picture of `shade` comes."""
        while not near((await self.part())[0], shade):
            pass


async def roll_for_ever(place: Kitchen) -> None:
    picture = jpeg(CAMERA_SHADE)
    while True:
        place.hub.publish_jpeg(picture, captured_us=now_us())
        await asyncio.sleep(0.01)


async def roll_both(place: Kitchen, shades: dict[Rendition, int]) -> None:
    pictures = {each: jpeg(shade) for each, shade in shades.items()}
    while True:
        for each, picture in pictures.items():
            place.hub.publish_jpeg(picture, captured_us=now_us(), rendition=each)
        await asyncio.sleep(0.02)


async def test_mjpeg_shows_placeholders_the_camera_and_nothing_after_a_shut() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        async with session.get(f"{place.url}/k/demo/stream.mjpg") as reply:
            assert reply.headers["Cache-Control"] == "no-store"
            assert "Transfer-Encoding" not in reply.headers
            stream = Multipart(reply)
            data, _ = await stream.part()
            assert near(data, SHADES[State.IDLE])
            await place.demands.until(Demand(0, 1))
            async with asyncio.TaskGroup() as group:
                camera = group.create_task(roll_for_ever(place))
                place.hub.show(State.LIVE)
                await stream.until(CAMERA_SHADE)
                _, stamp = await stream.part()
                assert abs(stamp - now_us() / 1e6) < 5
                place.hub.show(State.PRIVATE)
                await stream.until(SHADES[State.PRIVATE])
                for _ in range(3):
                    assert near((await stream.part())[0], SHADES[State.PRIVATE])
                camera.cancel()
        await place.demands.until(Demand(0, 0))


async def test_x_timestamp_is_the_capture_in_epoch_seconds_to_the_microsecond() -> None:
    captured_us = 1_790_000_000_023_456
    async with kitchen() as place, aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        place.hub.show(State.LIVE)
        async with session.get(f"{place.url}/k/demo/stream.mjpg") as stream:
            asked = group.create_task(session.get(f"{place.url}/k/demo/snapshot.jpg"))
            await place.demands.until(Demand(0, 2))
            place.hub.publish_jpeg(jpeg(CAMERA_SHADE), captured_us=captured_us)
            told = b""
            while b"X-Timestamp: 1790000000.023456\r\n" not in told:
                told = await asyncio.wait_for(stream.content.readline(), WITHIN_S)
            async with await asked as snapshot:
                assert snapshot.headers["X-Timestamp"] == "1790000000.023456"


async def test_a_second_mjpeg_viewer_begins_with_the_newest_picture() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        place.hub.show(State.LIVE)
        async with session.get(f"{place.url}/k/demo/stream.mjpg") as first:
            await Multipart(first).part()
            place.hub.publish_jpeg(jpeg(CAMERA_SHADE), captured_us=now_us())
            async with session.get(f"{place.url}/k/demo/stream.mjpg") as second:
                data, _ = await Multipart(second).part()
                assert near(data, CAMERA_SHADE)


@pytest.mark.parametrize(
    ("rendition", "jpegs"), [("low", {LOW}), ("slide", {SLIDE}), ("main", {MAIN}), ("auto", {MAIN})]
)
async def test_a_rendition_is_had_by_asking_for_it(rendition: str, jpegs: set[Rendition]) -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        place.hub.show(State.LIVE)
        url = f"{place.url}/k/demo/stream.mjpg?rendition={rendition}&7"
        async with session.get(url) as reply:
            stream = Multipart(reply)
            await stream.part()  # the placeholder of before
            assert place.hub.demand.jpegs == jpegs
            shades = {MAIN: 10, LOW: 230}
            async with asyncio.TaskGroup() as group:
                camera = group.create_task(roll_both(place, shades))
                parts = [(await stream.part())[0] for _ in range(4)]
                camera.cancel()
            size = MAIN if jpegs & {MAIN} else LOW
            assert near(parts[-1], shades.pop(size))
            assert not any(near(part, other) for part in parts for other in shades.values())


async def test_a_rendition_that_nobody_knows_is_refused() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        async with session.get(f"{place.url}/k/demo/stream.mjpg?rendition=tiny") as reply:
            assert reply.status == 400
            assert "main, low, slide" in await reply.text()
        assert place.hub.demand == Demand()


async def test_an_http_1_0_reader_gets_the_same_stream() -> None:
    async with kitchen() as place:
        reader, writer = await asyncio.open_connection(place.host, place.port)
        writer.write(b"GET /k/demo/stream.mjpg HTTP/1.0\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WITHIN_S)
        assert b"multipart/x-mixed-replace" in head
        assert await asyncio.wait_for(reader.readline(), WITHIN_S) == b"--likelight\r\n"
        writer.close()
        await writer.wait_closed()
        await place.demands.until(Demand(0, 0))


async def test_a_deaf_mjpeg_viewer_is_cut_off_when_the_gate_shuts() -> None:
    async with kitchen() as place, raw_viewer(place, "/k/demo/stream.mjpg") as deaf:
        place.hub.show(State.LIVE)
        await place.demands.until(Demand(0, 1))
        place.hub.publish_jpeg(bytes(8 << 20), captured_us=now_us())
        place.hub.show(State.OFF)
        await place.demands.until(Demand(0, 0))
        with pytest.raises(ConnectionError):
            await read_to_the_end(deaf)


async def snapshot(session: aiohttp.ClientSession, place: Kitchen) -> bytes:
    async with session.get(f"{place.url}/k/demo/snapshot.jpg") as reply:
        assert reply.status == 200
        assert reply.content_type == "image/jpeg"
        assert reply.headers["Cache-Control"] == "no-store"
        assert float(reply.headers["X-Timestamp"]) > 1e9
        return await reply.read()


async def test_a_snapshot_waits_for_a_fresh_picture_and_counts_as_demand() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        place.hub.show(State.LIVE)
        place.hub.publish_jpeg(jpeg(90), captured_us=now_us())  # before it asked
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(snapshot(session, place))
            await place.demands.until(Demand(0, 1))
            place.hub.publish_jpeg(jpeg(CAMERA_SHADE), captured_us=now_us())
        assert near(asked.result(), CAMERA_SHADE)
        await place.demands.until(Demand(0, 0))


async def test_a_snapshot_wakes_an_idle_camera() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        asked = group.create_task(snapshot(session, place))
        await place.demands.until(Demand(0, 1))
        place.hub.show(State.LIVE)
        place.hub.publish_jpeg(jpeg(CAMERA_SHADE), captured_us=now_us())
        assert near(await asked, CAMERA_SHADE)


async def test_a_snapshot_that_waits_gets_the_placeholder_when_the_gate_shuts() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        place.hub.show(State.LIVE)
        asked = group.create_task(snapshot(session, place))
        await place.demands.until(Demand(0, 1))
        # Both in one turn of the loop: the camera's picture is ready, and must not leave.
        place.hub.publish_jpeg(jpeg(CAMERA_SHADE), captured_us=now_us())
        place.hub.show(State.PRIVATE)
        assert near(await asked, SHADES[State.PRIVATE])


async def test_a_snapshot_without_any_picture_says_when_to_ask_again() -> None:
    async with kitchen() as place, aiohttp.ClientSession() as session:
        place.hub.show(State.CLOSED)
        async with session.get(f"{place.url}/k/demo/snapshot.jpg") as reply:
            assert reply.status == 503
            assert reply.headers["Retry-After"] == "2"
