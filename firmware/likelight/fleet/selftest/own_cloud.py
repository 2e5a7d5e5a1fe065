"""The embedded cloud, started for one question: does it know this device?"""

import asyncio
import random
import socket

from aiohttp import web

from likelight.appreciation.sync.client import CloudError, HttpCloud
from likelight.config.settings import Config, ConfigError
from likelight.config.state_dir import own_token
from likelight.daemon.embedded_cloud import EmbeddedCloud, make_embedded_cloud
from likelight.fleet.selftest.report import Outcome, failed, passed
from likelight.runtime.clock import Now
from likelight.web.http.address import own_address

READY_S = 10.0


async def own_cloud_answers(config: Config, now: Now) -> Outcome:
    """Start the cloud on the device's own store, ask it as the device does, and end it."""
    try:
        token = await asyncio.to_thread(own_token, config.state_dir)
        own = await asyncio.to_thread(
            make_embedded_cloud, config.state_dir / "cloud.sqlite", now=now, rng=random.Random()
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
    return outcome


async def _ask(config: Config, own: EmbeddedCloud, token: str) -> None:
    """Serve the cloud to this machine only. Raises `CloudError`, `OSError`, or a group of them."""
    app = web.Application()
    own.mount(app)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(own.run())
        await own.ready.wait()
        await runner.setup()
        try:
            listener = socket.create_server(("127.0.0.1", 0))
            await web.SockSite(runner, listener).start()
            async with HttpCloud(own_address(listener), config.kitchen.id, token) as cloud:
                await cloud.events(None, 0, 0)
        finally:
            await runner.cleanup()
            running.cancel()
