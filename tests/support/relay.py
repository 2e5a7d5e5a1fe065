"""A relay on a real socket, a device's hub that uploads to it, and a device by hand."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from likelight.contract import State
from likelight.feed.annexb import parse
from likelight.feed.fmp4 import Init, fragment
from likelight.feed.hub import Hub
from likelight.feed.rendition import Rendition
from likelight.feed.upload.client import Upload
from likelight.feed.upload.protocol import FormatMessage, GateMessage, PacketKind, UploadPacket
from likelight.feed.upload.sender import UploadSocket
from likelight.runtime.clock import utc_now
from likelight.web.http.server import new_application
from likelight_cloud import routes
from likelight_cloud.api.ingest.route import ingest_routes
from likelight_cloud.app import Cloud
from likelight_cloud.relay.relays import Relays
from likelight_cloud.relay.routes import mount_relay
from likelight_cloud.store.choice import database_of
from likelight_cloud.trust.device import hashed
from support.cloud import KID, TOKEN, Site, bearer
from support.feed import Demands, hub_with_placeholders
from support.pictures import CAMERA_SHADE, HEIGHT, WIDTH, Unit, encode
from support.waiting import WITHIN_S
from support.watcher import Watcher

GOP = 10


@dataclass
class RelaySite(Site):
    """A cloud with its relay, and what speaks to it."""

    cloud: Cloud
    session: aiohttp.ClientSession
    base: str
    relays: Relays

    @property
    def hub(self) -> Hub:
        """The relay's hub of the one kitchen."""
        hub = self.relays.hub(KID)
        assert hub is not None
        return hub

    @asynccontextmanager
    async def watcher(self, query: str = "") -> AsyncIterator[Watcher]:
        """Watch at the cloud."""
        url = f"{self.base}/k/{KID}/ws{query}"
        async with self.session.ws_connect(url, max_msg_size=0) as socket:
            yield Watcher(socket)

    @asynccontextmanager
    async def device(self, token: str = TOKEN) -> AsyncIterator["HandDevice"]:
        """Upload by hand."""
        async with self.session.ws_connect(
            f"{self.base}/v1/kitchens/{KID}/feed", headers=bearer(token)
        ) as socket:
            yield HandDevice(socket)


class HandDevice:
    """An upload that sends exactly what a test says."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.now_us = wall_us
        self._units = encode([CAMERA_SHADE] * GOP, gop=GOP)
        sets, _ = parse(self._units[0].data)
        assert sets is not None
        self.init = Init(sets, WIDTH, HEIGHT, 30)
        self._sent = 0

    async def format(self, codec: str | None = None) -> None:
        told = FormatMessage(
            codec=codec or self.init.sets.codec, width=WIDTH, height=HEIGHT, fps=30, epoch="e"
        )
        await self.socket.send_str(told.model_dump_json())

    async def gate(self, reason: State) -> None:
        gate = GateMessage(gate="open" if reason is State.LIVE else "shut", reason=reason)
        await self.socket.send_str(gate.model_dump_json())

    async def open(self) -> None:
        """Send all messages that come before the first picture."""
        await self.format()
        await self.socket.send_bytes(UploadPacket(PacketKind.INIT, self.init.segment).pack())
        await self.gate(State.LIVE)

    async def frames(self, count: int) -> None:
        """Send the camera's next frames; a keyframe begins each group of `GOP`."""
        for _ in range(count):
            unit = self._units[self._sent % GOP]
            payload = fragment(
                parse(unit.data)[1],
                sequence=self._sent,
                decode=self._sent * 3000,
                duration=3000,
                keyframe=unit.keyframe,
                captured_us=self.now_us(),
            )
            self._sent += 1
            packet = UploadPacket(PacketKind.FRAGMENT, payload, unit.keyframe, self.now_us())
            await self.socket.send_bytes(packet.pack())

    async def film(self) -> None:
        """Send frames for ever, 30 a second."""
        while True:
            await self.frames(1)
            await asyncio.sleep(1 / 30)

    async def closed(self) -> int | None:
        """Read until the relay closes the connection; return its code."""
        async with asyncio.timeout(WITHIN_S):
            async for _ in self.socket:
                pass
        return self.socket.close_code

    async def told(self, key: str) -> object:
        """Read until the relay asks for `key`."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                wish = json.loads((await self.socket.receive()).data)
                if key in wish:
                    return wish[key]


@asynccontextmanager
async def relay_site(database: Path | str, port: int = 0) -> AsyncIterator[RelaySite]:
    """Serve a cloud with one kitchen, relay and webhooks, as `likelight-cloud serve` does."""
    store = database_of(str(database)).store()
    cloud, relays = Cloud(store, now=utc_now, rng=random.Random(1)), Relays()
    app = new_application()
    routes.mount(cloud, app)
    mount_relay(relays, app)
    app.add_routes(ingest_routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
        host, port = runner.addresses[0][:2]
        async with asyncio.TaskGroup() as group, aiohttp.ClientSession() as session:
            tasks = [group.create_task(cloud.run()), group.create_task(relays.run())]
            await asyncio.wait_for(cloud.ready.wait(), WITHIN_S)
            await store.add_kitchen(KID, "The demo kitchen", utc_now())
            await store.add_token(KID, hashed(TOKEN), utc_now())
            try:
                yield RelaySite(cloud, session, f"http://{host}:{port}", relays)
            finally:
                await session.close()
                await runner.cleanup()
                for task in tasks:
                    task.cancel()
    finally:
        await runner.cleanup()


@dataclass
class Uploading:
    """A device's hub, and its upload."""

    hub: Hub
    upload: Upload
    demands: Demands
    keyframes_asked: list[float] = field(default_factory=list)
    units: list[Unit] = field(default_factory=lambda: encode([CAMERA_SHADE] * GOP, gop=GOP))
    filmed: int = 0

    @property
    def socket(self) -> UploadSocket | None:
        """The open connection to the relay."""
        sender = self.upload._sender
        return sender.socket if sender else None

    @property
    def up_to_date(self) -> bool:
        """Whether every fragment has been sent over the open connection, or skipped."""
        return self.upload._sender is not None and self.upload._sender.up_to_date

    def live(self) -> None:
        """Open the gate."""
        self.hub.set_format(WIDTH, HEIGHT, 30)
        self.hub.set_format(WIDTH // 2, HEIGHT // 2, 30, Rendition.LOW)
        self.hub.show(State.LIVE)

    def frame(self) -> None:
        """Take the next frame; a keyframe when one was asked for. LOW has the same while wanted."""
        unit = self.units[self.filmed % GOP]
        self.filmed += 1
        at = wall_us()
        for each in sorted({Rendition.MAIN, *self.hub.demand.renditions}):
            self.hub.publish(unit.data, keyframe=unit.keyframe, captured_us=at, rendition=each)

    def ask_keyframe(self, _: Rendition = Rendition.MAIN) -> None:
        self.keyframes_asked.append(asyncio.get_running_loop().time())
        self.filmed = 0

    async def film(self) -> None:
        """Run the camera for ever, at 30 frames a second."""
        while True:
            self.frame()
            await asyncio.sleep(1 / 30)


@asynccontextmanager
async def uploading(
    base: str, *, token: str = TOKEN, proxy: str | None = None
) -> AsyncIterator[Uploading]:
    """Run a device's hub and upload; nobody watches yet, and the state is IDLE."""
    demands = Demands()
    hub = hub_with_placeholders(demands)
    upload = Upload(base, KID, token, rng=random.Random(1), proxy=proxy)
    device = Uploading(hub, upload, demands)
    upload.attach(hub, request_keyframe=device.ask_keyframe)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(part.run()) for part in (hub, upload)]
        try:
            yield device
        finally:
            for task in tasks:
                task.cancel()


def wall_us() -> int:
    """Wall time, by which the relay tells how old a picture is."""
    return time.time_ns() // 1000


@asynccontextmanager
async def beside(*work: Awaitable[None]) -> AsyncIterator[None]:
    """Let `work` go on while the context is open."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
