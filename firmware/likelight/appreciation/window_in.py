"""The window in: cloud, lamp, display and the crew's buttons, wired into one component."""

import asyncio
import logging
import random
from dataclasses import dataclass
from datetime import datetime

from likelight.appreciation.buttons.hold import HeldButtons, Hold
from likelight.appreciation.buttons.question import Question, Questions
from likelight.appreciation.buttons.thanks import ThanksButton
from likelight.appreciation.buttons.watched import ButtonHandler, ButtonTrouble, WatchedButton
from likelight.appreciation.lamp.effects import Base
from likelight.appreciation.lamp.lamp import Lamp
from likelight.appreciation.lamp.night import Night
from likelight.appreciation.lamp.palette import BRAND, Palette
from likelight.appreciation.listener import KitchenListener
from likelight.appreciation.obstacle import Obstacle
from likelight.appreciation.panel.presenter import Presenter
from likelight.appreciation.panel.settings import PanelSettings
from likelight.appreciation.panel.situation_tracker import SituationTracker
from likelight.appreciation.panel.surface import PanelContent
from likelight.appreciation.screens.models import Screen
from likelight.appreciation.sync.client import CloudClient
from likelight.appreciation.sync.connection import CloudConnection
from likelight.appreciation.sync.device_file import StoredNote
from likelight.appreciation.sync.inbox import Inbox
from likelight.appreciation.sync.poll import Poller
from likelight.appreciation.sync.report import Reporter, StatusSources
from likelight.appreciation.sync.store import DeviceStore
from likelight.contract import Catalogue, State, Viewers
from likelight.runtime.clock import Now
from likelight.runtime.supervisor import Component, ComponentHealth, Supervisor
from likelight_hw.ports import Button, Display, Lights

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CrewHardware:
    """What the crew sees and touches, opened. Its owner closes display and buttons."""

    lights: Lights
    """Behind the flash governor."""
    display: Display
    thanks: Button
    privacy: Button


@dataclass(frozen=True, slots=True)
class PolledCloud:
    """The cloud, which is first asked once `reachable` is set: there is a token, and an address.

    Without `reachable` it is asked at once.
    """

    client: CloudClient
    reachable: asyncio.Event | None = None


@dataclass(frozen=True, slots=True)
class LampStyle:
    """How the lamp looks; `dimmable` is False for a relay, which is dark by night."""

    palette: Palette = BRAND
    dimmable: bool = True


class WindowIn:
    """Brings likes and notes to the crew, and their answers back.

    The store must be open, and its owner closes it. `on_privacy` says what the PRIVACY button does.
    Call `camera_changed` whenever what `status.camera()` returns has changed.

    It owns the lamp and both buttons. Run `lamp`, `night` and `privacy_button` as components beside
    this one: then a crash of one does not restart the others.
    """

    def __init__(
        self,
        store: DeviceStore,
        cloud: PolledCloud,
        hardware: CrewHardware,
        on_privacy: ButtonHandler,
        *,
        status: StatusSources,
        panel: PanelSettings,
        lamp: LampStyle,
        listener: KitchenListener,
        now: Now,
        rng: random.Random,
    ) -> None:
        self._listener = listener
        self._camera = status.camera
        self._quiet = panel.quiet
        self._private = False
        self.lamp = Lamp(
            hardware.lights,
            now=now,
            on_frame=listener.on_lamp,
            on_lit=self.lit,
            palette=lamp.palette,
        )
        self.night = Night(self.lamp, panel.quiet, dimmable=lamp.dimmable)
        self._inbox = Inbox(
            store,
            self.lamp,
            now=now,
            on_desired=listener.on_desired,
            on_viewers=listener.on_viewers,
            on_events=self._events_came,
            on_receipt=self._receipt_due,
            timezone=panel.timezone,
        )
        boot_id = f"{rng.getrandbits(96):024x}"
        self._poller = Poller(
            cloud.client,
            self._inbox,
            boot_id=boot_id,
            rng=rng,
            on_connection=self._connection_changed,
        )
        self._reporter = Reporter(
            cloud.client,
            store,
            self._inbox,
            status,
            notes_wait=self._notes_wait,
            boot_id=boot_id,
            now=now,
            rng=rng,
        )
        self.questions = Questions(self.situation_changed)
        self._hold = Hold(self.questions, self._hold_changed)
        self._situation = SituationTracker(
            self._inbox,
            self._poller,
            panel,
            camera=status.camera,
            stuck=self._stuck_buttons,
            asked=lambda: self.questions.asked,
            held=lambda: self._hold.screen,
            now=now,
        )
        self.presenter = Presenter(
            hardware.display,
            self._inbox,
            panel,
            situation=self._situation.current,
            notes_wait=self._notes_wait,
            on_note=self.lamp.note,
            on_panel=self._hold.on_panel,
            rng=rng,
        )
        held = HeldButtons(
            self._hold,
            asked=self._asked_on_panel,
            asked_of_both=lambda: self.questions.of_both,
        )
        self.privacy_button = WatchedButton(
            "PRIVACY",
            hardware.privacy,
            held.privacy(on_privacy, lambda: self.privacy_button.trouble is None),
            on_felt=self._felt,
            on_trouble=self._privacy_trouble_changed,
        )
        self._thanks = ThanksButton(
            self._inbox,
            overruled=self.privacy_button.touched_since,
            on_thanks=self._thanked,
            on_repeat=self._repeat,
        )
        self.thanks_button = WatchedButton(
            "THANKS",
            hardware.thanks,
            held.thanks(self._thanks, lambda: self.thanks_button.trouble is None),
            on_felt=self._felt,
            on_trouble=self._button_trouble_changed,
        )
        self.buttons = (self.thanks_button, self.privacy_button)
        self._parts = self._supervised(Supervisor(rng), cloud.reachable)

    @property
    def connection(self) -> CloudConnection:
        """The connection to the cloud."""
        return self._poller.connection

    @property
    def obstacle(self) -> Obstacle | None:
        """What keeps the device from its cloud, and must be mended first, where that is known."""
        return self._situation.obstacle

    @property
    def offline(self) -> bool:
        """Whether no 200 came from the cloud for 90 s, whatever the reason."""
        return self._poller.offline

    @property
    def health(self) -> dict[str, ComponentHealth]:
        """How each part is, by its name."""
        return self._parts.health

    @property
    def reported(self) -> asyncio.Event:
        """Set once the cloud has had a status from this process."""
        return self._reporter.reported

    @property
    def screen(self) -> PanelContent:
        """What is on the display."""
        return self.presenter.current

    @property
    def likes_lit(self) -> int:
        """The highest cloud total that the lamp has physically shown (`lit_total`)."""
        return self._inbox.totals.lit_total

    @property
    def notes_shown(self) -> tuple[StoredNote, ...]:
        """The last notes that the display showed, in that order; also those from before a start."""
        return tuple(self._inbox.history)

    @property
    def viewers(self) -> Viewers:
        """The band of viewers and whether anybody watches, as the cloud last said."""
        return self._inbox.viewers

    @property
    def watched(self) -> bool:
        """Whether somebody watches at the cloud; False while that is not connected, because an old
        answer must not keep the camera on.
        """
        return self.connection is CloudConnection.CONNECTED and self.viewers.watching

    def lit(self, total: int, at: datetime) -> None:
        """The lamp has physically risen for the likes that carry the cloud's `total`."""
        self._inbox.lit(total, at)
        self._listener.on_lit(total)

    def camera_changed(self) -> None:
        """What `status.camera()` returns has changed: tell crew and cloud at once."""
        # The lamp last: if it fails, cloud and display must already have the change.
        self._reporter.post_at_once()
        private = self._camera().state is State.PRIVATE
        if private and not self._private:
            self._situation.privacy_taken()
            self.presenter.answer()
        self._private = private
        self.presenter.update()
        self._set_base()

    def camera_trouble(self, code: str | None) -> None:
        """The camera has this trouble (a short code), or none any more: the display says so."""
        if code != self._situation.camera_trouble:
            self._situation.camera_trouble = code
            self.presenter.update()

    def situation_changed(self) -> None:
        """What `panel` is asked for may have changed: display and lamp say so."""
        self.presenter.update()
        self._set_base()

    def tell(self, screen: Screen) -> None:
        """Show `screen` for a moment before all else: what became of an answer."""
        self._situation.tell(screen)
        self.presenter.answer()

    def aim(self, screen: Screen | None) -> None:
        """Show `screen`, the picture to aim by, until None; an answer to the crew goes first."""
        self._situation.aiming = screen
        self._hold_changed()

    def use_notes(self, catalogue: Catalogue, new: tuple[str, ...]) -> None:
        """Show notes in the words of `catalogue` from now on, and tell the crew of `new` ones."""
        self.presenter.use_notes(catalogue, new)

    def status_changed(self) -> None:
        """What `status.catalogue()` returns has changed: tell the cloud soon."""
        self._reporter.post_soon()

    def token_changed(self) -> None:
        """The device has another token: a refusal may be over."""
        self._poller.ask_again()

    async def run(self) -> None:
        """Run for ever; at the end, store what the lamp has shown."""
        await self._inbox.load()
        self._situation.start()
        self._private = self._camera().state is State.PRIVATE
        self._set_base()
        await self._parts.run()

    def _supervised(self, parts: Supervisor, reachable: asyncio.Event | None) -> Supervisor:
        """Add each part: a crash restarts that part alone, and never ends the process."""
        parts.add("inbox", self._inbox, critical=False)
        parts.add("panel", self.presenter, critical=False)
        parts.add("thanks button", self.thanks_button, critical=False)
        parts.add("thanks", self._thanks, critical=False)
        parts.add("status", _After(self._poller.answered, self._reporter), critical=False)
        parts.add("poll", _After(reachable, self._poller), critical=False)
        return parts

    def _events_came(self) -> None:
        self._situation.events_came()
        self.presenter.update()

    def _notes_wait(self) -> bool:
        """Whether notes wait, because nobody is expected at the panel."""
        camera = self._camera()
        return self._quiet() or camera.state is State.CLOSED or camera.opens_at is not None

    def _stuck_buttons(self) -> tuple[str, ...]:
        return tuple(button.name for button in self.buttons if button.trouble)

    def _receipt_due(self) -> None:
        self._reporter.post_soon()

    def _connection_changed(self, connection: CloudConnection) -> None:
        self._set_base()
        self.presenter.update()
        if connection is CloudConnection.CONNECTED:
            self._reporter.reconnected()
        self._listener.on_connection(connection)

    def _felt(self) -> None:
        """One of the buttons was pressed: screen and lamp answer at once."""
        self.presenter.felt()
        self.lamp.felt()

    def _button_trouble_changed(self) -> None:
        self.presenter.update()
        self._listener.on_button_trouble()

    def _privacy_trouble_changed(self) -> None:
        # The gate first: a display that fails must not leave it open without its button.
        readable = self.privacy_button.trouble is not ButtonTrouble.UNREADABLE
        self._listener.on_privacy_button(readable)
        self._button_trouble_changed()

    def _repeat(self) -> None:
        if self._hold.screen is None and self.presenter.repeat():
            log.info("The crew reads the last note again")

    def _asked_on_panel(self) -> Question | None:
        """Return what the panel asks, if somebody who presses now can have read it."""
        asked = self.questions.asked
        return asked if asked is not None and self.presenter.shows(asked.screen) else None

    def _hold_changed(self) -> None:
        self.presenter.hold(self._hold.screen is not None or self._situation.aiming is not None)

    def _thanked(self) -> None:
        self._reporter.post_at_once()
        self._situation.thanks_given()
        self.presenter.answer()
        self.lamp.thanks()

    def _set_base(self) -> None:
        state, obstacle = self._camera().state, self.obstacle
        if state is State.PRIVATE:
            base = Base.PRIVATE
        elif obstacle is not None and not self._situation.has_worked:
            self.lamp.show_obstacle(obstacle)
            return
        elif self.connection not in (CloudConnection.STARTING, CloudConnection.CONNECTED):
            base = Base.OFFLINE
        else:
            base = Base.ON_AIR if state is State.LIVE else Base.QUIET
        self.lamp.set_base(base)


class _After:
    """A component that starts once `event` is set; at once without one."""

    def __init__(self, event: asyncio.Event | None, component: Component) -> None:
        self._event = event
        self._component = component

    async def run(self) -> None:
        """Wait, then run the component until cancelled."""
        if self._event is not None:
            await self._event.wait()
        await self._component.run()
