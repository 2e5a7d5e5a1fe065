"""An edge in front of the demo: Debian's Varnish with our VCL, and many LL-HLS viewers."""

import asyncio
import re
from pathlib import Path

import pytest

from likelight.contract import MAX_WAIT_S
from support.busy import BUSY
from support.demo import demo
from support.hls import status, text
from support.hls_validator import Follower
from support.varnish import VARNISHD, VCL, edge, measured
from support.waiting import WITHIN_S

pytestmark = pytest.mark.skipif(not VARNISHD.exists(), reason="needs Debian's varnish")


async def test_the_origin_does_not_feel_how_many_watch(tmp_path: Path) -> None:
    async with demo(tmp_path / "state") as place, edge(place.url, tmp_path) as varnish:
        few = await measured(place, varnish, 50, 4)
        many = await measured(place, varnish, 200, 5)
    for viewers, found in ((50, few), (200, many)):
        print(
            f"{viewers} viewers: {found.origin_requests:.1f} requests/s at the origin, "
            f"+{found.delay_ms:.0f} ms at the median"
        )
        assert found.origin_requests <= 10


async def test_no_edge_shows_a_picture_long_after_a_shut(tmp_path: Path) -> None:
    async with demo(tmp_path / "state") as place, edge(place.url, tmp_path) as varnish:
        viewer = Follower(place.client, f"{varnish.url}/k/demo/stream.m3u8")
        await viewer.start()
        seen = [*viewer.parts, *(each.uri for each in viewer.segments.values() if each.uri)]
        assert {await status(place.client, uri) for uri in seen} == {200}
        await place.press("privacy")
        await place.until(lambda bench: bench["camera"] == "private")
        clock = asyncio.get_running_loop().time
        shut = clock()
        for uri in seen:
            while await status(place.client, uri) != 404:
                await asyncio.sleep(0.1)
        assert clock() - shut < BUSY


async def test_everything_else_passes_through(tmp_path: Path) -> None:
    async with demo(tmp_path / "state") as place, edge(place.url, tmp_path) as varnish:
        client = place.client
        async with client.ws_connect(f"{varnish.url}/k/demo/ws", max_msg_size=0) as socket:
            assert "mime" in await socket.receive_json(timeout=WITHIN_S)
        async with client.get(f"{varnish.url}/k/demo/live.mp4") as reply:
            assert (await asyncio.wait_for(reply.content.readexactly(8), WITHIN_S))[4:] == b"ftyp"
        async with client.get(f"{varnish.url}/k/demo/snapshot.jpg") as reply:
            assert reply.status == 200
        async with client.get(f"{varnish.url}/v1/kitchens/demo") as reply:
            assert (await reply.json())["kid"] == "demo"
        before = await varnish.origin_requests()
        for query in ("", "?cachebuster=1", "?utm=2&x=y"):
            assert "#EXT-X-STREAM-INF" in await text(
                client, f"{varnish.url}/k/demo/stream.m3u8{query}"
            )
        assert await varnish.origin_requests() - before <= 2, "a query string is no way around"
        for _ in range(3):
            async with client.get(f"{varnish.url}/k/demo/hls/x/9.m4s?{_}") as reply:
                assert reply.status == 404


def test_a_device_that_polls_through_the_edge_is_waited_for() -> None:
    patience = re.search(r"first_byte_timeout = (\d+)s;", VCL.read_text())
    assert patience
    assert int(patience[1]) > MAX_WAIT_S
