"""What many devices cost one cloud process: idle polls, a storm of likes, and all back at once.

The polls are held by `likelight-cloud serve`, with a kitchen for each device; the devices are in
this process.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from itertools import pairwise
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[1]))

from likelight.runtime.backoff import Backoff
from likelight.runtime.clock import utc_now
from likelight_cloud.store.choice import database_of
from likelight_cloud.trust.device import hashed
from support.cloud import KID, bearer, serving
from support.demo import free_port
from support.priority import prefer

SAMPLES = 30
"""So many seconds, of which the one with the most held polls is told."""
STORM_S = 10.0
LIKES_PER_S = 50_000
MOST_AT_ONCE = 1000
"""What the loop could not take in time is not handed to it in one piece: the likes of viewers come
one request after the other."""
DEVICES_BACK, OUTAGE_S, OVER_S, OUTAGES = 500, 600.0, 60, 30


def memory_mib(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def processor_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Device(asyncio.Protocol):
    """A device that polls on one connection, and costs this process as little as it can."""

    def __init__(self, number: int) -> None:
        self._kid, self._token = f"k{number}", f"token-{number}"
        self._received = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._poll("wait=0")

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, _, body = self._received.partition(b"\r\n\r\n")
        if not body.endswith(b"}"):
            return
        assert head.startswith(b"HTTP/1.1 200 "), head
        self._received = b""
        self._poll(f"wait=30&cursor={json.loads(body)['cursor']}")

    def _poll(self, query: str) -> None:
        assert self.transport is not None
        self.transport.write(
            f"GET /v1/kitchens/{self._kid}/events?boot_id=boot&dv=1&{query} HTTP/1.1\r\n"
            f"Host: 127.0.0.1\r\nAuthorization: Bearer {self._token}\r\nAccept: */*\r\n"
            "Accept-Encoding: identity\r\nUser-Agent: likelight\r\n\r\n".encode()
        )


async def idle_polls(count: int, *, preferred: bool) -> None:
    """Hold a poll for each of `count` devices, and tell the server's memory."""
    with tempfile.TemporaryDirectory() as folder:
        database, port, admin = Path(folder) / "cloud.sqlite3", free_port(), free_port()
        store = database_of(str(database)).store()
        await store.open()

        async def enrol(number: int) -> None:
            await store.add_kitchen(f"k{number}", f"Kitchen {number}", utc_now())
            await store.add_token(f"k{number}", hashed(f"token-{number}"), utc_now())

        for first in range(0, count, 500):
            await asyncio.gather(*map(enrol, range(first, min(count, first + 500))))
        await store.close()
        server = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "likelight_cloud", "serve", "--database", str(database)),
            *("--port", str(port), "--admin-port", str(admin)),
            stderr=asyncio.subprocess.DEVNULL,
        )
        devices: list[Device] = []
        try:
            if preferred:
                prefer(os.getpid())
            async with aiohttp.ClientSession() as session:
                await _answers(session, f"http://127.0.0.1:{port}")
                before = memory_mib(server.pid)
                for number in range(count):
                    _, device = await asyncio.get_running_loop().create_connection(
                        partial(Device, number), "127.0.0.1", port
                    )
                    devices.append(device)
                    if number % 100 == 99:
                        await asyncio.sleep(0.4)
                held, now, began = 0, before, processor_s(server.pid)
                for _ in range(SAMPLES):
                    await asyncio.sleep(1)
                    sample = await _held(session, f"http://127.0.0.1:{admin}/metrics")
                    if sample > held:
                        held, now = sample, memory_mib(server.pid)
                busy = (processor_s(server.pid) - began) / SAMPLES
                print(
                    f"{held} of {count} polls held at once: {now:.0f} MiB, {before:.0f} MiB before "
                    f"({(now - before) * 1024 / count:.1f} KiB for each device); they take "
                    f"{busy:.0%} of a processor"
                )
        finally:
            for device in devices:
                if device.transport is not None:
                    device.transport.abort()
            server.kill()
            await server.wait()


async def _answers(session: aiohttp.ClientSession, base: str) -> None:
    while True:
        try:
            async with session.get(f"{base}/healthz"):
                return
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.05)


async def _held(session: aiohttp.ClientSession, metrics: str) -> int:
    """Return how many polls the server holds now: on a full machine many are between two."""
    async with session.get(metrics) as reply:
        lines = (await reply.text()).splitlines()
    return int(
        float(next(one for one in lines if one.startswith("likelight_cloud_polls ")).split()[1])
    )


async def storm() -> None:
    """Hand likes to the aggregator in the server's process; count the device's replies."""
    with tempfile.TemporaryDirectory() as folder:
        async with serving(Path(folder) / "cloud.db") as site:
            cloud = site.cloud
            replied: list[float] = []
            told = 0
            ended = False

            async def device() -> None:
                nonlocal told
                query = {"boot_id": "boot", "dv": "1", "wait": "0"}
                while not ended:
                    reply = await site.call(
                        "GET",
                        f"/v1/kitchens/{KID}/events",
                        params=query,
                        headers=bearer("the-device-token"),
                    )
                    query = {**query, "cursor": reply.body["cursor"], "wait": "5"}
                    if reply.body["likes"]["delta"]:
                        replied.append(time.monotonic())
                    told = reply.body["likes"]["total"]

            polling = asyncio.create_task(device())
            await asyncio.sleep(0.2)
            given, began = 0, time.monotonic()
            while (passed := time.monotonic() - began) < STORM_S:
                for _ in range(min(MOST_AT_ONCE, int(passed * LIKES_PER_S) - given)):
                    cloud.likes.add(KID, str(given), 1, 0, "v")
                    given += 1
                await asyncio.sleep(0.005)
            during = sum(at < began + STORM_S for at in replied)
            await asyncio.sleep(1.5)
            ended = True
            await polling
            gaps = [later - earlier for earlier, later in pairwise(replied)]
            print(
                f"{given / STORM_S:,.0f} likes a second for {STORM_S:g} s: {during} replies with "
                f"likes to the device in that time, {min(gaps):.2f} to {max(gaps):.2f} s apart, "
                f"{cloud.likes.commits} commits, {told} of {given} told"
            )


def all_back() -> None:
    """Count the first requests of devices whose cloud comes back, by their own back-off."""
    ratios = []
    for seed in range(OUTAGES):
        rng = random.Random(seed)
        seconds: Counter[int] = Counter()
        for _ in range(DEVICES_BACK):
            backoff, at = Backoff(rng), 0.0
            while at < OUTAGE_S:
                at += backoff.next()
            seconds[int(at - OUTAGE_S)] += 1
        ratios.append(max(seconds.values()) * OVER_S / DEVICES_BACK)
    print(
        f"{DEVICES_BACK} devices after an outage of {OUTAGE_S / 60:.0f} min, {OUTAGES} times: most "
        f"in one second {statistics.median(ratios):.1f} times the mean over {OVER_S} s, "
        f"{max(ratios):.1f} at worst"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--polls", type=int, default=10_000, help="held at once")
    parser.add_argument(
        "--prefer", action="store_true", help="before a busy machine's other work (Linux, root)"
    )
    options = parser.parse_args()
    asyncio.run(idle_polls(options.polls, preferred=options.prefer))
    asyncio.run(storm())
    all_back()
