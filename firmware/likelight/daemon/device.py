"""One kitchen's daemon, wired: which part hears of what from which other."""

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress

from aiohttp import web

from likelight.appreciation.lamp.palette import brand
from likelight.appreciation.panel.presenter import PanelSettings
from likelight.appreciation.sync.client import CloudClient
from likelight.appreciation.sync.connection import CloudConnection
from likelight.appreciation.sync.report import StatusSources
from likelight.appreciation.sync.store import DeviceStore
from likelight.appreciation.sync.vitals import Vitals
from likelight.appreciation.window_in import CrewHardware, LampSettings, WindowIn
from likelight.assets.catalogue import BUNDLED, Notes
from likelight.assets.fonts import BOLD
from likelight.assets.placeholder_words import SIMULATED
from likelight.config.settings import Config
from likelight.contract import Desired, State, Viewers
from likelight.daemon.embedded_cloud import EmbeddedCloud
from likelight.daemon.health import DeviceHealth
from likelight.daemon.placeholders import placeholder_specs
from likelight.daemon.push import Push
from likelight.feed.hls.outlet import Hls
from likelight.feed.hub import Hub
from likelight.feed.outlets import Demand
from likelight.feed.placeholders import Placeholder
from likelight.feed.upload.client import Upload
from likelight.gate.on_air import OnAir
from likelight.gate.permissions import Permissions
from likelight.gate.privacy_button import PrivacyButton
from likelight.gate.zone import kitchen_zone
from likelight.runtime.changes import Changes
from likelight.runtime.cleanup import finish_within
from likelight.runtime.clock import utc_now
from likelight.runtime.clock_sync import clock_is_set
from likelight.runtime.supervisor import Supervisor
from likelight.web.control.consent import consent_routes
from likelight.web.control.lights import lights_routes
from likelight.web.control.queue import queue_routes
from likelight.web.control.status import status_routes
from likelight_hw import registry
from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.process import CameraProcess
from likelight_hw.ports import (
    AccessUnit,
    CameraPhase,
    CameraStatus,
    DrawnPlaceholder,
    Jpeg,
    LightFrame,
    StreamFormat,
)
from likelight_hw.push.target import Target

log = logging.getLogger(__name__)

OWN_CLOUD_WITHIN_S = 2.0
"""The buttons and the screens don't wait longer for an embedded cloud that can't open."""
DISPLAY_OFF_WITHIN_S = 2.0
JPEG_FPS = 15.0
"""What an MJPEG viewer gets at most: at 720p each picture has some 35 KB, so 4 Mbit/s."""


def now_us() -> int:
    """Return wall time in microseconds since the epoch."""
    return time.time_ns() // 1000


def camera_config(config: Config) -> CameraConfig:
    """Return the camera's part of `config`, as its process wants it."""
    camera = config.camera
    simulated = camera.driver in ("sim", "file")
    return CameraConfig(
        driver=camera.driver,
        path=camera.path or camera.device,
        width=camera.width,
        height=camera.height,
        fps=camera.fps,
        bitrate=camera.bitrate,
        barcode=camera.barcode,
        badge=SIMULATED if simulated else None,
        font=BOLD,
        masks=camera.masks,
    )


class Device:
    """One kitchen's daemon: every part, wired. The camera and the window in report to it."""

    def __init__(
        self,
        config: Config,
        store: DeviceStore,
        cloud: CloudClient,
        own: EmbeddedCloud | None,
        packaged: Sequence[Placeholder],
        push_to: Target | None = None,
        upload: Upload | None = None,
        notes: Notes = BUNDLED,
    ) -> None:
        rng = random.Random()
        self.config = config
        self.own_cloud = own
        self.changes = Changes()
        self.supervisor = Supervisor(rng)
        self.hub = Hub(
            now_us=now_us, on_demand=self._on_demand, request_keyframe=self._ask_keyframe
        )
        self.hls = Hls(self.hub, epoch=secrets.token_hex(4))
        self.camera = CameraProcess(camera_config(config))
        self.placeholder_specs = placeholder_specs(simulated=self.camera.simulated)
        self._placeholders_missing = {spec.name for spec in self.placeholder_specs}

        wiring, zone = config.wiring, kitchen_zone(config.kitchen.timezone)
        self._quiet_hours = config.quiet.during(zone)
        self.lights = registry.open_lights(wiring.lights, time.monotonic)
        self.indicator = registry.open_indicator(wiring.indicator)
        self.display = registry.open_display(wiring.display)
        self.thanks = registry.open_button(wiring.thanks)
        self.privacy = registry.open_button(wiring.privacy)

        self.on_air = OnAir(
            self.camera,
            self.indicator,
            show=self.hub.show,
            store_privacy=store.set_private,
            on_change=self._on_air_changed,
            now=utc_now,
        )
        self.window_in = WindowIn(
            store,
            cloud,
            CrewHardware(self.lights, self.display, self.thanks, self.privacy),
            PrivacyButton(self.on_air),
            status=StatusSources(
                camera=lambda: self.on_air.report,
                measure=Vitals(config.state_dir).measure,
                simulated=any(
                    part.simulated for part in (self.camera, self.lights, self.display, self.thanks)
                ),
            ),
            panel=PanelSettings(
                notes.load(config.kitchen.language),
                zone,
                quiet=self.quiet,
                night_brightness=config.quiet.brightness,
                review_due=lambda: self.permissions.consent.review_due,
            ),
            lamp=LampSettings(
                palette=brand(config.brand.glow, config.brand.heart),
                dimmable=any(lamp.driver != "onoff" for lamp in config.lights),
            ),
            listener=self,
            now=utc_now,
            rng=rng,
        )
        # Only a real sensor needs the crew's consent.
        self.permissions = Permissions(
            self.on_air,
            hours=config.schedule.hours(zone),
            state_dir=None if self.camera.simulated else config.state_dir,
            zone=zone,
            clock_is_set=clock_is_set,
            on_change=self._on_consent_changed,
            now=utc_now,
        )
        if store.desired is not None:
            # The cloud's last wish holds from the first moment on, also without a network.
            self.on_desired(store.desired)
        self.on_air.use_stored_privacy(private=store.private)
        self.upload = upload
        if upload is not None:
            upload.attach(self.hub, request_keyframe=self.camera.keyframe)
        self.push: Push | None = None
        if push_to is not None:
            self.push = Push(
                push_to,
                self.hub,
                keyframe=self.camera.keyframe,
                on_change=self.changes.bump,
                rng=rng,
            )
        for placeholder in packaged:
            self.hub.set_placeholder(placeholder)
        self._add_components()

    def _add_components(self) -> None:
        """Hand every part that lives to the supervisor."""
        add = self.supervisor.add
        add("feed", self.hub, critical=True)
        add("on air", self.on_air, critical=True)
        add("permissions", self.permissions, critical=True)
        add("privacy button", self.window_in.privacy_button, critical=True)
        add("lamp", self.window_in.lamp, critical=True)
        add("night", self.window_in.night, critical=False)
        add("window in", _WindowInComponent(self), critical=True)
        if self.push is not None:
            add("push", self.push, critical=False)
        add("camera", _CameraComponent(self), critical=False)
        if self.upload is not None:
            add("upload", self.upload, critical=False)

    def quiet(self) -> bool:
        """Return whether the crew's quiet hours are now."""
        return self._quiet_hours is not None and self._quiet_hours.is_open(utc_now())

    def health(self) -> DeviceHealth:
        """Return how the device is now."""
        waiting_for = []
        if self._placeholders_missing and self.camera.status.phase is not CameraPhase.FAILED:
            waiting_for.append("camera")
        if self.own_cloud is not None and not self.window_in.reported.is_set():
            waiting_for.append("cloud")
        return DeviceHealth(
            components=dict(self.supervisor.health),
            state=self.on_air.state,
            cloud=self.window_in.connection,
            camera=self.camera.status.phase.value,
            camera_reason=self.camera.status.reason,
            camera_code=self.camera.status.code,
            camera_restarts=self.camera.restarts,
            waiting_for=tuple(waiting_for),
            push=self.push.status if self.push else None,
            consent=self.permissions.consent.health,
            buttons={button.name: button.trouble for button in self.window_in.buttons},
            hardware={
                part: trouble
                for part, trouble in (
                    ("lamp", self.window_in.lamp.trouble),
                    ("display", self.window_in.presenter.trouble),
                    ("on-air light", self.on_air.light.trouble),
                )
                if trouble
            },
        )

    def control_routes(self) -> list[web.RouteDef]:
        """Return what the command line may ask of the running daemon, on its unix socket."""
        return [
            *status_routes(self._status),
            *lights_routes(self.window_in.lamp, simulated=self.lights.simulated),
            *queue_routes(self.window_in.lamp, self.window_in.presenter),
            *consent_routes(self.permissions.consent),
        ]

    async def ready(self) -> None:
        """Return once nothing is waited for any more."""
        if self.own_cloud is not None:
            await self.window_in.reported.wait()
        seen = 0
        while self.health().waiting_for:
            seen = await self.changes.wait_beyond(seen)

    async def close(self) -> None:
        """Switch everything off that gives light."""
        self.dark()
        try:
            if not await finish_within(self.display.close(), DISPLAY_OFF_WITHIN_S):
                log.error("The display hangs, and may still be lit")
        except Exception:
            log.exception("The display may still be lit")

    def dark(self) -> None:
        """Switch lamp and on-air light off, each whatever comes of the other. It doesn't wait."""
        for name, light in (("lamp", self.lights), ("on-air light", self.indicator)):
            try:
                light.close()
            except Exception:
                log.exception("The %s may still be on", name)

    def on_format(self, stream: StreamFormat) -> None:
        self.hub.set_format(stream.width, stream.height, stream.fps)
        if self.push is not None:
            self.push.set_format(stream)

    def on_access_unit(self, unit: AccessUnit) -> None:
        if not self.on_air.open:
            return  # one that was on its way while the gate shut
        self.hub.publish(unit.data, keyframe=unit.keyframe, captured_us=unit.captured_us)
        if self.push is not None:
            self.push.on_unit(unit)

    def on_jpeg(self, jpeg: Jpeg) -> None:
        if self.on_air.open:
            self.hub.publish_jpeg(jpeg.data, captured_us=jpeg.captured_us)

    def on_placeholder(self, placeholder: DrawnPlaceholder) -> None:
        self.hub.set_placeholder(
            Placeholder.from_keyframe(
                State(placeholder.name),
                placeholder.access_unit,
                placeholder.jpeg,
                placeholder.width,
                placeholder.height,
            )
        )
        self._placeholders_missing.discard(placeholder.name)
        self.changes.bump()

    def on_status(self, status: CameraStatus) -> None:
        self.window_in.camera_trouble(status.code)
        self.on_air.on_camera(status)
        self.changes.bump()

    def on_connection(self, connection: CloudConnection) -> None:
        self.on_air.on_admitted(connection is not CloudConnection.REFUSED)
        self._watching_changed()

    def on_viewers(self, viewers: Viewers) -> None:
        self._watching_changed()

    def on_desired(self, desired: Desired) -> None:
        self.on_air.on_desired(desired.mode == "on")
        self.permissions.hours.limit_to(desired.schedule)

    def on_privacy_button(self, readable: bool) -> None:
        self.on_air.on_privacy_button(readable)

    def on_lamp(self, frame: LightFrame) -> None:
        self.camera.show_lamp(frame)
        self.changes.bump()

    def on_lit(self, total: int) -> None:
        self.changes.bump()

    def on_button_trouble(self) -> None:
        self.changes.bump()

    def _status(self) -> dict[str, object]:
        return {
            "kitchen": self.config.kitchen.id,
            "state": self.on_air.state,
            "holds": sorted(self.window_in.lamp.holds),
        }

    def _on_consent_changed(self) -> None:
        self.window_in.consent_changed()
        self.changes.bump()

    def _on_demand(self, demand: Demand) -> None:
        self.camera.jpeg_rate(JPEG_FPS if demand.jpeg else 0)
        self.on_air.on_demand(bool(demand.h264 or demand.jpeg))
        self.changes.bump()

    def _ask_keyframe(self) -> None:
        self.camera.keyframe()

    def _on_air_changed(self) -> None:
        self.changes.bump()
        self.window_in.camera_changed()

    def _watching_changed(self) -> None:
        if self.upload is not None:
            # What an unreachable cloud last said must not keep the camera on.
            heard = self.window_in.connection is CloudConnection.CONNECTED
            self.upload.watch(heard and self.window_in.viewers.watching)
        self.changes.bump()


class _WindowInComponent:
    """The window in, started once the embedded cloud answers: a 503 would cost it a back-off."""

    def __init__(self, device: Device) -> None:
        self._device = device

    async def run(self) -> None:
        own_cloud = self._device.own_cloud
        if own_cloud is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(OWN_CLOUD_WITHIN_S):
                    await own_cloud.ready.wait()
        await self._device.window_in.run()


class _CameraComponent:
    """The camera, as a component whose sink is the device."""

    def __init__(self, device: Device) -> None:
        self._device = device

    async def run(self) -> None:
        await self._device.camera.run(self._device, self._device.placeholder_specs)
