"""Viewers on a slow line behind nginx's defaults, which take all that the hub sends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from likelight.contract import State
from support.boxes import read_fragment
from support.busy import lateness
from support.feed import Kitchen, kitchen, now_us
from support.nginx import needs_nginx, nginx
from support.pictures import HEIGHT, WIDTH, noise
from support.slow_proxy import SlowLine, slow_proxy

pytestmark = needs_nginx

FPS = 30
RATE = sum(len(unit.data) for unit in noise())
"""Bytes a second of the stream."""


@asynccontextmanager
async def far_kitchen(folder: Path, bytes_per_s: float) -> AsyncIterator[tuple[Kitchen, str]]:
    """Give a live kitchen, and its address behind nginx and a line of so many bytes a second."""
    async with kitchen() as place:
        place.hub.set_format(WIDTH, HEIGHT, FPS)
        place.hub.show(State.LIVE)
        async with (
            nginx(folder, place.url) as front,
            slow_proxy(front, SlowLine(down_bytes_per_s=bytes_per_s)) as line,
        ):
            yield place, line.url


async def film(place: Kitchen, seconds: float) -> None:
    """Be the camera for `seconds`."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(round(seconds * FPS)):
        unit = noise()[number % FPS]
        place.hub.publish(unit.data, keyframe=unit.keyframe, captured_us=now_us())
        await asyncio.sleep(max(0.0, began + (number + 1) / FPS - loop.time()))


async def watch(url: str, ages: list[float], opened: asyncio.Event) -> None:
    """Watch as the player does, and acknowledge each message; note how old each picture is."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/k/demo/ws", max_msg_size=0) as ws,
    ):
        opened.set()
        number, acked_at = 0, 0.0
        clock = asyncio.get_running_loop().time
        acks: list[tuple[int, int]] = []
        async for message in ws:
            if message.type is not aiohttp.WSMsgType.BINARY:
                continue
            number += 1
            acks.append((number, round(clock() * 1000)))
            if number < 3 or clock() - acked_at >= 0.1:
                acked_at = clock()
                await ws.send_str(json.dumps({"acks": acks[-40:]}))
                acks = []
            if message.data[4:8] == b"prft":
                ages.append((now_us() - read_fragment(message.data).captured_us) / 1e6)


async def test_acknowledgements_keep_a_slow_viewer_at_the_present(tmp_path: Path) -> None:
    ages: list[float] = []
    async with (
        lateness() as late,
        far_kitchen(tmp_path, RATE / 2) as (place, url),
        asyncio.TaskGroup() as group,
    ):
        opened = asyncio.Event()
        watching = group.create_task(watch(url, ages, opened))
        await opened.wait()
        await film(place, 12.0)
        watching.cancel()
    print(f"{len(ages)} pictures, the oldest {max(ages):.2f} s, the last {ages[-1]:.2f} s")
    assert len(ages) > 10
    # Without them the last one would be 6 s old, and each a little older than the one before it.
    assert max(ages[len(ages) // 2 :]) < 2.0 + late.lost
