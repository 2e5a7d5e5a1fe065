"""The presenter: puts notes and the headline on the display, at a pace at which people read.

A note is reported as shown only once the display has it on the glass. A display that fails takes
nothing else down, and notes wait for it.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from likelight.appreciation.backoff import Backoff
from likelight.appreciation.headline import Situation, headline
from likelight.appreciation.inbox import Inbox
from likelight.appreciation.screens.models import NoteScreen, Page, Screen
from likelight.appreciation.screens.render import pages
from likelight.appreciation.sqlitefile import StoreError
from likelight.appreciation.store import KeptNote
from likelight.contract import Catalogue
from likelight_hw.ports import Display, HardwareError

log = logging.getLogger(__name__)

SHOW_TIMEOUT_S = 15.0
"""The slowest panel that we know, electronic paper in colour, takes 12 s."""
ANSWER_S = 3.0
"""How long the answer to a button stays before a note may return."""
REVIEW_S = 30.0
"""The headline is thought over this often, for what time alone changes: midnight, a lull."""
PACE_S = 1.0
"""The least time between two counts on the display, which is slow and near people's eyes."""
TIMER_SLACK_S = 0.001
"""A loop may fire a timer a hair early; asking for what is left then could go on for ever."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is on the glass: the screen's name and its lines of text."""

    screen: str = "blank"
    text: tuple[str, ...] = ()


class Presenter:
    """Decides what the display shows when, and shows it.

    `situation` is asked whenever something may have changed; `on_note` is called when a note has
    appeared on the glass, so that the lamp can turn heads towards it.
    """

    def __init__(
        self,
        display: Display,
        inbox: Inbox,
        *,
        catalogue: Catalogue,
        situation: Callable[[], Situation],
        on_note: Callable[[], None],
        rng: random.Random,
    ) -> None:
        self.current = Shown()
        self._display = display
        self._inbox = inbox
        self._notes = {
            note.code: NoteScreen(note.text, note.icon, rtl=catalogue.dir == "rtl")
            for note in catalogue.notes
        }
        self._situation = situation
        self._on_note = on_note
        self._backoff = Backoff(rng)
        self._changed = asyncio.Event()
        self._answering_until = 0.0
        self._unreadable: set[str] = set()

    def change(self) -> None:
        """Something that decides what to show is different."""
        self._changed.set()

    def answer(self) -> None:
        """The crew pressed a button: the headline goes before any note for a moment."""
        self._answering_until = asyncio.get_running_loop().time() + ANSWER_S
        self._changed.set()

    async def run(self) -> None:
        """Show for ever."""
        while True:
            try:
                await self._show_next()
            except (HardwareError, TimeoutError, StoreError) as error:
                if self._backoff.fresh:
                    log.warning("The display shows nothing new: %s", error or "it hangs")
                self.current = Shown()
                await asyncio.sleep(self._backoff.next())

    async def _show_next(self) -> None:
        code = self._next_code()
        if code is None or self._answering():
            await self._show_headline(over=self._note_is_due)
        else:
            await self._show_note(code)

    def _next_code(self) -> str | None:
        """Return the code of the oldest waiting note that can be shown."""
        for note in self._inbox.waiting:
            if note.code in self._notes:
                return note.code
            if note.code not in self._unreadable:
                self._unreadable.add(note.code)
                log.warning("This device has no words for the note %s; update it", note.code)
        return None

    async def _show_note(self, code: str) -> None:
        """Show every waiting note of this code at once; equal words need no repetition."""
        screen = self._notes[code]
        waiting: list[KeptNote] = [note for note in self._inbox.waiting if note.code == code]
        drawn = await self._draw(screen)
        for page in drawn:
            left = page.hold_s
            while left > 0:
                began = await self._put(screen, page)
                if waiting:
                    await self._inbox.shown(waiting)
                    waiting = []
                    self._on_note()
                    log.info("The crew sees: %s", screen.text)
                await self._wait_until(self._answering, left)
                left -= asyncio.get_running_loop().time() - began
                while self._answering():
                    await self._show_headline(over=lambda: not self._answering())

    async def _show_headline(self, over: Callable[[], bool]) -> None:
        """Show the headline until it is another one, or until `over()`."""
        screen = headline(self._situation())

        def outdated() -> bool:
            return over() or headline(self._situation()) != screen

        def urgent() -> bool:
            return over() or type(headline(self._situation())) is not type(screen)

        drawn = await self._draw(screen)
        shown: Page | None = None
        while True:
            for page in drawn:
                if page is not shown:
                    began = await self._put(screen, page)
                    shown = page
                if await self._wait_until(outdated, page.hold_s if len(drawn) > 1 else REVIEW_S):
                    paced = began + PACE_S - asyncio.get_running_loop().time()
                    await self._wait_until(urgent, paced)
                    return

    def _note_is_due(self) -> bool:
        return not self._answering() and self._next_code() is not None

    async def _put(self, screen: Screen, page: Page) -> float:
        """Bring `page` to the glass; return when it got there."""
        async with asyncio.timeout(SHOW_TIMEOUT_S):
            await self._display.show(page.image)
        self.current = Shown(screen.name, page.text)
        if not self._backoff.fresh:
            log.info("The display works again")
            self._backoff.reset()
        return asyncio.get_running_loop().time()

    async def _draw(self, screen: Screen) -> tuple[Page, ...]:
        try:
            return await asyncio.to_thread(pages, screen, self._display.info)
        except Exception as error:
            log.exception("The screen %s can't be drawn for this panel", screen.name)
            raise HardwareError(f"the screen {screen.name} can't be drawn") from error

    async def _wait_until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Wait until `true()`, but no longer than `seconds`; return what it says then."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while True:
            self._changed.clear()
            if (met := true()) or clock() >= deadline:
                return met
            wake_at = min(deadline, self._answering_until) if self._answering() else deadline
            try:
                async with asyncio.timeout_at(wake_at + TIMER_SLACK_S):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def _answering(self) -> bool:
        return asyncio.get_running_loop().time() < self._answering_until
