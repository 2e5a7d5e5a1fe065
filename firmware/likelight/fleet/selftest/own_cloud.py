"""The embedded cloud, started for one question: does it know this device?"""

import asyncio
import random
import socket

from likelight.appreciation.sync.client import CloudError
from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.config.settings import Config, ConfigError
from likelight.config.state_dir import own_token
from likelight.daemon.embedded_cloud import CloudPlugin, make_embedded_cloud
from likelight.fleet.selftest.report import Outcome, failed, passed
from likelight.runtime.cleanup import raise_if_cancelled
from likelight.runtime.clock import Now
from likelight.web.http.address import own_address
from likelight.web.http.server import WebServer

READY_S = 10.0


async def own_cloud_answers(config: Config, now: Now) -> Outcome:
    """Start the cloud on the device's own store, ask it as the device does, and end it."""
    try:
        token = await asyncio.to_thread(own_token, config.state_dir)
        own = await asyncio.to_thread(
            make_embedded_cloud, config.state_dir, now=now, rng=random.Random()
        )
    except ConfigError as error:
        return failed(str(error))
    own.enrol(config.kitchen.id, config.kitchen.name, token)
    outcome = passed("the cloud inside likelight answers to this device's token")
    try:
        async with asyncio.timeout(READY_S):
            await _ask(config, own, token)
    except* (CloudError, OSError) as errors:
        words = str(errors.exceptions[0]) or f"not ready within {READY_S:g} s"
        outcome = failed(f"the cloud inside likelight: {words}")
    raise_if_cancelled()
    return outcome


async def _ask(config: Config, own: CloudPlugin, token: str) -> None:
    """Serve the cloud to this machine only. Raises `CloudError`, `OSError`, or a group of them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with asyncio.TaskGroup() as group:
            parts = [
                group.create_task(own.run()),
                group.create_task(WebServer(own.mount, listener).run()),
            ]
            await own.ready.wait()
            async with HttpCloud(own_address(listener), config.kitchen.id, token) as cloud:
                await cloud.events(None, 0, 0)
            for part in parts:
                part.cancel()
