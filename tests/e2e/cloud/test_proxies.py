"""A cloud behind nginx, Caddy and Varnish, each with the file that we ship, on an odd port."""

import asyncio
import json
import re
import sys
import uuid
from collections import Counter
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp
import pytest
from yarl import URL

from support.behind_proxy import CAMERA, Privacy, behind_proxy, privacy
from support.cloud import KID
from support.cloud_server import cloud_server
from support.limited_cloud import Client, clients, limited_cloud
from support.shipped_proxies import PROXIES, needs_proxies
from support.waiting import WITHIN_S

pytestmark = needs_proxies
each_proxy = pytest.mark.parametrize("proxy", PROXIES)


async def until_camera(content: aiohttp.StreamReader) -> None:
    """Read until a picture of the camera has come."""
    async with asyncio.timeout(WITHIN_S):
        seen = b""
        while CAMERA not in seen:
            seen = seen[-64:] + await content.readany()


@each_proxy
async def test_every_way_passes_and_the_upload_and_likes_do(proxy: str, tmp_path: Path) -> None:
    async with behind_proxy(proxy, tmp_path) as place, asyncio.timeout(WITHIN_S):
        client, url = place.client, place.url
        async with client.ws_connect(f"{url}/k/{KID}/ws", max_msg_size=0, origin=url) as socket:
            seen = await socket.receive(timeout=WITHIN_S)
            while seen.type is aiohttp.WSMsgType.TEXT or CAMERA not in seen.data:
                seen = await socket.receive(timeout=WITHIN_S)
        for path in ("live.mp4", "stream.mjpg"):
            async with client.get(f"{url}/k/{KID}/{path}") as reply:
                assert reply.status == 200
                await until_camera(reply.content)
        async with client.get(f"{url}/v1/kitchens/{KID}/live") as reply:
            assert reply.content_type == "text/event-stream"
            assert await asyncio.wait_for(reply.content.readuntil(b"\n\n"), WITHIN_S)
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


@each_proxy
async def test_no_header_tells_a_version(proxy: str, tmp_path: Path) -> None:
    async with cloud_server(tmp_path / "cloud.sqlite3") as cloud:
        async with (
            PROXIES[proxy](tmp_path, cloud.public) as url,
            aiohttp.ClientSession() as client,
        ):
            for path in (f"/k/{KID}", "/nothing", "/%"):
                async with client.get(URL(url + path, encoded=True)) as reply:
                    told = {**reply.headers, "body": await reply.text()}
                    for name in ("Server", "Via", "X-Powered-By"):
                        assert not re.search(r"\d", told.get(name, "").replace("1.1", "")), told
                    assert "nginx/" not in told["body"]


async def test_no_request_passes_a_proxy_unseen_behind_one_for_an_upgrade(tmp_path: Path) -> None:
    """Varnish looks at the first request of a pipe only; in the second a client says who it is."""
    async with (
        cloud_server(tmp_path / "cloud.sqlite3") as cloud,
        PROXIES["varnish"](tmp_path, cloud.public) as url,
    ):
        for path in (f"/v1/kitchens/{KID}", f"/k/{KID}/ws", "/k/nobody/live.mp4"):
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
            for lines in (
                (f"GET {path} HTTP/1.1", "Upgrade: websocket", "Connection: upgrade"),
                ("GET /healthz HTTP/1.1", "X-Forwarded-For: 198.51.100.7"),
            ):
                writer.write("\r\n".join([*lines, "Host: x", "", ""]).encode())
            said = await asyncio.wait_for(reader.read(), WITHIN_S)
            writer.close()
            assert said.count(b"HTTP/1.1 ") == 1, said


@pytest.mark.parametrize(("addresses", "served"), [(100, 100), (1, 86)])
async def test_one_nginx_carries_a_full_house_and_each_guest_counts_alone(
    addresses: int, served: int, tmp_path: Path
) -> None:
    """With a limit of 300 files one address may have 86; what guests say of theirs is nothing."""
    listed = ("--trusted-proxy", "127.0.0.1")
    async with (
        limited_cloud(tmp_path, *listed, files=300) as cloud,
        PROXIES["nginx"](tmp_path, f"http://127.0.0.1:{cloud.port}") as url,
        clients() as guests,
    ):
        answers: Counter[int] = Counter()
        for number in range(100):
            port = urlsplit(url).port
            assert port is not None
            guest = await Client.connect(port, f"127.0.1.{number % addresses + 1}")
            guests.append(guest)
            # One alone says that he is many, and many that they are one.
            forged = f"X-Forwarded-For: 198.51.100.{number if addresses == 1 else 7}"
            answers[await guest.ask(f"/v1/kitchens/{KID}/live", forged)] += 1
        assert answers[200] == served
        assert answers[429] == 100 - served


async def plays_hls(client: aiohttp.ClientSession, url: str) -> None:
    """Follow the playlists to a part that has the camera in it."""
    for _ in range(2):
        async with client.get(url) as reply:
            assert reply.status == 200, await reply.text()
            text = await reply.text()
        if "#EXT-X-STREAM-INF" in text:
            url = urljoin(url, text.splitlines()[3])
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
