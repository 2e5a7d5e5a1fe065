"""A shut over real sockets: camera bytes that a reader leaves in the kernel, and proxies."""

import asyncio
from dataclasses import replace

import aiohttp
import pytest

from likelight.contract import State
from likelight.feed.outlets import Demand
from likelight.feed.rendition import Rendition
from likelight.web.http.proxies import TrustedProxies, proxy_network
from support.feed import Kitchen, kitchen, now_us
from support.pictures import HEIGHT, WIDTH, heavy
from support.virtual import run_virtual
from support.waiting import WITHIN_S
from support.watcher import raw_viewer

PATHS = ["/k/demo/ws", "/k/demo/live.mp4", "/k/demo/stream.mjpg"]
LISTED = TrustedProxies([proxy_network("127.0.0.1")])


def demand_of(path: str) -> Demand:
    """Return the demand of one viewer there."""
    main = frozenset({Rendition.MAIN})
    return Demand(0, 1, jpegs=main) if path.endswith("mjpg") else Demand(1, 0)


def film(place: Kitchen, size: int) -> None:
    """Take one picture of each kind, of `size` bytes."""
    picture = heavy(size, keyframe=True).data
    place.hub.publish(picture, keyframe=True, captured_us=now_us())
    place.hub.publish_jpeg(picture, captured_us=now_us())


async def go_live(place: Kitchen, path: str) -> None:
    """Open the gate for the one viewer that is there."""
    await place.demands.until(replace(demand_of(path), jpegs=frozenset()))
    place.hub.set_format(WIDTH, HEIGHT, 30)
    place.hub.show(State.LIVE)


@pytest.mark.parametrize("path", PATHS)
def test_who_reads_nothing_of_what_the_kernel_holds_is_cut_off_after_a_second(path: str) -> None:
    async def scenario() -> None:
        async with kitchen() as place, raw_viewer(place, path):
            await go_live(place, path)
            # More than the reader's kernel takes and less than ours does: in user space nothing is
            # left, and without more ado our kernel would send it whenever the reader reads on.
            film(place, 30_000)
            await asyncio.sleep(0.05)
            place.hub.show(State.PRIVATE)
            shut_at = asyncio.get_running_loop().time()
            await asyncio.sleep(0.9)
            assert place.hub.demand == demand_of(path), "a busy reader has its second"
            await place.demands.until(Demand(), within=5.0)
            assert asyncio.get_running_loop().time() - shut_at < 1.5

    run_virtual(scenario())


def test_a_single_picture_that_is_not_read_is_cut_off_too() -> None:
    async def scenario() -> None:
        async with kitchen() as place, asyncio.TaskGroup() as group:
            place.hub.set_format(WIDTH, HEIGHT, 30)
            place.hub.show(State.LIVE)

            async def roll() -> None:
                while True:
                    film(place, 30_000)
                    await asyncio.sleep(0.05)

            rolling = group.create_task(roll())
            async with raw_viewer(place, "/k/demo/snapshot.jpg") as reader:
                rolling.cancel()
                place.hub.show(State.PRIVATE)
                await asyncio.sleep(1.1)
                with pytest.raises(ConnectionResetError):
                    await asyncio.wait_for(reader.read(), WITHIN_S)

    run_virtual(scenario())


@pytest.mark.parametrize("path", PATHS)
def test_who_has_read_all_stays_and_gets_the_placeholder(path: str) -> None:
    async def scenario() -> None:
        async with kitchen() as place, raw_viewer(place, path) as reader:
            await go_live(place, path)
            film(place, 60_000)
            seen = b""
            async with asyncio.timeout(WITHIN_S):
                while seen.count(b"\xaa") < 60_000:
                    seen += await reader.read(1 << 16)
            place.hub.show(State.PRIVATE)
            after = b""
            began = asyncio.get_running_loop().time()
            while asyncio.get_running_loop().time() - began < 2.0:
                after += await asyncio.wait_for(reader.read(1 << 16), WITHIN_S)
            assert after, "the placeholder"
            assert place.hub.demand == demand_of(path)

    run_virtual(scenario())


@pytest.mark.parametrize("path", PATHS[1:])
async def test_a_stream_through_a_listed_proxy_is_reset_in_the_moment_of_a_shut(path: str) -> None:
    async with kitchen(proxies=LISTED) as place, aiohttp.ClientSession() as session:
        async with raw_viewer(place, path) as reader:
            await go_live(place, path)
            film(place, 60_000)
            place.hub.show(State.PRIVATE)
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(reader.read(), WITHIN_S)
        await place.demands.until(Demand())
        async with session.get(place.url + path) as reply:
            assert reply.headers["X-Accel-Buffering"] == "no"
            assert await asyncio.wait_for(reply.content.read(1 << 10), WITHIN_S), "the placeholder"


async def test_the_pages_socket_through_a_listed_proxy_stays() -> None:
    async with kitchen(proxies=LISTED) as place, aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{place.url}/k/demo/ws", max_msg_size=0) as socket:
            await go_live(place, "/k/demo/ws")
            film(place, 60_000)
            place.hub.show(State.PRIVATE)
            kinds = [(await socket.receive(timeout=WITHIN_S)).type for _ in range(12)]
    assert set(kinds) == {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}
