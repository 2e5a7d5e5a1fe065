"""A whole device with its embedded cloud, over a real socket and the real clock."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.appreciation.sync.store import DeviceStore
from likelight.config.settings import CameraSettings, Config, KitchenSettings, WebSettings
from likelight.daemon.device import Device
from likelight.daemon.embedded_cloud import EmbeddedCloud, make_embedded_cloud
from likelight.daemon.listener import device_listener
from likelight.daemon.site import fill_site
from likelight.feed.placeholders import packaged_placeholders
from likelight.runtime.clock import utc_now
from likelight.web.control.server import ControlServer
from likelight.web.control.socket_path import socket_path
from likelight.web.http.server import WebServer
from likelight_hw.sim.display import SimDisplay
from support.demo import free_port

KITCHEN = KitchenSettings(id="demo", name="A kitchen")
TOKEN = "a token"


class Whole:
    """A device, where it is reached, and its cloud, which comes and goes."""

    def __init__(self, device: Device, url: str, store: DeviceStore, own: EmbeddedCloud) -> None:
        self.device = device
        self.url = url
        self.store = store
        self._own = own
        self._cloud: asyncio.Task[None] | None = None

    async def cloud_comes(self, group: asyncio.TaskGroup) -> None:
        """Start the cloud; return once it answers."""
        self._cloud = group.create_task(self._own.run())
        await self._own.ready.wait()

    async def cloud_goes(self) -> None:
        """End the cloud: whoever asks it hears a 503."""
        assert self._cloud is not None
        self._cloud.cancel()
        await asyncio.wait([self._cloud])

    async def until(self, true: Callable[[], bool], within: float = 30) -> None:
        """Wait until the device's changes make `true` true."""
        seen = 0
        async with asyncio.timeout(within):
            while not true():
                seen = await self.device.changes.wait_beyond(seen)


@asynccontextmanager
async def whole(state_dir: Path, *, token: str = TOKEN, **settings: Any) -> AsyncIterator[Whole]:
    """Run a device with `settings` of its configuration, and no cloud yet.

    The cloud takes `TOKEN` and no other `token`.
    """
    port = free_port()
    usual = {
        "kitchen": KITCHEN,
        "camera": CameraSettings(barcode=True, width=640, height=360),
        "state_dir": state_dir,
    }
    config = await asyncio.to_thread(
        lambda: Config(web=WebSettings(port=port), **{**usual, **settings})
    )
    url = f"http://127.0.0.1:{port}"
    store = DeviceStore(state_dir / "device.sqlite")
    await store.open()
    own = await asyncio.to_thread(
        make_embedded_cloud, state_dir / "cloud.sqlite", now=utc_now, rng=random.Random(1)
    )
    own.enrol(KITCHEN.id, KITCHEN.name, TOKEN)
    simulated = config.camera.driver in ("sim", "file")
    try:
        async with HttpCloud(url, KITCHEN.id, token) as cloud:
            packaged = await asyncio.to_thread(packaged_placeholders, simulated=simulated)
            device = Device(config, store, cloud, own, packaged)
            if isinstance(device.display, SimDisplay):
                # As the demo's bench has it: what comes to the glass is a change to wait for.
                device.display.on_show = device.changes.bump
            with await asyncio.to_thread(device_listener, config.web) as listener:
                server = WebServer(lambda app: fill_site(app, device, None), listener)
                control = ControlServer(socket_path(config), device.control_routes)
                device.supervisor.add("web", server, critical=True)
                device.supervisor.add("control", control, critical=False)
                async with asyncio.TaskGroup() as group:
                    living = group.create_task(device.supervisor.run())
                    yield Whole(device, url, store, own)
                    living.cancel()
                await device.close()
    finally:
        await store.close()
