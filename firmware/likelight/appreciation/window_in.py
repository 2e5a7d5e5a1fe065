"""The window in: cloud, lamp, display and button, wired into one component."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, tzinfo
from typing import Protocol

from likelight.appreciation.cloud import CloudClient
from likelight.appreciation.crew import ThanksButton
from likelight.appreciation.effects import Base
from likelight.appreciation.headline import Situation
from likelight.appreciation.inbox import Inbox, LikesLamp
from likelight.appreciation.poll import Link, Poller
from likelight.appreciation.presenter import ANSWER_S, Presenter, Shown
from likelight.appreciation.report import Reporter
from likelight.appreciation.store import DeviceStore, KeptNote
from likelight.clock import Now
from likelight.contract import CameraReport, Catalogue, Desired, Health, State, Viewers
from likelight_hw.ports import Button, Display

LIVELY_S = 60.0
"""How long after the last likes the count stays on the display when nobody watches."""


class WindowLamp(LikesLamp, Protocol):
    """What the window in asks of the lamp; no call waits."""

    def set_base(self, base: Base) -> None: ...

    def note(self) -> None: ...

    def thanks(self) -> None: ...


class WindowIn:
    """Brings likes and notes to the crew, and their answers back.

    The store must be open, and its owner closes it. Give the lamp's `on_lit` to `lit`, and call
    `camera_changed` whenever what `camera()` returns has changed. `on_link`, `on_viewers` and
    `on_desired` hear of changes, on the event loop; `on_desired` hears the last known wish at
    start too, so that it holds without a network.
    """

    def __init__(
        self,
        store: DeviceStore,
        cloud: CloudClient,
        lamp: WindowLamp,
        display: Display,
        thanks: Button,
        *,
        catalogue: Catalogue,
        camera: Callable[[], CameraReport],
        measure: Callable[[], Awaitable[Health]],
        simulated: bool,
        on_link: Callable[[Link], None],
        on_viewers: Callable[[Viewers], None],
        on_desired: Callable[[Desired], None],
        now: Now,
        rng: random.Random,
        timezone: tzinfo | None = None,
    ) -> None:
        self._lamp = lamp
        self._camera = camera
        self._on_link = on_link
        self._private = False
        self._trouble: str | None = None
        self._likes_heard = 0
        self._lively_until = float("-inf")
        self._thanking_until = float("-inf")
        self._inbox = Inbox(
            store,
            lamp,
            now=now,
            on_desired=on_desired,
            on_viewers=on_viewers,
            on_news=self._news_came,
            on_receipt=self._receipt_due,
            timezone=timezone,
        )
        self._poller = Poller(cloud, self._inbox, rng=rng, on_link=self._link_changed)
        self._reporter = Reporter(
            cloud,
            store,
            self._inbox,
            camera=camera,
            measure=measure,
            simulated=simulated,
            now=now,
            rng=rng,
        )
        self._presenter = Presenter(
            display,
            self._inbox,
            catalogue=catalogue,
            situation=self._situation,
            on_note=lamp.note,
            rng=rng,
        )
        self._thanks_button = ThanksButton(thanks, self._inbox, on_thanks=self._thanked)

    @property
    def link(self) -> Link:
        """How the device stands with its cloud."""
        return self._poller.link

    @property
    def reported(self) -> asyncio.Event:
        """Set once the cloud has had a status from this process."""
        return self._reporter.reported

    @property
    def screen(self) -> Shown:
        """What is on the display."""
        return self._presenter.current

    @property
    def likes_lit(self) -> int:
        """The highest cloud total that the lamp has physically shown (`lit_total`)."""
        return self._inbox.tally.lit_total

    @property
    def notes_shown(self) -> tuple[KeptNote, ...]:
        """The last notes that the display showed, in that order; also those from before a start."""
        return tuple(self._inbox.history)

    @property
    def viewers(self) -> Viewers:
        """The band of viewers and whether anybody watches, as the cloud last said."""
        return self._inbox.viewers

    def lit(self, total: int, at: datetime) -> None:
        """The lamp has physically risen for the likes that carry the cloud's `total`."""
        self._inbox.lit(total, at)

    def camera_changed(self) -> None:
        """What `camera()` returns has changed: tell crew and cloud at once."""
        private = self._camera().state is State.PRIVATE
        if private and not self._private:
            self._thanking_until = float("-inf")
            self._presenter.answer()
        self._private = private
        self._set_base()
        self._presenter.change()
        self._reporter.change_at_once()

    def camera_trouble(self, code: str | None) -> None:
        """The camera has this trouble (a short code), or none any more: the display says so."""
        if code != self._trouble:
            self._trouble = code
            self._presenter.change()

    async def run(self) -> None:
        """Work for ever; what the lamp has shown is stored in the end."""
        await self._inbox.load()
        self._likes_heard = self._inbox.tally.total
        self._private = self._camera().state is State.PRIVATE
        self._set_base()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._inbox.run())
            group.create_task(self._presenter.run())
            group.create_task(self._thanks_button.run())
            group.create_task(self._reporter.run())
            group.create_task(self._poller.run())

    def _situation(self) -> Situation:
        now = asyncio.get_running_loop().time()
        viewers = self._inbox.viewers
        return Situation(
            link=self._poller.link,
            camera=self._camera().state,
            likes_today=self._inbox.likes_today,
            trouble=self._trouble,
            viewers=viewers.band,
            lively=viewers.watching or now < self._lively_until,
            thanking=now < self._thanking_until,
        )

    def _news_came(self) -> None:
        total = self._inbox.tally.total
        if total > self._likes_heard:
            self._lively_until = asyncio.get_running_loop().time() + LIVELY_S
        self._likes_heard = total
        self._presenter.change()

    def _receipt_due(self) -> None:
        self._reporter.change()

    def _link_changed(self, link: Link) -> None:
        self._set_base()
        self._presenter.change()
        if link is Link.CONNECTED:
            self._reporter.reconnected()
        self._on_link(link)

    def _thanked(self) -> None:
        self._lamp.thanks()
        self._thanking_until = asyncio.get_running_loop().time() + ANSWER_S
        self._presenter.answer()
        self._reporter.change_at_once()

    def _set_base(self) -> None:
        state = self._camera().state
        if state is State.PRIVATE:
            base = Base.PRIVATE
        elif self.link not in (Link.STARTING, Link.CONNECTED):
            base = Base.OFFLINE
        else:
            base = Base.ON_AIR if state is State.LIVE else Base.QUIET
        self._lamp.set_base(base)
