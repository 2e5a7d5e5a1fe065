"""A whole device with its embedded cloud, over a real socket and the real clock."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import web

from likelight.appreciation.sync.store import DeviceStore
from likelight.config.settings import CameraSettings, Config, KitchenSettings
from likelight.daemon.assembly import assemble
from likelight.daemon.device import Device
from likelight.daemon.embedded_cloud import CloudPlugin
from likelight.daemon.prepare import prepare
from likelight.runtime.sqlite_file import StoreCondition
from likelight.web.http.address import own_address
from likelight.web.http.server import listen
from likelight_hw.push.target import PushTarget
from likelight_hw.sim.display import SimDisplay
from support.waiting import WITHIN_S

KITCHEN = KitchenSettings(id="demo", name="A kitchen")
TOKEN = "a token"


class SwitchedCloud:
    """An embedded cloud that the device finds down until a test starts it."""

    def __init__(self, cloud: CloudPlugin) -> None:
        self.ready = cloud.ready
        self.mount: Callable[[web.Application], None] = cloud.mount
        self._cloud = cloud
        self._running: asyncio.Task[None] | None = None

    @property
    def store_condition(self) -> StoreCondition:
        return self._cloud.store_condition

    def enrol(self, kid: str, name: str, token: str) -> None:
        """Take `TOKEN` and no other `token`."""
        self._cloud.enrol(kid, name, TOKEN)

    async def run(self) -> None:
        """Leave it to the test."""
        await asyncio.Event().wait()

    async def comes(self, group: asyncio.TaskGroup) -> None:
        self._running = group.create_task(self._cloud.run())
        await self.ready.wait()

    async def goes(self) -> None:
        assert self._running is not None
        self._running.cancel()
        await asyncio.wait([self._running])


class Whole:
    """A device, where it is reached, and its cloud, which comes and goes."""

    def __init__(
        self, config: Config, device: Device, store: DeviceStore, url: str, cloud: SwitchedCloud
    ) -> None:
        self.config = config
        self.device = device
        self.store = store
        self.url = url
        self._cloud = cloud

    async def cloud_comes(self, group: asyncio.TaskGroup) -> None:
        """Start the cloud; return once it answers."""
        await self._cloud.comes(group)

    async def cloud_goes(self) -> None:
        """End the cloud: each request gets a 503."""
        await self._cloud.goes()

    async def until(self, true: Callable[[], bool], within: float = WITHIN_S) -> None:
        """Wait until the device's changes make `true` true."""
        seen = 0
        async with asyncio.timeout(within):
            while not true():
                seen = await self.device.changes.wait_beyond(seen)

    async def reports(self, within: float = WITHIN_S) -> None:
        """Wait until the cloud has taken a status. `until` looks only when the device changes."""
        await asyncio.wait_for(self.device.window_in.reported.wait(), within)


@asynccontextmanager
async def whole(
    state_dir: Path, *, token: str = TOKEN, push_target: PushTarget | None = None, **settings: Any
) -> AsyncIterator[Whole]:
    """Run a device with `settings` of its configuration, and no cloud yet.

    The cloud takes `TOKEN` and no other `token`.
    """
    usual = {
        "kitchen": KITCHEN,
        "camera": CameraSettings(barcode=True, width=640, height=360),
        "state_dir": state_dir,
    }
    config = await asyncio.to_thread(lambda: Config(**{**usual, **settings}))
    with await asyncio.to_thread(listen, "127.0.0.1", 0) as listener:
        prepared = await asyncio.to_thread(prepare, config, listener)
        assert prepared.embedded_cloud is not None
        cloud = SwitchedCloud(prepared.embedded_cloud)
        prepared = replace(prepared, tokens=(token,), embedded_cloud=cloud, push_target=push_target)
        async with assemble(config, prepared) as device, asyncio.TaskGroup() as group:
            display = device.hardware.display
            if isinstance(display, SimDisplay):
                # As the demo's bench has it: what comes to the panel is a change to wait for.
                display.on_show = device.changes.bump
            running = group.create_task(device.run())
            yield Whole(config, device, prepared.store, own_address(listener), cloud)
            running.cancel()
