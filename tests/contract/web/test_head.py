"""HEAD, and encodings that a client refuses: as RFC 9110 has them, where there is a stream, too."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from likelight.feed.outlets import Demand
from likelight.web.bench.routes import bench_routes
from likelight.web.http.encoding import accepts_gzip
from support.cloud import KID
from support.cloud_server import cloud_server
from support.feed import kitchen
from support.serving import serving
from support.stub_bench import StubBench
from support.waiting import WITHIN_S

MEDIA = {
    "snapshot.jpg": "image/jpeg",
    "live.mp4": "video/mp4",
    "stream.mjpg": "multipart/x-mixed-replace",
    "stream.m3u8": "application/vnd.apple.mpegurl",
    "main.m3u8": "application/vnd.apple.mpegurl",
    "hls/an-epoch/live.m3u8": "application/vnd.apple.mpegurl",
    "hls/an-epoch/live.m3u8?_HLS_msn=1": "application/vnd.apple.mpegurl",
}


async def head(url: str) -> tuple[int, str]:
    """Ask on a connection of its own, and return when the reply is whole."""
    timeout = aiohttp.ClientTimeout(total=WITHIN_S)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.head(url) as reply:
        assert await reply.read() == b""
        assert "Content-Length" not in reply.headers
        assert "Transfer-Encoding" not in reply.headers
        return reply.status, reply.content_type


async def test_head_is_answered_before_there_is_a_picture_and_wakes_no_camera() -> None:
    async with kitchen() as place:
        for name, kind in MEDIA.items():
            assert await head(f"{place.url}/k/demo/{name}") == (200, kind)
        assert place.demands.heard == []
        assert place.hub.demand == Demand()


async def test_head_of_events_ends(tmp_path: Path) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site, asyncio.timeout(WITHIN_S):
        assert await head(f"{site.public}/v1/kitchens/{KID}/live") == (200, "text/event-stream")
        assert site.cloud.cloud.event_streams == 0
        assert (await head(f"{site.public}/k/{KID}/snapshot.jpg"))[0] == 200
    async with serving(bench_routes(StubBench())) as url:
        assert await head(f"{url}/bench/live") == (200, "text/event-stream")


@pytest.mark.parametrize(
    ("values", "accepted"),
    [
        (["gzip"], True),
        (["deflate, GZIP;q=0.5, br"], True),
        (["*"], True),
        (["br", "gzip"], True),
        (["gzip; q=1.0"], True),
        ([], False),
        (["identity"], False),
        (["gzip;q=0"], False),
        (["gzip; Q=0.000, *"], False),
        (["*;q=0"], False),
        (["gzip;q=x"], False),
        (["gzipped"], False),
    ],
)
def test_gzip_is_sent_to_who_takes_it(values: list[str], accepted: bool) -> None:
    headers = [("Accept-Encoding", value) for value in values]
    request = make_mocked_request("GET", "/", headers=CIMultiDict(headers))
    assert accepts_gzip(request) is accepted


async def test_every_text_is_plain_for_who_refuses_gzip(tmp_path: Path) -> None:
    refusing = {"Accept-Encoding": "gzip;q=0, br"}
    async with cloud_server(tmp_path / "cloud.db") as site, aiohttp.ClientSession() as session:
        for path in (f"/k/{KID}", "/player/player.js", "/static/page/kitchen.css"):
            async with session.get(f"{site.public}{path}", headers=refusing) as reply:
                assert reply.status == 200
                assert "Content-Encoding" not in reply.headers
