"""From a configuration to a running daemon, and to its orderly end."""

import asyncio
import logging
import os
import socket
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from threading import Thread

from aiohttp import web

from likelight.config.last_good import LastGood, write_last_good
from likelight.config.settings import Config
from likelight.config.state_dir import held, held_if_usable
from likelight.daemon.assembly import assemble
from likelight.daemon.camera import camera_config
from likelight.daemon.device import Device
from likelight.daemon.listener import device_listener, device_listener_if_there
from likelight.daemon.prepare import Prepared, prepare
from likelight.daemon.self_check import Look
from likelight.runtime.signals import Stop
from likelight.runtime.systemd import Systemd
from likelight.web.bench.log_lines import LogLines
from likelight.web.http.address import phone_address, shown_address
from likelight_hw.camera.probe import probe

log = logging.getLogger(__name__)

READY_WITHIN_S = 10.0
"""After this time we tell systemd that the device is up, even if a part is still starting."""


class KitchenChosen(Exception):
    """An operator has chosen the kitchen; the device must begin anew as that one."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run: as the demo, which has a bench, or as a device."""

    bench: bool = False
    browser: bool = False
    seconds: float | None = None
    """End this long after the device was ready."""
    broken: bool = False
    """The configuration is the last good one, because the new one has a mistake."""
    good: LastGood | None = None
    """To be kept as the last good one when the device is up; None for nothing to keep."""
    look: Look | None = None
    """By which the device looks at itself for its cloud."""


def run(config: Config, options: RunOptions) -> None:
    """Run the daemon until a signal, or as long as `options` say.

    Raises `ConfigError` or `HardwareError` when it can't start, `GaveUp` when a part failed too
    often and `KitchenChosen` when it must begin anew; each may be inside an ExceptionGroup.
    """
    holding = held(config.state_dir) if options.bench else held_if_usable(config.state_dir)
    with holding, _listener(config, wait=not options.bench) as listener:
        prepared = prepare(config, listener, broken=options.broken)
        asyncio.run(_until_a_signal(config, prepared, options))


@contextmanager
def _listener(config: Config, *, wait: bool) -> Iterator[socket.socket | None]:
    """Bind the device's port. If that fails, end the demo; a real device need not wait for it."""
    bound = device_listener_if_there(config.web) if wait else device_listener(config.web)
    try:
        yield bound
    finally:
        if bound is not None:
            bound.close()


async def _until_a_signal(config: Config, prepared: Prepared, options: RunOptions) -> None:
    """Run until a signal comes. A signal also ends a start-up that hangs."""
    systemd, stop = Systemd(), Stop()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(_run_device(config, prepared, systemd, stop, options))
        await stop.requested.wait()
        log.info("Stopping")
        systemd.stopping()
        running.cancel()


async def _run_device(
    config: Config, prepared: Prepared, systemd: Systemd, stop: Stop, options: RunOptions
) -> None:
    if options.bench:
        # The person at the demo can type another file's name. In a kitchen a camera that can't be
        # opened holds up neither lamp nor notes, and is tried again.
        await probe(camera_config(config.camera))
    bench = partial(_bench, config)
    if options.bench:
        assembled = assemble(config, prepared, bench)
    else:
        assembled = assemble(config, prepared, look=options.look)
    async with assembled as device, asyncio.TaskGroup() as group:
        group.create_task(_end_as_another_kitchen(device))
        stop.darken = device.darken
        device.supervisor.add("watchdog", systemd, critical=False)
        group.create_task(device.run())
        with suppress(TimeoutError):
            async with asyncio.timeout(READY_WITHIN_S):
                await device.ready()
        group.create_task(_announce(config, systemd, options))
        if options.good is not None:
            group.create_task(_keep(options.good))
        if options.seconds is not None:
            await asyncio.sleep(options.seconds)
            stop.requested.set()


async def _end_as_another_kitchen(device: Device) -> None:
    """Raise `KitchenChosen` once an operator has made the device another kitchen's, or the crew
    has agreed to a reset."""
    await device.another_kitchen.wait()
    raise KitchenChosen(
        "this device is to be another kitchen's, as which it begins anew: systemd starts it"
    )


async def _keep(good: LastGood) -> None:
    """Keep `good` for a later start whose configuration has a mistake."""
    try:
        await asyncio.to_thread(write_last_good, good.config.state_dir, good)
    except OSError as error:
        log.warning("Can't keep this configuration as the last good one: %s", error)


async def _announce(config: Config, systemd: Systemd, options: RunOptions) -> None:
    """Tell the person at the terminal, and systemd, at which addresses the device serves."""
    address = shown_address(config.web.host, config.web.port)
    kitchen = f"{address}/k/{config.kitchen.id}"
    systemd.ready(f"serving {kitchen}")
    lines = [f"Viewers open      {kitchen}"] if config.cloud.url is None else []
    if options.bench:
        # An operator may choose the kitchen of a device that is not a bench's, so it names none.
        lines = [f"Viewers open      {_cloud_page(config) or kitchen}"]
        lines += [f"The crew's bench  {address}/bench", "Ctrl-C ends it."]
    # A daemon thread: a stdout that is full, and that nobody reads, holds up nothing else.
    Thread(target=_say, args=(lines,), name="stdout", daemon=True).start()
    if options.browser and (sys.platform == "darwin" or "DISPLAY" in os.environ):
        await asyncio.to_thread(webbrowser.open, f"{address}/bench")
        await asyncio.to_thread(webbrowser.open, kitchen)


def _say(lines: list[str]) -> None:
    """Write `lines` to the descriptor: `sys.stdout` has a lock, which Python takes at its end."""
    # The program that started us may have closed stdout (>&-, which makes it None), or may no
    # longer read it.
    with suppress(AttributeError, OSError):
        unwritten = "".join(f"{line}\n" for line in lines).encode()
        while unwritten:
            unwritten = unwritten[os.write(sys.stdout.fileno(), unwritten) :]


def _cloud_page(config: Config) -> str | None:
    """Return where viewers open the page at a cloud elsewhere; None with the cloud inside."""
    cloud = config.cloud.url
    return None if cloud is None else f"{cloud.rstrip('/')}/k/{config.kitchen.id}"


def _bench(config: Config, device: Device) -> list[web.RouteDef]:
    """Return the routes of the bench, which shows the log from now on."""
    # 0.3 MB that only the demo needs.
    from likelight.daemon.demo_bench import make_bench  # noqa: PLC0415
    from likelight.web.bench.routes import bench_routes  # noqa: PLC0415

    lines = LogLines(device.changes.bump)
    for name in ("likelight", "likelight_hw", "likelight_cloud"):
        logging.getLogger(name).addHandler(lines)
    address = phone_address(config.web.host, config.web.port)
    cloud_page = _cloud_page(config)
    phone = cloud_page or (None if address is None else f"{address}/k/{config.kitchen.id}")
    bench = make_bench(device, lines, phone=phone, cloud_page=cloud_page)
    return bench_routes(bench) if bench else []
