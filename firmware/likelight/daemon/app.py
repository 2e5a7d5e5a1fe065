"""From a configuration to a running daemon, and to its orderly end."""

import asyncio
import logging
import os
import random
import socket
import sys
import webbrowser
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.appreciation.sync.store import DeviceStore
from likelight.assets.catalogue import Notes
from likelight.config.settings import Config, ConfigError
from likelight.config.state_dir import held, own_token, read_token
from likelight.daemon.device import Device, camera_config
from likelight.daemon.embedded_cloud import EmbeddedCloud, make_embedded_cloud
from likelight.daemon.kitchen_notes import read_notes
from likelight.daemon.listener import device_listener
from likelight.daemon.push import read_target
from likelight.daemon.site import fill_site
from likelight.feed.placeholders import Placeholder, packaged_placeholders
from likelight.feed.upload.client import Upload
from likelight.runtime.clock import utc_now
from likelight.runtime.signals import Stop
from likelight.runtime.store_errors import StoreError
from likelight.runtime.systemd import Systemd
from likelight.web.bench.log_lines import LogLines
from likelight.web.control.server import ControlServer
from likelight.web.control.socket_path import SOCKET, socket_path
from likelight.web.http.address import own_address, shown_address
from likelight.web.http.server import WebServer
from likelight_hw.camera.probe import probe
from likelight_hw.push.target import Target

log = logging.getLogger(__name__)

READY_WITHIN_S = 10.0
"""A device that still waits for something then is up all the same, and says what it lacks."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """What was got ready before the event loop: everything that may block or be refused."""

    config: Config
    token: str
    listener: socket.socket
    own_cloud: EmbeddedCloud | None
    packaged: tuple[Placeholder, ...]
    push_to: Target | None
    notes: Notes


def run(config: Config, *, bench: bool, browser: bool, seconds: float | None) -> None:
    """Run the daemon until a signal, or until `seconds` after it was ready.

    Raises `ConfigError` or `HardwareError` when it can't start and `GaveUp` when it can't live,
    each maybe within an ExceptionGroup.
    """
    with held(config.state_dir) as state_dir, device_listener(config.web) as listener:
        notes = read_notes(config)
        own_cloud = None
        if config.cloud.url is None:
            database = state_dir / "cloud.sqlite"
            own_cloud = make_embedded_cloud(database, now=utc_now, rng=random.Random(), notes=notes)
        token_file = config.cloud.token_file
        token = read_token(token_file) if token_file else own_token(state_dir)
        packaged = packaged_placeholders(simulated=camera_config(config).simulated)
        push_to = read_target(config.push)
        ground = _Ground(config, token, listener, own_cloud, packaged, push_to, notes)
        asyncio.run(_serve(ground, bench=bench, browser=browser, seconds=seconds))


async def _serve(ground: _Ground, *, bench: bool, browser: bool, seconds: float | None) -> None:
    """Live until a signal, which ends the start-up just as well."""
    systemd = Systemd()
    stop = Stop()
    async with asyncio.TaskGroup() as group:
        life = group.create_task(
            _live(ground, systemd, stop, bench=bench, browser=browser, seconds=seconds)
        )
        await stop.asked.wait()
        log.info("Good night")
        systemd.stopping()
        life.cancel()


async def _live(
    ground: _Ground,
    systemd: Systemd,
    stop: Stop,
    *,
    bench: bool,
    browser: bool,
    seconds: float | None,
) -> None:
    config, own_cloud = ground.config, ground.own_cloud
    camera = camera_config(config)
    if camera.simulated:
        # A file that can't be played is told to whoever named it. A real camera that is unplugged
        # must not keep the lamp and the notes from starting; the daemon goes on looking for it.
        await probe(camera)
    async with AsyncExitStack() as stack:
        store = DeviceStore(config.state_dir / "device.sqlite")
        try:
            await store.open()
        except StoreError as error:
            raise ConfigError(str(error)) from error
        stack.push_async_callback(store.close)
        base_url = config.cloud.url or own_address(ground.listener)
        cloud = HttpCloud(base_url, config.kitchen.id, ground.token)
        await stack.enter_async_context(cloud)
        upload = None
        if config.cloud.url is not None:
            upload = Upload(config.cloud.url, config.kitchen.id, ground.token, rng=random.Random())
        device = Device(
            config,
            store,
            cloud,
            own_cloud,
            ground.packaged,
            ground.push_to,
            upload,
            ground.notes,
        )
        stop.dark = device.dark
        stack.push_async_callback(device.close)
        lines = LogLines(device.changes.bump)
        if bench:
            _listen_to(lines)
        demo_bench = None
        if bench:
            from likelight.daemon.demo_bench import make_bench  # noqa: PLC0415  0.3 MB, the demo's

            demo_bench = make_bench(device, lines)
        server = WebServer(lambda app: fill_site(app, device, demo_bench), ground.listener)
        device.supervisor.add("web", server, critical=True)
        device.supervisor.add("watchdog", systemd, critical=False)
        control = ControlServer(
            socket_path(config), device.control_routes, alias=config.state_dir / SOCKET
        )
        device.supervisor.add("control", control, critical=False)
        if own_cloud is not None:
            own_cloud.enrol(config.kitchen.id, config.kitchen.name, ground.token)
            device.supervisor.add("cloud", own_cloud, critical=False)
        async with asyncio.TaskGroup() as group:
            group.create_task(device.supervisor.run())
            with suppress(TimeoutError):
                async with asyncio.timeout(READY_WITHIN_S):
                    await device.ready()
            group.create_task(_tell_where(device, systemd, bench=bench, browser=browser))
            if seconds is not None:
                await asyncio.sleep(seconds)
                stop.asked.set()


async def _tell_where(device: Device, systemd: Systemd, *, bench: bool, browser: bool) -> None:
    """Say where to look, to the person at the terminal and to systemd."""
    address = shown_address(device.config.web.host, device.config.web.port)
    kitchen = f"{address}/k/{device.config.kitchen.id}"
    if device.own_cloud is not None:
        _say(f"Viewers open      {kitchen}")
    if bench:
        _say(f"The crew's bench  {address}/bench")
        _say("Ctrl-C ends it.")
    systemd.ready(f"serving {kitchen}")
    if browser and (sys.platform == "darwin" or "DISPLAY" in os.environ):
        await asyncio.to_thread(webbrowser.open, f"{address}/bench")
        await asyncio.to_thread(webbrowser.open, kitchen)


def _say(line: str) -> None:
    # Whoever started us may have closed stdout (>&-, which makes it None), or stopped reading it.
    with suppress(OSError):
        print(line, flush=True)  # noqa: T201  these lines are for the person at the terminal


def _listen_to(lines: LogLines) -> None:
    for name in ("likelight", "likelight_hw", "likelight_cloud"):
        logging.getLogger(name).addHandler(lines)
