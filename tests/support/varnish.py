"""Debian's Varnish with the VCL that we ship, and a crowd of LL-HLS viewers."""

import asyncio
import re
import shutil
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

import aiohttp

from support.demo import Demo, free_port
from support.hls import text
from support.nginx import listens
from support.waiting import WITHIN_S

VARNISHD = Path(shutil.which("varnishd") or "/usr/sbin/varnishd")
VCL = Path(__file__).parents[2] / "cloud/varnish/likelight.vcl"
HINT = re.compile(r'PRELOAD-HINT:TYPE=PART,URI="(?P<uri>(?P<msn>\d+)\.(?P<part>\d+)\.m4s)"')


@dataclass
class Edge:
    """A running Varnish."""

    url: str
    workdir: Path
    pid: int

    async def origin_requests(self) -> int:
        """Return how many requests it has sent to its origin."""
        process = await asyncio.create_subprocess_exec(
            "varnishstat", "-1", "-n", str(self.workdir), "-f", "MAIN.backend_req",
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await process.communicate()
        return int(out.split()[1])


@asynccontextmanager
async def edge(origin: str, tmp_path: Path) -> AsyncIterator[Edge]:
    """Start Varnish with the VCL that we ship, but for the origin's port."""
    vcl = tmp_path / "likelight.vcl"
    text = VCL.read_text()
    assert text.count('"8080"') == 1
    vcl.write_text(text.replace('"8080"', f'"{origin.rpartition(":")[2]}"'))
    port, workdir = free_port(), tmp_path / "varnish"
    process = await asyncio.create_subprocess_exec(
        str(VARNISHD), "-F", "-j", "none", "-n", str(workdir), "-a", f"127.0.0.1:{port}",
        "-f", str(vcl), "-s", "malloc,64m",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await listens(port, process)
        yield Edge(f"http://127.0.0.1:{port}", workdir, process.pid)
    finally:
        process.terminate()
        await process.wait()


@dataclass
class Crowd:
    """When each part was there, for each of the viewers."""

    had: dict[str, list[float]] = field(default_factory=dict)
    playing: int = 0

    async def watch(self, client: aiohttp.ClientSession, url: str) -> None:
        """Be one viewer: reload, blocking, and get each new part."""
        loop = asyncio.get_running_loop()
        playlist = await text(client, f"{url}/k/demo/stream.m3u8")
        media = urljoin(f"{url}/k/demo/stream.m3u8", playlist.splitlines()[3])
        playlist = await text(client, media)
        self.playing += 1
        while True:
            hint = HINT.search(playlist)
            assert hint is not None
            query = f"?_HLS_msn={hint['msn']}&_HLS_part={hint['part']}"
            playlist = await text(client, media + query)
            async with client.get(urljoin(media, hint["uri"])) as reply:
                assert reply.status == 200
                await reply.read()
            self.had.setdefault(hint["uri"], []).append(loop.time())

    def behind(self, other: "Crowd") -> list[float]:
        """Return how many seconds after `other` each had each part that `other` had as well."""
        return [
            came - other.had[uri][0]
            for uri, all_came in self.had.items()
            if uri in other.had
            for came in all_came
        ]


@dataclass(frozen=True)
class Measured:
    """The delay is the median over all parts and viewers, against one viewer without the edge."""

    origin_requests: float
    """A second."""
    delay_ms: float
    lasted: float
    """Seconds, from the first viewer's first request on."""


async def measured(place: Demo, varnish: Edge, viewers: int, seconds: float) -> Measured:
    """Let `viewers` watch for `seconds`, once all of them play."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    connector = aiohttp.TCPConnector(limit=0)
    crowd, direct = Crowd(), Crowd()
    async with aiohttp.ClientSession(connector=connector) as client, asyncio.TaskGroup() as group:
        tasks = [group.create_task(crowd.watch(client, varnish.url)) for _ in range(viewers)]
        tasks.append(group.create_task(direct.watch(client, place.url)))
        async with asyncio.timeout(WITHIN_S):
            while crowd.playing < viewers:
                await asyncio.sleep(0.1)
        before, counted_at = await varnish.origin_requests(), loop.time()
        await asyncio.sleep(seconds)
        async with asyncio.timeout(WITHIN_S):
            # A part for each of them; a busy machine needs longer for so many.
            while len(crowd.behind(direct)) <= viewers:
                await asyncio.sleep(0.1)
        asked = await varnish.origin_requests() - before
        requests = asked / (loop.time() - counted_at)
        for task in tasks:
            task.cancel()
    late = statistics.median(crowd.behind(direct))
    return Measured(requests, 1000 * late, loop.time() - began)
