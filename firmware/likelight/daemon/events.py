"""Passes on what happens in one part of a device to the other parts that need it."""

import asyncio
from collections.abc import Callable

from likelight.appreciation.panel.situation import LineToMend
from likelight.appreciation.sync.client import FailureKind
from likelight.appreciation.sync.connection import CloudConnection
from likelight.appreciation.sync.diagnosis import Observed
from likelight.appreciation.sync.vitals import OwnHealth
from likelight.appreciation.window_in import WindowIn
from likelight.config.boot_report import NO_STICK, NOTHING, BootReport, StickReport
from likelight.contract import (
    MAX_FINDINGS,
    Desired,
    DeviceFinding,
    State,
    Viewers,
    WeekHours,
)
from likelight.daemon.aiming import Aiming
from likelight.daemon.catalogue_updates import CatalogueUpdates
from likelight.daemon.health import DeviceHealth
from likelight.daemon.mask_picture import MaskPicture
from likelight.daemon.panel_consent import PanelConsent
from likelight.daemon.self_check import Looked
from likelight.daemon.token_rotation import TokenRotation
from likelight.daemon.way_watch import WayWatch
from likelight.feed.hub import Hub
from likelight.feed.outlets import Demand
from likelight.feed.rendition import SLIDE_FPS
from likelight.feed.rendition import Rendition as FeedRendition
from likelight.feed.upload.client import Upload
from likelight.gate.on_air import OnAir
from likelight.gate.permissions import Permissions
from likelight.runtime.changes import Changes
from likelight.runtime.clock import now_us
from likelight.runtime.troubles import Trouble, Troubles
from likelight_hw.camera.process import CameraProcess
from likelight_hw.ports import CameraStatus, LightFrame, Rendition

JPEG_FPS = 15.0
"""What an MJPEG viewer gets at most: at 720p each picture has about 35 KB, so 4 Mbit/s."""


AIM_FPS = 4.0
"""The panel shows about one picture a second; a fresh one should be there when it is ready."""

CHECKS_COUNT_S = 24 * 3600.0
"""How long the cloud gets what a check has found: perhaps nobody runs the doctor again."""


class DeviceEvents:
    """One method per event. Parts are built one after the other, and each is set here as soon as it
    exists.

    It is the window in's `KitchenListener`. `changes` counts what may have changed the device's
    health, or what the bench shows.
    """

    camera_process: CameraProcess
    upload: Upload | None
    on_air: OnAir
    window_in: WindowIn
    permissions: Permissions
    troubles: Troubles
    health: Callable[[], DeviceHealth]
    hub: Hub

    def __init__(self, *, cloud_inside: bool) -> None:
        self.rotation: TokenRotation | None = None
        """None with the cloud in this process, which asks for no other token."""
        self.aiming: Aiming | None = None
        self.mask_picture: MaskPicture | None = None
        """None until it is built."""
        self.panel_consent: PanelConsent | None = None
        """None with a simulated camera, as `aiming`: it needs no consent."""
        self._demand: Demand | None = None
        self.catalogue: CatalogueUpdates | None = None
        """None with the cloud in this process, which has the device's own notes."""
        self.changes = Changes()
        self.reachable = asyncio.Event()
        """Set once the cloud may be asked: the token is there, and the address of one inside."""
        self.pairing_code: str | None = None
        """What the panel shows for an operator to confirm this device by."""
        self.boot = NOTHING
        """What root's command tells of the boot volume."""
        self.stick = NO_STICK
        """What it tells of the USB stick."""
        self.pairing_failure: FailureKind | None = None
        """How the last question for such a code failed."""
        self.way: WayWatch | None = None
        """None with the cloud in this process."""
        self.another_kitchen = asyncio.Event()
        self._found: dict[str, tuple[DeviceFinding, float]] = {}
        """By its id, what was found not well, and when."""
        self._unreachable = {Trouble.NOT_PAIRED, *([Trouble.ADDRESS] if cloud_inside else [])}

    def observed(self) -> Observed:
        """Return what this device sees on the way to its cloud, before that is polled."""
        if self.way is None:
            return Observed()
        unpaired = Trouble.NOT_PAIRED in self.troubles.present
        return Observed(
            self.way.link,
            self.pairing_failure if unpaired else None,
            self.way.code if unpaired else None,
            waits_for_operator=unpaired,
        )

    def opening_hours(self) -> WeekHours | None:
        """Return the hours that viewers are told."""
        return self.permissions.hours.told()

    def keep_findings(self, findings: tuple[DeviceFinding, ...]) -> None:
        """Take what the doctor finds not well; it counts until it looks again, for a day."""
        self._found = {}
        self.keep_looked(Looked(frozenset(), findings))

    def keep_looked(self, looked: Looked) -> None:
        """Take what the device itself has looked at; what the doctor found beside it stays."""
        at = asyncio.get_running_loop().time()
        for id in looked.at:
            self._found.pop(id, None)
        self._found.update((one.id, (one, at)) for one in looked.findings)

    def findings(self, own: tuple[DeviceFinding, ...]) -> tuple[DeviceFinding, ...]:
        """Return the device's `own` findings and those of its checks, the worst first."""
        now, known = asyncio.get_running_loop().time(), {one.id for one in own}
        checked = (
            one
            for one, at in self._found.values()
            if now - at < CHECKS_COUNT_S and one.id not in known
        )
        return tuple(sorted((*own, *checked), key=lambda one: one.level == "warn")[:MAX_FINDINGS])

    def file_mistakes(self) -> tuple[LineToMend, ...]:
        """Return the mistakes in `likelight.txt`, as the panel says them: those on the stick, for
        whoever has just plugged it in."""
        on_stick = bool(self.stick.mistakes)
        return tuple(
            LineToMend(wrong.line, wrong.remedy, wrong.text, on_stick)
            for wrong in self.stick.mistakes or self.boot.mistakes
        )

    def own_health(self) -> OwnHealth:
        """Return what a status has of the device's own parts."""
        health, live = self.health(), self.on_air.report.state is State.LIVE
        return OwnHealth(
            fps=round(self.hub.meter.fps(now_us()), 1) if live else None,
            consent_review=health.consent.review if health.consent else None,
            findings=self.findings(health.findings),
        )

    def on_demand(self, demand: Demand) -> None:
        self._demand = demand
        self._ask_for_jpegs()
        self.camera_process.renditions(frozenset(map(Rendition, demand.renditions)))
        self.on_air.on_demand(demand.watched)
        self.changes.bump()

    def on_panel_pictures(self) -> None:
        """The panel may want other pictures than before."""
        self._ask_for_jpegs()
        self.on_air.on_aiming(self._panel_wants_pictures)
        self.changes.bump()

    def on_picture(self, jpeg: bytes) -> None:
        for shown in (self.aiming, self.mask_picture):
            if shown is not None:
                shown.picture(jpeg)

    @property
    def _panel_wants_pictures(self) -> bool:
        shown = (self.aiming, self.mask_picture)
        return any(each.wants_pictures for each in shown if each is not None)

    def _ask_for_jpegs(self) -> None:
        """Ask the camera for the pictures of MJPEG's viewers and of the panel."""
        demand, rate = self._demand, 0.0
        sizes = frozenset(map(Rendition, demand.jpeg_sizes)) if demand else frozenset[Rendition]()
        if demand and demand.jpegs:
            rate = SLIDE_FPS if demand.jpegs <= {FeedRendition.SLIDE} else JPEG_FPS
        if self._panel_wants_pictures:
            rate, sizes = max(rate, AIM_FPS), sizes or frozenset({Rendition.LOW})
        self.camera_process.jpeg_rate(rate, sizes)

    def on_camera_status(self, status: CameraStatus) -> None:
        self.window_in.camera_trouble(status.code)
        self.on_air.on_camera(status)
        self.changes.bump()

    def on_gate(self) -> None:
        for shown in (self.aiming, self.mask_picture):
            if shown is not None:
                shown.gate_changed()
        self.changes.bump()
        self.window_in.camera_changed()

    def on_troubles(self) -> None:
        if self._unreachable.isdisjoint(self.troubles.present):
            self.reachable.set()
        if self.panel_consent is not None:
            self.panel_consent.changed()
        self.window_in.situation_changed()
        self.changes.bump()

    def on_pairing_failure(self, failure: FailureKind | None) -> None:
        self.pairing_failure = failure
        self.on_way()

    def on_way(self) -> None:
        self.window_in.situation_changed()
        self.changes.bump()

    def on_pairing_code(self, code: str | None) -> None:
        self.pairing_code = code
        self.window_in.situation_changed()
        self.changes.bump()

    def on_boot_report(self, report: BootReport, stick: StickReport) -> None:
        self.boot, self.stick = report, stick
        self.troubles.set(Trouble.BOOT_TEXT, bool(report.mistakes))
        self.window_in.situation_changed()

    def on_paired(self) -> None:
        self.troubles.set(Trouble.NOT_PAIRED, False)
        self.window_in.token_changed()

    def on_consent(self) -> None:
        if self.panel_consent is not None:
            self.panel_consent.changed()
        self.window_in.situation_changed()
        self.changes.bump()

    def on_connection(self, connection: CloudConnection) -> None:
        self.on_air.on_admitted(connection.admitted)
        self._tell_upload()

    def on_viewers(self, viewers: Viewers) -> None:
        self._tell_upload()

    def on_desired(self, desired: Desired) -> None:
        self.on_air.on_desired(desired.mode == "on")
        self.permissions.hours.limit_to(desired.schedule)
        if self.rotation is not None:
            self.rotation.on_desired(desired)
        if self.catalogue is not None:
            self.catalogue.on_desired(desired)

    def on_catalogue(self) -> None:
        self.window_in.status_changed()
        self.changes.bump()

    async def on_new_notes_read(self) -> None:
        if self.catalogue is not None:
            await self.catalogue.announced()

    def on_privacy_button(self, readable: bool) -> None:
        self.on_air.on_privacy_button(readable)

    def on_lamp(self, frame: LightFrame) -> None:
        self.camera_process.show_lamp(frame)
        self.changes.bump()

    def on_lit(self, total: int) -> None:
        self.changes.bump()

    def on_button_trouble(self) -> None:
        self.changes.bump()

    def _tell_upload(self) -> None:
        if self.upload is not None:
            self.upload.on_watched(self.window_in.watched)
        self.changes.bump()
