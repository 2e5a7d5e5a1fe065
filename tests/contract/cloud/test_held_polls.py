"""What a held poll keeps in memory: a cloud holds one for each device, 10,000 in one process."""

import asyncio
import gc
import json
import logging
import random
import socket
import tracemalloc
from contextlib import ExitStack
from pathlib import Path

import pytest

from likelight.runtime.clock import utc_now
from likelight.web.http.server import WebServer, listen
from likelight_cloud.embedded import MountedCloud
from likelight_cloud.store.sqlite.store import SqliteStore
from likelight_cloud.trust.device import hashed

MOST_BYTES = 17_500
"""Of Python's memory, with its kitchen and connection: they were 18,900, of which 2,500 were values
that nothing needs while a poll is held, and copies. Half of the 16,300 left is aiohttp's."""
WARM_UP, MEASURED = 30, 100


async def test_a_held_poll_keeps_only_what_its_answer_needs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # The audit log's lines come a second later, on a slow machine while this measures, and pytest
    # keeps them.
    caplog.set_level(logging.WARNING)
    store, loop = SqliteStore(tmp_path / "cloud.db"), asyncio.get_running_loop()
    cloud = MountedCloud(store, now=utc_now, rng=random.Random(1))
    with ExitStack() as stack:
        listener = stack.enter_context(listen("127.0.0.1", 0))
        server = WebServer(cloud.mount, listener)

        async def hold(number: int) -> None:
            """Poll as a device does, from its second request on one connection on."""
            device = stack.enter_context(socket.socket())
            device.setblocking(False)
            await loop.sock_connect(device, listener.getsockname())
            await loop.sock_sendall(device, _poll(number, "wait=0"))
            _, _, body = (await loop.sock_recv(device, 4096)).partition(b"\r\n\r\n")
            cursor = json.loads(body)["cursor"]
            await loop.sock_sendall(device, _poll(number, f"wait=30&cursor={cursor}"))
            kitchen = await cloud.cloud.kitchen(f"k{number}")
            while not kitchen.polled:
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            running = [group.create_task(cloud.run()), group.create_task(server.run())]
            await cloud.ready.wait()
            for number in range(WARM_UP + MEASURED):
                await store.add_kitchen(f"k{number}", f"Kitchen {number}", utc_now())
                await store.add_token(f"k{number}", hashed(f"token-{number}"), utc_now())
            tracemalloc.start()
            try:
                for number in range(WARM_UP):
                    await hold(number)
                gc.collect()
                before, _ = tracemalloc.get_traced_memory()
                for number in range(WARM_UP, WARM_UP + MEASURED):
                    await hold(number)
                gc.collect()
                now, _ = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
                for task in running:
                    task.cancel()
    assert (now - before) / MEASURED < MOST_BYTES


def _poll(number: int, query: str) -> bytes:
    return (
        f"GET /v1/kitchens/k{number}/events?boot_id=boot-{number}&dv=1&{query} HTTP/1.1\r\n"
        f"Host: 127.0.0.1\r\nAuthorization: Bearer token-{number}\r\nUser-Agent: likelight/1.0\r\n"
        "Accept: */*\r\nAccept-Encoding: identity\r\n\r\n"
    ).encode()
