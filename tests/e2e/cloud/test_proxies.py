"""A cloud behind nginx, Caddy and Varnish, each with the file that we ship, on an odd port."""

import asyncio
import json
import re
import sys
import uuid
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp
import pytest

from support.behind_proxy import CAMERA, Privacy, behind_proxy, privacy
from support.cloud import KID
from support.shipped_proxies import PROXIES, needs_proxies

pytestmark = needs_proxies
each_proxy = pytest.mark.parametrize("proxy", PROXIES)


async def until_camera(content: aiohttp.StreamReader) -> None:
    """Read until a picture of the camera has come."""
    async with asyncio.timeout(15):
        seen = b""
        while CAMERA not in seen:
            seen = seen[-64:] + await content.readany()


@each_proxy
async def test_every_way_passes_and_the_upload_and_likes_do(proxy: str, tmp_path: Path) -> None:
    async with behind_proxy(proxy, tmp_path) as place, asyncio.timeout(60):
        client, url = place.client, place.url
        async with client.ws_connect(f"{url}/k/{KID}/ws", max_msg_size=0, origin=url) as socket:
            seen = await socket.receive(timeout=15)
            while seen.type is aiohttp.WSMsgType.TEXT or CAMERA not in seen.data:
                seen = await socket.receive(timeout=15)
        for path in ("live.mp4", "stream.mjpg"):
            async with client.get(f"{url}/k/{KID}/{path}") as reply:
                assert reply.status == 200
                await until_camera(reply.content)
        async with client.get(f"{url}/v1/kitchens/{KID}/live") as reply:
            assert reply.content_type == "text/event-stream"
            assert await asyncio.wait_for(reply.content.readuntil(b"\n\n"), 15)
        async with client.get(f"{url}/k/{KID}/snapshot.jpg") as reply:
            assert CAMERA in await reply.read()
        await plays_hls(client, f"{url}/k/{KID}/stream.m3u8")
        like = {"n": 1, "batch": str(uuid.uuid4())}
        for headers in ({"Origin": url}, {"Origin": url, "Sec-Fetch-Site": "same-origin"}):
            async with client.post(
                f"{url}/v1/kitchens/{KID}/likes", json=like, headers=headers
            ) as reply:
                assert reply.status == 202, await reply.text()
        other = {"Origin": f"http://{urlsplit(url).hostname}:1"}
        async with client.post(f"{url}/v1/kitchens/{KID}/likes", json=like, headers=other) as reply:
            assert reply.status == 403, "another port is another site"


async def plays_hls(client: aiohttp.ClientSession, url: str) -> None:
    """Follow the playlists to a part that has the camera in it."""
    for _ in range(2):
        async with client.get(url) as reply:
            assert reply.status == 200, await reply.text()
            text = await reply.text()
        if "#EXT-X-STREAM-INF" in text:
            url = urljoin(url, text.splitlines()[-1])
    hint = re.search(r'PRELOAD-HINT:TYPE=PART,URI="([^"]+)"', text)
    assert hint, text
    async with client.get(urljoin(url, hint[1])) as reply:
        assert reply.status == 200
        assert CAMERA in await reply.read()


@each_proxy
async def test_no_reader_of_100_kb_a_second_sees_the_camera_two_seconds_after_privacy(
    proxy: str, tmp_path: Path
) -> None:
    if proxy == "nginx":
        after = await privacy(proxy, tmp_path)
    else:
        after = await privacy_under_our_sysctl(proxy, tmp_path)
    print(proxy, after)
    assert max(after.last_s.values()) < 2.0 + after.lost_s
    log = tmp_path / "nginx.log"
    assert not log.exists() or "temporary file" not in log.read_text(), "written to a disk"


async def privacy_under_our_sysctl(proxy: str, folder: Path) -> Privacy:
    """Play the story in a network of its own: a sysctl counts for all of a network."""
    process = await asyncio.create_subprocess_exec(
        *("unshare", "--map-root-user", "--net", "sh", "-euc", 'ip link set lo up; exec "$@"'),
        *("sh", sys.executable, "-m", "support.behind_proxy", proxy, str(folder)),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(90):
        told, _ = await process.communicate()
    assert process.returncode == 0
    return Privacy(**json.loads(told))
