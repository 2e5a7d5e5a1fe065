"""A kitchen at a cloud behind a proxy, and readers of 100 kB/s while the crew presses PRIVACY.

It is a program, too, for a network of its own: python -m support.behind_proxy PROXY FOLDER
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from likelight.contract import State
from likelight.web.http.proxies import TrustedProxies, proxy_network
from support.busy import lateness
from support.cloud import KID
from support.cloud_server import cloud_server
from support.pictures import HEIGHT, WIDTH, heavy
from support.relay import Uploading, uploading, wall_us
from support.shipped_proxies import CLOUD, PROXIES
from support.slow_proxy import SlowLine, slow_proxy
from support.waiting import WITHIN_S

CAMERA = b"\xaa" * 64
"""In each picture of the camera, and in no placeholder."""

AFTER_S = 4.0
"""How long a reader of 100 kB/s is watched after the press."""


@dataclass
class BehindProxy:
    """A live kitchen of a cloud behind a proxy, through which its device uploads, too."""

    url: str
    device: Uploading
    client: aiohttp.ClientSession


@asynccontextmanager
async def behind_proxy(proxy: str, folder: Path) -> AsyncIterator[BehindProxy]:
    """Serve a cloud behind `proxy`, with a camera that runs as long as somebody watches."""
    listed = TrustedProxies([proxy_network("127.0.0.1")])
    async with (
        cloud_server(folder / "cloud.sqlite3", proxies=listed) as cloud,
        PROXIES[proxy](folder, cloud.public) as url,
        uploading(url) as device,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client,
        asyncio.TaskGroup() as group,
    ):
        device.hub.set_format(WIDTH, HEIGHT, 30)
        device.upload.on_watched(True)
        device.hub.show(State.LIVE)
        filming = group.create_task(film(device))
        yield BehindProxy(url, device, client)
        filming.cancel()


async def film(device: Uploading) -> None:
    """Be a camera of 2 Mbit/s as H.264 and of 300 kB/s as JPEG."""
    key, light = heavy(30_000, keyframe=True), heavy(7_600, keyframe=False)
    picture = b"\xff\xd8" + b"\xaa" * 60_000 + b"\xff\xd9"
    number = 0
    while True:
        unit = light if number % 30 else key
        device.hub.publish(unit.data, keyframe=unit.keyframe, captured_us=wall_us())
        if not number % 6:
            device.hub.publish_jpeg(picture, captured_us=wall_us())
        number += 1
        await asyncio.sleep(1 / 30)


class Reader:
    """A viewer over a line of 100 kB/s; knows when the last bytes of the camera came."""

    def __init__(self) -> None:
        self.last = 0.0
        self.count = 0

    def saw(self, data: bytes) -> None:
        if CAMERA in data:
            self.last = asyncio.get_running_loop().time()
            self.count += len(data)


async def read_stream(url: str, reader: Reader) -> None:
    """Read a response to its end."""
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        with suppress(aiohttp.ClientError):
            while data := await reply.content.readany():
                reader.saw(data)


async def read_socket(url: str, reader: Reader) -> None:
    """Watch as the page does."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, max_msg_size=0) as socket,
    ):
        clock = asyncio.get_running_loop().time
        number, acked_at = 0, 0.0
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                number += 1
                reader.saw(message.data)
                if number < 4 or clock() - acked_at >= 0.1:
                    acked_at = clock()
                    await socket.send_str(json.dumps({"acks": [[number, 0]]}))


Read = Callable[[str, Reader], Awaitable[None]]
WAYS: dict[str, Read] = {"live.mp4": read_stream, "stream.mjpg": read_stream, "ws": read_socket}


@dataclass(frozen=True)
class Privacy:
    """When the camera's last bytes came by each way, and how long at most this machine was busy."""

    last_s: dict[str, float]
    """In seconds after the press."""
    lost_s: float


async def privacy(proxy: str, folder: Path, bytes_per_s: float = 100_000) -> Privacy:
    """Let a reader of so many bytes a second watch by each way, and press PRIVACY."""
    readers = {path: Reader() for path in WAYS}
    async with (
        lateness() as late,
        behind_proxy(proxy, folder) as place,
        asyncio.TaskGroup() as group,
    ):
        tasks = [
            group.create_task(_over_a_line(f"{place.url}/k/{KID}/", path, reader, bytes_per_s))
            for path, reader in readers.items()
        ]
        async with asyncio.timeout(WITHIN_S):
            # The streams until every buffer on their way is full; the page leaves pictures out.
            while not all(
                reader.count > bytes_per_s * (0.3 if path == "ws" else 4)
                for path, reader in readers.items()
            ):
                await asyncio.sleep(0.1)
        place.device.hub.show(State.PRIVATE)
        pressed = asyncio.get_running_loop().time()
        await asyncio.sleep(AFTER_S * 100_000 / bytes_per_s)
        for task in tasks:
            task.cancel()
    last = {path: round(reader.last - pressed, 2) for path, reader in readers.items()}
    return Privacy(last, late.lost)


async def _over_a_line(base: str, path: str, reader: Reader, bytes_per_s: float) -> None:
    line = SlowLine(down_bytes_per_s=bytes_per_s, queue=4096)
    async with slow_proxy(base, line) as proxy:
        await WAYS[path](proxy.url + urlsplit(base).path + path, reader)


def _set_kernel() -> None:
    """Set this network's kernel as our file for Caddy and Varnish says."""
    for line in (CLOUD / "sysctl.d/likelight.conf").read_text().splitlines():
        if not line.startswith("#"):
            key, _, value = line.partition(" = ")
            Path("/proc/sys", *key.split(".")).write_text(value)


if __name__ == "__main__":
    _set_kernel()
    print(json.dumps(asdict(asyncio.run(privacy(sys.argv[1], Path(sys.argv[2]))))))
