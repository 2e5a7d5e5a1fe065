"""A device without a body: the real window in on simulated hardware, and a record of its life."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from likelight.appreciation.buttons.watched import ButtonHandler
from likelight.appreciation.lamp.lamp import Lamp
from likelight.appreciation.panel.settings import PanelSettings
from likelight.appreciation.screens.models import NoteScreen
from likelight.appreciation.screens.render import pages
from likelight.appreciation.sync.client import CloudClient
from likelight.appreciation.sync.connection import CloudConnection
from likelight.appreciation.sync.diagnosis import Observed
from likelight.appreciation.sync.report import StatusSources
from likelight.appreciation.sync.vitals import Vitals
from likelight.appreciation.window_in import (
    CrewHardware,
    LampStyle,
    PolledCloud,
    WindowIn,
)
from likelight.assets import catalogue
from likelight.contract import (
    CameraReport,
    Cause,
    Desired,
    Health,
    State,
    Viewers,
)
from likelight.daemon.catalogue_updates import CatalogueSource, CatalogueUpdates
from likelight.daemon.kept_catalogue import KeptCatalogue
from likelight.runtime.commit_pace import CommitPace
from likelight_hw.ports import DisplayInfo, LightFrame
from likelight_hw.sim.button import SimButton
from likelight_hw.sim.display import SimDisplay
from likelight_hw.sim.lights import SimLights
from support.diary import Diary
from support.watched_store import WatchedStore

PANEL = DisplayInfo(256, 128, "1", mm_per_px=0.4, reading_distance_m=1.0)


CATALOGUE = catalogue.load("en")


CODES = tuple(note.code for note in CATALOGUE.notes)


def _first_pages() -> dict[bytes, str]:
    return {
        pages(NoteScreen(note.text, note.icon), PANEL)[0].image.tobytes(): note.code
        for note in CATALOGUE.notes
    }


NOTE_PICTURES = _first_pages()
"""The first page of every note on `PANEL`, and the code it belongs to."""


class WatchedDisplay(SimDisplay):
    """A panel that writes down which note came to it, as eyes would see it."""

    def __init__(self, diary: Diary, panel: DisplayInfo = PANEL) -> None:
        super().__init__(panel)
        self._diary = diary

    async def show(self, image: Image.Image) -> None:
        await super().show(image)
        code = NOTE_PICTURES.get(image.tobytes())
        if code is not None:
            self._diary.write("note on the panel", code)
        else:
            self._diary.write("headline on the panel")


def write_down_gestures(lamp: Lamp, diary: Diary) -> None:
    """Write each request to `lamp` into `diary` before the lamp acts on it."""

    def watch(name: str, what: str, value: Callable[..., object]) -> None:
        method = getattr(lamp, name)

        def asked(*arguments: Any) -> None:
            diary.write(what, value(*arguments))
            method(*arguments)

        setattr(lamp, name, asked)

    watch("likes", "likes", lambda delta, total: (delta, total))
    watch("welcome_back", "welcome back", lambda delta, total: (delta, total))
    watch("set_base", "base", lambda base: base)
    watch("show_obstacle", "obstacle", lambda obstacle: obstacle)


class _Nothing:
    """What PRIVACY does where no camera is."""

    def pressed(self) -> None: ...

    def released(self) -> None: ...

    def cancelled(self) -> None: ...


class Device:
    """The window in with a lamp, a panel and a button, all simulated, on the running loop."""

    def __init__(
        self,
        path: Path,
        cloud: CloudClient,
        now: Callable[[], datetime],
        *,
        seed: int = 0,
        rng: random.Random | None = None,
        diary: Diary | None = None,
        measure: Callable[[], Awaitable[Health]] | None = None,
        panel: DisplayInfo = PANEL,
        language: str = "en",
        quiet: Callable[[], bool] = lambda: False,
        night: float = 0.0,
        viewers_at_rest: bool = False,
        pace: CommitPace | None = None,
        on_privacy: ButtonHandler | None = None,
        observed: Callable[[], Observed] = Observed,
        kept: KeptCatalogue | None = None,
        source: CatalogueSource | None = None,
    ) -> None:
        self.diary = Diary() if diary is None else diary
        self.lights = SimLights(asyncio.get_running_loop().time)
        self.display = WatchedDisplay(self.diary, panel)
        self.desired: Desired | None = None
        self.thanks = SimButton()
        self.privacy = SimButton()
        self.store = WatchedStore(path, now=now, pace=pace)
        self.store.diary = self.diary
        self.camera = CameraReport(state=State.IDLE, since=now(), cause=Cause.DEMAND)
        self._now = now
        self.updates: CatalogueUpdates | None = None
        """Fetches what the cloud asks for from `source` into `kept`, where a test has these."""
        self.window = WindowIn(
            self.store,
            PolledCloud(cloud),
            CrewHardware(self.lights, self.display, self.thanks, self.privacy),
            on_privacy or _Nothing(),
            status=StatusSources(
                camera=lambda: self.camera,
                hours=lambda: None,
                measure=measure or Vitals(path.parent).measure,
                simulated=True,
                catalogue=lambda: self.updates.report if self.updates else None,
            ),
            panel=PanelSettings(
                (kept.notes if kept else catalogue).load(language),
                UTC,
                quiet=quiet,
                night_brightness=night,
                viewers_at_rest=viewers_at_rest,
                observed=observed,
                new_notes=kept.announced if kept else (),
                new_notes_read=self._new_notes_read,
            ),
            lamp=LampStyle(),
            listener=self,
            now=now,
            rng=rng or random.Random(seed),
        )
        self.lamp = self.window.lamp
        write_down_gestures(self.lamp, self.diary)
        if kept is not None and source is not None:
            self.updates = CatalogueUpdates(
                kept,
                source,
                self.window.reported,
                on_notes=lambda: self.window.use_notes(kept.notes.load(language), kept.announced),
                on_change=self.window.status_changed,
                rng=rng or random.Random(seed),
            )

    @property
    def connections(self) -> list[object]:
        return self.diary.of("connection")

    @property
    def gestures(self) -> list[tuple[int, int]]:
        """What the lamp was asked to show: likes, and the total that they lead to."""
        return [entry.value for entry in self.diary if entry.what in ("likes", "welcome back")]

    def turn(
        self, state: State, cause: Cause = Cause.BUTTON, *, opens_at: datetime | None = None
    ) -> None:
        """The gate came to another state; out of hours until `opens_at`."""
        self.camera = CameraReport(state=state, since=self._now(), cause=cause, opens_at=opens_at)
        self.window.camera_changed()

    async def run(self) -> None:
        """Live until cancelled."""
        await self.store.open()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.lamp.run())
                group.create_task(self.window.privacy_button.run())
                group.create_task(self.window.run())
                if self.updates is not None:
                    group.create_task(self.updates.run())
        finally:
            await self.store.close()

    @asynccontextmanager
    async def living(self) -> AsyncIterator["Device"]:
        """Live for the time of the block."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.run())
            yield self
            task.cancel()

    async def _new_notes_read(self) -> None:
        if self.updates is not None:
            await self.updates.announced()

    def on_lit(self, total: int) -> None:
        self.diary.write("lit", total)

    def on_connection(self, connection: CloudConnection) -> None:
        self.diary.write("connection", connection)

    def on_viewers(self, viewers: Viewers) -> None:
        self.diary.write("viewers", viewers)

    def on_desired(self, desired: Desired) -> None:
        self.desired = desired
        if self.updates is not None:
            self.updates.on_desired(desired)
        self.diary.write("desired", desired.version)

    def on_privacy_button(self, readable: bool) -> None:
        self.diary.write("privacy readable", readable)

    def on_lamp(self, frame: LightFrame) -> None:
        """No stream is here that would show it."""

    def on_button_trouble(self) -> None:
        """No page is here that would show it."""
