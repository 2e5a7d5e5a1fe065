"""The embedded cloud, started for one question: does it know this device?"""

import asyncio
import socket

from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.daemon.embedded_cloud import CloudPlugin
from likelight.web.http.address import own_address
from likelight.web.http.server import WebServer

READY_S = 10.0


async def ask_own_cloud(cloud: CloudPlugin, kitchen: str, token: str) -> None:
    """Serve `cloud` to this machine only, ask it as the device does, and end it.

    Raises `CloudError`, `OSError`, `StoreError`, or a group of them.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with asyncio.timeout(READY_S), asyncio.TaskGroup() as group:
            parts = [
                group.create_task(cloud.run()),
                group.create_task(WebServer(cloud.mount, listener).run()),
            ]
            await cloud.ready.wait()
            async with HttpCloud(own_address(listener), kitchen, token) as asked:
                await asked.events(None, 0, 0)
            for part in parts:
                part.cancel()
