"""A kitchen with a real sensor whose crew has a panel and two buttons, and no shell.

The real window in, gate, consent, PRIVACY and aiming, on the virtual clock and a real disk, from
one power cut to the next. What may never happen is looked for 20 times a second.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from likelight.assets import crew_words
from likelight.config.boot_report import BootReport, MasksAsked, write_report
from likelight.config.settings import Config, ConsentSettings
from likelight.contract import CameraReport
from likelight.daemon.aiming import Aiming
from likelight.daemon.boot_watch import BootWatch
from likelight.daemon.mask_picture import MaskPicture
from likelight.daemon.panel_consent import PanelConsent
from likelight.gate.consent import Consent, read_consent, remove_consent
from likelight.gate.marker import MARKER_FILE, Marker
from likelight.gate.on_air import OnAir
from likelight.gate.permissions import Permissions
from likelight.gate.privacy_button import PrivacyButton
from likelight.gate.privacy_memory import PrivacyMemory
from likelight_hw.panels import PANELS
from likelight_hw.ports import DisplayInfo
from support.device import PANEL, Device
from support.gate import GateKitchen, KitchenLight
from support.scripted_cloud import ScriptedCloud
from support.virtual import virtual_now

LOOK_S = 0.05
HOLD_S = 5.0
HALF = (((0, 0), (0.5, 0), (0.5, 1), (0, 1)),)
MASKS = {
    "asked": BootReport(masks=MasksAsked(nonce="17", held=HALF, asked=())),
    "gone": BootReport(),
}
LCD = PANELS["lcd-1.3"].info


@dataclass
class Look:
    """What was so at one moment; the hands are the test's own."""

    at: float
    asked: bool
    thanks: bool
    privacy: bool


class PanelKitchen(Device):
    """One process of the device, from its start to a power cut or its end."""

    def __init__(self, story: "ConsentStory") -> None:
        self.story = story
        self.sensor = GateKitchen()
        now = story.now
        marker = Marker(story.state_dir / MARKER_FILE, "demo")
        self.gate = OnAir(
            self.sensor,
            KitchenLight(self.sensor),
            show=self.sensor.show,
            store_privacy=lambda private: self.memory.keep(private),
            on_change=self._gate_changed,
            now=now,
        )
        self.sensor.gate = self.gate
        super().__init__(
            story.state_dir / "device.sqlite",
            story.cloud,
            now,
            panel=story.panel,
            on_privacy=PrivacyButton(self.gate),
        )
        self.memory = PrivacyMemory(self.store, marker, None)
        self.permissions = Permissions(
            self.gate,
            kitchen="demo",
            hours=None,
            state_dir=story.state_dir,
            zone=UTC,
            clock_is_set=lambda: True,
            on_change=self._consent_changed,
            now=now,
        )
        words = crew_words.ENGLISH
        self.aiming = Aiming(
            self.gate, story.panel, words, show=self.window.aim, on_change=self._panel_pictures
        )
        self.mask_picture = MaskPicture(
            self.gate, story.panel, words, on_change=self._mask_picture_changed
        )
        self.boot_watch = BootWatch(
            story.boot_report,
            story.state_dir,
            Config(state_dir=story.state_dir),
            self.window.questions,
            words,
            story.state_dir / "agreed",
            on_change=lambda *_: None,
            on_masks=self.mask_picture.ask,
            on_agreed=story.agreed.set,
        )
        self.panel_consent = PanelConsent(
            ConsentSettings(notice="3"),
            self.window.questions,
            self.permissions.consent,
            kitchen="demo",
            state_dir=story.state_dir,
            words=words,
            zone=UTC,
            enrolled=lambda: story.enrolled,
            keep_private=self._keep_private,
            tell=self.window.tell,
            on_recorded=self.aiming.allow,
            clock_is_set=lambda: True,
            now=now,
        )

    @property
    def camera(self) -> CameraReport:
        return self.gate.report

    @camera.setter
    def camera(self, _: CameraReport) -> None:
        """The gate says how the camera is."""

    def on_connection(self, connection: object) -> None:
        """The gate needs no cloud here."""

    async def run(self) -> None:
        await self.store.open()
        try:
            self.gate.use_stored_privacy(private=await self.memory.begin(new=False))
            async with asyncio.TaskGroup() as group:
                for part in (
                    self.gate,
                    self.permissions,
                    self.lamp,
                    self.window.privacy_button,
                    self.window,
                    self.aiming,
                    self.panel_consent,
                    self.boot_watch,
                ):
                    group.create_task(part.run())
        finally:
            self.memory.close()
            await self.store.close()

    async def _keep_private(self) -> None:
        self.story.about_to_record()
        self.gate.start_privacy()
        await self.memory.keep(private=True)

    def _panel_pictures(self) -> None:
        self.gate.on_aiming(self.aiming.wants_pictures or self.mask_picture.wants_pictures)

    def _mask_picture_changed(self) -> None:
        self.boot_watch.put_behind_masks(self.mask_picture.jpeg, self.mask_picture.why_none)
        self._panel_pictures()

    def _gate_changed(self) -> None:
        self.aiming.gate_changed()
        self.mask_picture.gate_changed()
        self.window.camera_changed()

    def _consent_changed(self) -> None:
        self.panel_consent.changed()
        self.window.situation_changed()


class ConsentStory:
    """The processes of one kitchen, one after the other, its crew, and what was seen."""

    def __init__(self, state_dir: Path, *, panel: DisplayInfo = PANEL) -> None:
        self.state_dir = state_dir
        self.panel = panel
        self.now = virtual_now()
        self.cloud = ScriptedCloud(self.now)
        self.boot_report = state_dir / "report" / "report.json"
        self.agreed = asyncio.Event()
        """Somebody has agreed to what `likelight.txt` asks for."""
        self.enrolled = True
        self.recordings = 0
        self.opened = 0
        self.thanks = self.privacy = False
        """What the crew's hands hold."""
        self._together = self._withdrawing = False
        self._private = True
        self._looks: list[Look] = []
        self._life: asyncio.Task[None] | None = None
        self._group: asyncio.TaskGroup | None = None
        self.device = PanelKitchen(self)

    @asynccontextmanager
    async def living(self) -> AsyncIterator["ConsentStory"]:
        async with asyncio.TaskGroup() as group:
            self._group = group
            self._begin()
            looking = group.create_task(self._look_on())
            await asyncio.sleep(2)
            try:
                yield self
            finally:
                looking.cancel()
                await self._end()

    async def consent(self) -> Consent | None:
        """Return the record on the disk, which is whole or not there."""
        return await asyncio.to_thread(read_consent, self.state_dir)

    async def power_cut(self) -> None:
        await self._end()
        self.device = PanelKitchen(self)
        self._private = True
        self._begin()

    async def do(self, step: str) -> None:
        device = self.device
        match step.split():
            case ["hold", name]:
                self._hand(name, True)
            case ["release", name]:
                self._hand(name, False)
            case ["press", name]:
                self._hand(name, True)
                await asyncio.sleep(0.2)
                self._hand(name, False)
            case ["note"]:
                self.cloud.note("heroes")
            case ["desire", wish]:
                device.gate.on_desired(wish == "on")
            case ["hours", "open" | "shut" as hours]:
                device.gate.on_hours(hours == "open", None)
            case ["watch" | "leave" as demand]:
                device.gate.on_demand(demand == "watch")
            case ["withdraw"]:
                self._withdrawing = True
                await asyncio.to_thread(remove_consent, self.state_dir)
                await device.permissions.consent.reload()
                self._withdrawing = False
            case ["masks", how]:
                await asyncio.to_thread(write_report, self.boot_report, MASKS[how])
            case ["panel", how]:
                device.display.broken = how == "breaks"
            case ["power", "cut"]:
                await self.power_cut()
            case _:
                raise AssertionError(step)

    def about_to_record(self) -> None:
        """A record is under way: for five seconds somebody must have held, and been asked."""
        self.recordings += 1
        now = asyncio.get_running_loop().time()
        # A release is believed after 50 ms, and a look is 50 ms old at most.
        last = [look for look in self._looks if now - HOLD_S + 0.15 <= look.at <= now - 0.15]
        assert len(last) > 80
        assert all(look.asked and look.thanks for look in last)
        assert len({look.privacy for look in last}) == 1

    def _begin(self) -> None:
        assert self._group is not None
        self._life = self._group.create_task(self.device.run())

    async def _end(self) -> None:
        assert self._life is not None
        self._life.cancel()
        await asyncio.wait([self._life])
        self.thanks = self.privacy = self._together = False
        assert not self.device.sensor.running
        assert not self.device.sensor.lit

    def _hand(self, name: str, down: bool) -> None:
        button = self.device.thanks if name == "thanks" else self.device.privacy
        if down:
            button.hold()
        else:
            button.release()
        setattr(self, name, down)

    async def _look_on(self) -> None:
        while True:
            consent = await self.consent() if self.device.gate.open else None
            self._look(consent)
            await asyncio.sleep(LOOK_S)

    def _look(self, consent: Consent | None) -> None:
        device, gate = self.device, self.device.gate
        text = " ".join(device.window.screen.text)
        at = asyncio.get_running_loop().time()
        self._looks.append(Look(at, "Notice 3" in text, self.thanks, self.privacy))
        buttons = device.window.buttons
        if self.thanks and self.privacy and not any(button.trouble for button in buttons):
            self._together = True
        if gate.open and not self._withdrawing:
            self.opened += 1
            assert not gate.wants_privacy
            assert consent is not None
            assert self.now() < consent.ends(UTC)
        if self._private and not gate.wants_privacy:
            assert not self._together, "what both buttons have shut was shared by a release"
        self._private = gate.wants_privacy
        if not self.privacy:
            self._together = False

    def review(self) -> date:
        """Return the last day of a consent that is recorded now."""
        today: datetime = self.now()
        return today.date().replace(year=today.year + 1)
