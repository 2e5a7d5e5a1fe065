"""From a configuration to a running daemon, and to its orderly end."""

import asyncio
import logging
import os
import random
import signal
import socket
import sys
import webbrowser
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

from likelight import placeholders
from likelight.appreciation.cloud import HttpCloud
from likelight.appreciation.sqlitefile import StoreError
from likelight.appreciation.store import DeviceStore
from likelight.clock import utc_now
from likelight.config import Config, ConfigError
from likelight.device import Device, camera_config
from likelight.embedded import EmbeddedCloud, make_embedded_cloud
from likelight.state_dir import held, own_token, read_token
from likelight.systemd import Systemd
from likelight.web.loglines import LogLines
from likelight.web.server import WebServer, listen
from likelight_hw.camera.probe import probe
from likelight_hw.camera.process import CameraProcess
from likelight_hw.ports import Placeholder

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


def run(config: Config, *, bench: bool, browser: bool, seconds: float | None) -> None:
    """Run the daemon until a signal, or until `seconds` after it was ready.

    Raises `ConfigError` or `HardwareError` when it can't start, and an ExceptionGroup with
    `GaveUp` when it can't live.
    """
    with held(config.state_dir) as state_dir, listen(config.web) as listener:
        own_cloud = None
        if config.cloud.url is None:
            database = state_dir / "cloud.sqlite"
            own_cloud = make_embedded_cloud(database, now=utc_now, rng=random.Random())
        token_file = config.cloud.token_file
        token = read_token(token_file) if token_file else own_token(state_dir)
        packaged = placeholders.load(simulated=CameraProcess.simulated)
        ground = _Ground(config, token, listener, own_cloud, packaged)
        asyncio.run(_serve(ground, bench=bench, browser=browser, seconds=seconds))


async def _serve(ground: _Ground, *, bench: bool, browser: bool, seconds: float | None) -> None:
    config, own_cloud = ground.config, ground.own_cloud
    systemd = Systemd()
    stop = _stop_signal()
    await probe(camera_config(config))
    async with AsyncExitStack() as stack:
        store = DeviceStore(config.state_dir / "device.sqlite")
        try:
            await store.open()
        except StoreError as error:
            raise ConfigError(str(error)) from error
        stack.push_async_callback(store.close)
        base_url = config.cloud.url or _loopback(config)
        cloud = HttpCloud(base_url, config.kitchen.id, ground.token)
        await stack.enter_async_context(cloud)
        device = Device(config, store, cloud, own_cloud, ground.packaged)
        stack.push_async_callback(device.close)
        lines = LogLines(device.changes.bump)
        if bench:
            _listen_to(lines)
        demo_bench = device.make_bench(lines) if bench else None
        server = WebServer(lambda: device.make_app(demo_bench), ground.listener)
        device.supervisor.add("web", server, critical=True)
        device.supervisor.add("watchdog", systemd, critical=False)
        if own_cloud is not None:
            own_cloud.enrol(config.kitchen.id, config.kitchen.name, ground.token)
            device.supervisor.add("cloud", own_cloud, critical=False)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(device.supervisor.run()),
                group.create_task(_once_ready(device, systemd, bench=bench, browser=browser)),
            ]
            if seconds is not None:
                tasks.append(group.create_task(_end_after(device, seconds, stop)))
            await stop.wait()
            log.info("Good night")
            systemd.stopping()
            for task in tasks:
                task.cancel()


async def _end_after(device: Device, seconds: float, stop: asyncio.Event) -> None:
    await _ready(device)
    await asyncio.sleep(seconds)
    stop.set()


async def _ready(device: Device) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(READY_WITHIN_S):
            await device.ready()


def _stop_signal() -> asyncio.Event:
    """Return an event that the first SIGINT or SIGTERM sets; a second one ends the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def first() -> None:
        stop.set()
        for ending in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(ending)

    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, first)
    return stop


async def _once_ready(device: Device, systemd: Systemd, *, bench: bool, browser: bool) -> None:
    """Say where to look, to the person at the terminal and to systemd."""
    await _ready(device)
    address = f"http://{_shown_host(device.config.web.host)}:{device.config.web.port}"
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
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _listen_to(lines: LogLines) -> None:
    for name in ("likelight", "likelight_hw", "likelight_cloud"):
        logging.getLogger(name).addHandler(lines)


def _loopback(config: Config) -> str:
    host = config.web.host
    if host in ("0.0.0.0", "::", "localhost"):  # noqa: S104  asked about, not bound
        host = "127.0.0.1" if host != "::" else "[::1]"
    return f"http://{host}:{config.web.port}"


def _shown_host(host: str) -> str:
    """Return what a phone on this network can open, where the daemon listens everywhere."""
    if host not in ("0.0.0.0", "::"):  # noqa: S104  asked about, not bound
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probing:
        try:
            # Sends nothing: a datagram socket's connect only chooses the outgoing address.
            probing.connect(("192.0.2.1", 9))
        except OSError:
            return socket.gethostname()
        return str(probing.getsockname()[0])
