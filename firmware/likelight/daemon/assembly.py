"""Builds the parts of one device and connects them to each other."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import tzinfo
from functools import partial

from aiohttp import web

from likelight.appreciation.lamp.palette import brand
from likelight.appreciation.panel.settings import PanelSettings
from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.appreciation.sync.report import StatusSources
from likelight.appreciation.sync.store import DeviceStore
from likelight.appreciation.sync.vitals import Vitals
from likelight.appreciation.window_in import (
    CrewHardware,
    LampStyle,
    PolledCloud,
    WindowIn,
)
from likelight.config.places import CONTROL_SOCKET, runtime_dir
from likelight.config.settings import Config
from likelight.daemon.camera import DeviceCamera, camera_config
from likelight.daemon.device import Device
from likelight.daemon.disk_watch import DiskState, DiskWatch
from likelight.daemon.embedded_cloud import AfterCloud, WatchedCloud
from likelight.daemon.events import DeviceEvents
from likelight.daemon.feed import Feed, build_feed
from likelight.daemon.hardware import DeviceHardware, open_device_hardware
from likelight.daemon.health import WINDOW_IN
from likelight.daemon.listener import DeviceServer, device_address
from likelight.daemon.panel_parts import add_boot_watch, add_panel_consent
from likelight.daemon.prepare import Prepared
from likelight.daemon.remote_cloud import add_remote_cloud
from likelight.daemon.self_check import Look, SelfCheck
from likelight.daemon.site import fill_site
from likelight.gate.marker import MARKER_FILE, Marker
from likelight.gate.on_air import OnAir
from likelight.gate.permissions import Permissions
from likelight.gate.privacy_button import PrivacyButton
from likelight.gate.privacy_memory import PrivacyMemory
from likelight.gate.zone import ComputerZone, kitchen_zone
from likelight.gate.zone_watch import ZoneWatch
from likelight.runtime.http_session import new_session
from likelight.runtime.supervisor import Supervisor
from likelight.runtime.troubles import Trouble, Troubles
from likelight.web.control.server import ControlServer
from likelight_hw.camera.process import CameraProcess
from likelight_hw.wiring import Wiring

log = logging.getLogger(__name__)

BenchRoutes = Callable[[Device], Sequence[web.RouteDef]]
"""Returns the routes of the demo's bench for a device."""


@asynccontextmanager
async def assemble(
    config: Config,
    prepared: Prepared,
    bench_routes: BenchRoutes = lambda _: (),
    look: Look | None = None,
) -> AsyncIterator[Device]:
    """Assemble the device of `config`. At the end of the context all its lights are off.

    By `look`, where there is one, it looks at itself for its cloud.

    Raises `HardwareError` for an unknown driver.
    """
    cloud_url = config.cloud.url or device_address(config.web, prepared.listener)
    async with (
        _opened(prepared.store) as store,
        _privacy_memory(config, store) as memory,
        HttpCloud(
            cloud_url,
            config.kitchen.id,
            None,
            new_session=partial(new_session, config.cloud.proxy),
            trust=prepared.trust,
            clock_is_set=prepared.clock.is_set,
            on_token=prepared.upload.pair if prepared.upload else lambda _: None,
        ) as cloud,
        _opened_hardware(config.wiring) as hardware,
    ):
        if prepared.tokens:
            cloud.pair(*prepared.tokens)
        device = _connect(config, prepared, memory, cloud, hardware)
        await _begin_private_or_shared(device.on_air, memory, prepared, config)
        _tell_of_the_store(device.troubles, store)
        _add_disk_watch(device, config)
        if look is not None:
            _add_self_check(device, look, prepared)
        _add_servers(device, config, prepared, bench_routes(device))
        yield device


@asynccontextmanager
async def _opened(store: DeviceStore) -> AsyncIterator[DeviceStore]:
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def _privacy_memory(config: Config, store: DeviceStore) -> AsyncIterator[PrivacyMemory]:
    kitchen, state_dir, run = config.kitchen.id, config.state_dir, runtime_dir(config.state_dir)
    copy = Marker(run / MARKER_FILE, kitchen) if run != state_dir else None
    memory = PrivacyMemory(store, Marker(state_dir / MARKER_FILE, kitchen), copy)
    try:
        yield memory
    finally:
        memory.close()


async def _begin_private_or_shared(
    on_air: OnAir, memory: PrivacyMemory, prepared: Prepared, config: Config
) -> None:
    """Tell the gate what the crew chose. A new device shares what is only simulated."""
    if not prepared.new and await memory.has_lost():
        log.warning(
            "What the crew chose is not known any more: the store or the marker (%s) in %s is "
            "empty, damaged or another kitchen's. The kitchen is private until "
            "somebody presses PRIVACY",
            MARKER_FILE,
            config.state_dir,
        )
    new = prepared.new and camera_config(config.camera).simulated
    on_air.use_stored_privacy(private=await memory.begin(new=new))


@asynccontextmanager
async def _opened_hardware(wiring: Wiring) -> AsyncIterator[DeviceHardware]:
    hardware = open_device_hardware(wiring)
    try:
        yield hardware
    finally:
        await hardware.close()


def _connect(
    config: Config,
    prepared: Prepared,
    memory: PrivacyMemory,
    cloud: HttpCloud,
    hardware: DeviceHardware,
) -> Device:
    """Build each part with its inputs and its listeners; give what runs to the supervisor."""
    events = DeviceEvents(cloud_inside=prepared.embedded_cloud is not None)
    supervisor = Supervisor(prepared.rng)
    troubles = events.troubles = Troubles(events.on_troubles)
    zone = kitchen_zone(config.kitchen.timezone)
    process = events.camera_process = CameraProcess(camera_config(config.camera))

    feed = build_feed(prepared, process, events)
    events.upload, events.hub = feed.upload, feed.hub
    _add_feed(supervisor, feed)

    on_air = events.on_air = OnAir(
        process,
        hardware.indicator,
        show=feed.hub.show,
        store_privacy=memory.keep,
        on_change=events.on_gate,
        now=prepared.now,
        configured=Trouble.CONFIG not in prepared.troubles,
    )
    supervisor.add("on air", on_air, critical=True)

    window_in = events.window_in = _window_in(config, prepared, cloud, hardware, events, zone)
    _add_window_in(supervisor, window_in, prepared)
    if prepared.device_tokens is not None:
        add_remote_cloud(supervisor, config, prepared, prepared.device_tokens, cloud, events)
    for trouble in prepared.troubles:
        troubles.set(trouble, True)
    events.on_troubles()
    add_boot_watch(supervisor, config, prepared, hardware, events)

    permissions = events.permissions = _permissions(config, prepared, events, zone)
    supervisor.add("permissions", permissions, critical=True)
    if not process.simulated:
        add_panel_consent(supervisor, config, prepared, memory, hardware, events, zone)
    if isinstance(zone, ComputerZone):
        supervisor.add("time zone", ZoneWatch(zone), critical=False)
    if prepared.store.desired is not None:
        # The cloud's last desired state applies from the start, also without a network.
        events.on_desired(prepared.store.desired)

    camera = DeviceCamera(
        process,
        on_air,
        feed.hub,
        feed.push,
        packaged=prepared.placeholders,
        on_status=events.on_camera_status,
        on_placeholder=events.changes.bump,
        on_picture=events.on_picture,
    )
    supervisor.add("camera", camera, critical=False)
    device = Device(
        config.kitchen.id,
        hardware,
        camera,
        feed,
        on_air,
        permissions,
        memory.keep,
        window_in,
        prepared.embedded_cloud,
        supervisor,
        troubles,
        events.changes,
        pairing_code=lambda: events.pairing_code,
        keep_findings=events.keep_findings,
        keep_looked=events.keep_looked,
        another_kitchen=events.another_kitchen,
        catalogue=events.catalogue,
    )
    events.health = device.health
    return device


def _add_feed(supervisor: Supervisor, feed: Feed) -> None:
    supervisor.add("feed", feed.hub, critical=True)
    if feed.upload is not None:
        supervisor.add("upload", feed.upload, critical=False)
    if feed.push is not None:
        supervisor.add("push", feed.push, critical=False)


def _window_in(
    config: Config,
    prepared: Prepared,
    cloud: HttpCloud,
    hardware: DeviceHardware,
    events: DeviceEvents,
    zone: tzinfo,
) -> WindowIn:
    now, quiet = prepared.now, config.quiet.during(zone)
    return WindowIn(
        prepared.store,
        PolledCloud(cloud, events.reachable),
        CrewHardware(hardware.lights, hardware.display, hardware.thanks, hardware.privacy),
        PrivacyButton(events.on_air),
        status=StatusSources(
            camera=lambda: events.on_air.report,
            hours=events.opening_hours,
            measure=Vitals(config.state_dir, events.own_health).measure,
            simulated=events.camera_process.simulated or hardware.simulated,
            catalogue=lambda: events.catalogue.report if events.catalogue else None,
        ),
        panel=PanelSettings(
            prepared.catalogue.notes.load(prepared.language),
            zone,
            quiet=lambda: quiet.is_open(now()),
            night_brightness=config.quiet.brightness,
            viewers_at_rest=config.display.viewers_at_rest,
            review_due=lambda: events.permissions.consent.review_due,
            troubles=lambda: events.troubles.present,
            pairing_code=lambda: events.pairing_code,
            file_mistakes=events.file_mistakes,
            observed=events.observed,
            new_notes=prepared.catalogue.announced,
            new_notes_read=events.on_new_notes_read,
        ),
        lamp=LampStyle(
            palette=brand(config.brand.glow, config.brand.heart), dimmable=hardware.dimmable
        ),
        listener=events,
        now=now,
        rng=prepared.rng,
    )


def _add_window_in(supervisor: Supervisor, window_in: WindowIn, prepared: Prepared) -> None:
    """Have its parts tried for ever, as the cloud is: where they fail again and again, they would
    do so in the next process, too, and until then the gate and the page would be gone as well.
    """
    supervisor.add("privacy button", window_in.privacy_button, critical=True, for_ever=True)
    supervisor.add("lamp", window_in.lamp, critical=True, for_ever=True)
    supervisor.add("night", window_in.night, critical=False)
    after_cloud = AfterCloud(window_in, prepared.embedded_cloud)
    supervisor.add(WINDOW_IN, after_cloud, critical=True, for_ever=True)


def _permissions(
    config: Config, prepared: Prepared, events: DeviceEvents, zone: tzinfo
) -> Permissions:
    simulated = events.camera_process.simulated
    return Permissions(
        events.on_air,
        kitchen=config.kitchen.id,
        hours=config.schedule.hours(zone),
        # Only a real sensor needs the crew's consent.
        state_dir=None if simulated else config.state_dir,
        zone=zone,
        clock_is_set=prepared.clock.is_set,
        on_change=events.on_consent,
        now=prepared.now,
    )


def _tell_of_the_store(troubles: Troubles, store: DeviceStore) -> None:
    troubles.set(Trouble.STORE_DAMAGED, store.condition.set_aside is not None)
    troubles.set(Trouble.STORE_IN_MEMORY, store.condition.in_memory is not None)
    troubles.set(Trouble.KITCHEN_CHANGED, store.kitchen_changed)


def _add_disk_watch(device: Device, config: Config) -> None:
    """Say while the disk takes nothing: the store alone would only know after a press or a like."""

    def tell(disk: DiskState) -> None:
        device.troubles.set(Trouble.DISK_FULL, disk.full)
        device.troubles.set(Trouble.DISK_READ_ONLY, disk.read_only)

    device.supervisor.add("disk", DiskWatch(config.state_dir, tell), critical=False)


def _add_self_check(device: Device, look: Look, prepared: Prepared) -> None:
    check = SelfCheck(look, device.keep_looked, lambda: device.health().reasons, prepared.rng)
    device.supervisor.add("self-check", check, critical=False)


def _add_servers(
    device: Device, config: Config, prepared: Prepared, bench: Sequence[web.RouteDef]
) -> None:
    """Add the servers: the web port with the embedded cloud, and the control socket."""
    add, cloud = device.supervisor.add, prepared.embedded_cloud
    site = DeviceServer(
        lambda app: fill_site(app, device, bench),
        config.web,
        prepared.listener,
        on_open=lambda: device.troubles.set(Trouble.ADDRESS, False),
    )
    # Where the page fails again and again, a lamp whose cloud is elsewhere still works.
    add("web", site, critical=True, for_ever=True)
    control = ControlServer(
        runtime_dir(config.state_dir) / CONTROL_SOCKET,
        device.control_routes,
        alias=config.state_dir / CONTROL_SOCKET,
    )
    add("control", control, critical=False)
    if cloud is not None and prepared.tokens:
        cloud.enrol(config.kitchen.id, config.kitchen.name, prepared.tokens[0])
        add("cloud", WatchedCloud(cloud, device.troubles), critical=False)
