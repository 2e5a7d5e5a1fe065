"""The presenter: puts notes and the headline on the panel, at a pace at which people read.

A note is reported as shown only once the panel shows it, lit. A panel that fails stops no other
part. Notes wait for it, as they do in quiet hours and while the kitchen is closed.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from likelight.appreciation.buttons.attention import Attention
from likelight.appreciation.panel.drawings import Drawings, PackedPage
from likelight.appreciation.panel.headline import answers, headline
from likelight.appreciation.panel.note_queue import NoteQueue
from likelight.appreciation.panel.settings import PanelSettings
from likelight.appreciation.panel.situation import Situation
from likelight.appreciation.panel.surface import PanelContent
from likelight.appreciation.panel.tended_panel import TEND_S, TendedPanel
from likelight.appreciation.screens.models import (
    CountScreen,
    IdleScreen,
    NewNotesScreen,
    OnAirScreen,
    Screen,
)
from likelight.appreciation.sync.device_file import StoredNote
from likelight.appreciation.sync.inbox import Inbox
from likelight.assets import crew_words
from likelight.contract import Catalogue
from likelight.runtime.backoff import Backoff
from likelight.runtime.store_errors import StoreError
from likelight_hw.ports import Display, HardwareError

log = logging.getLogger(__name__)

T = TypeVar("T")

REVIEW_S = 30.0
"""The headline is decided again this often, for what only time changes, such as the day."""
ASIDE_S = 10.0
"""A question that was shown whole stands aside for so long, for what else there is to know."""
PACE_S = 1.0
"""The least time between two counts on the panel, which is slow and near people's eyes."""
TIMER_SLACK_S = 0.001
"""An event loop may fire a timer slightly early: without this, waiting for the rest of the time
could go on for ever."""


_AT_REST = (IdleScreen, OnAirScreen, CountScreen)
"""The headlines in whose place the crew may be told of new notes: nothing is wrong, or private."""


class Presenter:
    """Decides what the panel shows when, and shows it.

    `situation` is called whenever something may have changed; `on_note` is called when a note has
    appeared on the panel, so that the lamp can draw attention to it. While `notes_wait` the panel
    shows no note until somebody presses a button. `on_panel` is called with each screen that has
    come to the panel, and with None when the panel fails.
    """

    def __init__(
        self,
        display: Display,
        inbox: Inbox,
        settings: PanelSettings,
        *,
        situation: Callable[[], Situation],
        notes_wait: Callable[[], bool],
        on_note: Callable[[], None],
        on_panel: Callable[[Screen | None], None],
        rng: random.Random,
    ) -> None:
        self._attention = Attention()
        self._panel = TendedPanel(display, self._attention, settings)
        self._drawings = Drawings(display.info)
        self._inbox = inbox
        self._words = crew_words.load(settings.catalogue.lang)
        self._queue = NoteQueue(inbox, settings.catalogue, self._words)
        self._situation = situation
        self._notes_wait = notes_wait
        self._on_note = on_note
        self._on_panel = on_panel
        self._backoff = Backoff(rng)
        self.trouble = ""
        """Why the panel shows nothing new; empty while it does."""
        self._changed = asyncio.Event()
        self._readable = False
        """A note is on the panel: only then it may be skipped, not while it is on its way."""
        self._skipped = False
        self._asked_whole: Screen | None = None
        """The question that stands aside now."""
        self._new_notes_read = settings.new_notes_read
        self._news: NewNotesScreen | None = None
        """Of which notes the crew has to be told."""
        self._announce(settings.new_notes)

    @property
    def current(self) -> PanelContent:
        """What is on the panel; a dark one shows nothing."""
        return self._panel.content

    def shows(self, screen: Screen) -> bool:
        """Return whether `screen`, or a page of it, is on the panel and can be seen."""
        return self._panel.shows(screen)

    def update(self) -> None:
        """Decide again what to show: something in the situation has changed."""
        self._changed.set()

    def felt(self) -> None:
        """A button went down: the panel wakes, and shows a frame to say that it was felt."""
        self._attention.press()
        self._changed.set()

    def answer(self) -> None:
        """The crew pressed a button: for a moment the headline goes before any note."""
        self._attention.begin_answer()
        self._changed.set()

    def hold(self, holding: bool) -> None:
        """Somebody begins or ends to hold an answer, or to aim the camera: the headline, which is
        about that, goes before any note.
        """
        self._attention.holding = holding
        self._changed.set()

    def repeat(self) -> bool:
        """Show the last note again, at once and without another receipt; False: there is none."""
        if not self._queue.ask_for_last():
            return False
        self._attention.stop_answering()
        self._attention.note_presence()
        self._changed.set()
        return True

    def pause(self) -> None:
        """Let notes wait; the one on the panel stays for its time."""
        self._queue.pause()
        self._changed.set()

    def resume(self) -> None:
        """Show the notes that waited."""
        self._queue.resume()
        self._changed.set()

    def skip(self) -> bool:
        """End the note on the panel; return False when there is none."""
        self._skipped = self._readable
        self._changed.set()
        return self._skipped

    def use_notes(self, catalogue: Catalogue, new: tuple[str, ...]) -> None:
        """Show notes in the words of `catalogue` from now on, and tell the crew of `new` ones."""
        self._queue.use(catalogue)
        self._announce(new)
        self._changed.set()

    def test_note(self) -> None:
        """Show a note that says it is a test, at once; nobody gets a receipt for it."""
        self._queue.ask_for_test()
        self._attention.note_presence()
        self._changed.set()

    async def run(self) -> None:
        """Show for ever."""
        self._panel.forget()
        async with asyncio.TaskGroup() as jobs:
            jobs.create_task(self._drawings.keep(answers(self._words)))
            while True:
                try:
                    await self._show_next(jobs)
                except (HardwareError, TimeoutError, StoreError) as error:
                    self.trouble = str(error) or "it hangs"
                    if self._backoff.fresh:
                        log.warning("The display shows nothing new: %s", self.trouble)
                    self._panel.forget()
                    self._on_panel(None)
                    await asyncio.sleep(self._backoff.next())

    async def _show_next(self, jobs: asyncio.TaskGroup) -> None:
        code = self._next_code()
        if code is not None and not self._attention.answering:
            await self._show_note(code, jobs)
        elif self._news is not None and self._is_at_rest():
            await self._tell_of_new_notes(self._news, jobs)
        else:
            await self._show_headline(over=lambda: self._note_is_due() or self._news_are_due())

    def _next_code(self) -> str | None:
        nobody_there = self._notes_wait() and not self._attention.press_resolved
        return self._queue.next_code(hold_back=nobody_there)

    async def _show_note(self, code: str, jobs: asyncio.TaskGroup) -> None:
        screen = self._queue.screen(code)
        drawn = await self._draw(screen)
        waiting = self._queue.begin(code)
        self._skipped = False
        self._panel.reading = True
        try:
            for page in drawn:
                left = page.hold_s
                while left > 0 and not self._skipped:
                    began = await self._put(screen, page)
                    self._readable = True
                    if waiting:
                        self._on_note()
                        log.info("The crew sees: %s", screen.text)
                        kept = jobs.create_task(self._keep_shown(waiting))
                        waiting = []
                        if (error := await self._meanwhile(kept)) is not None:
                            raise error
                    await self._wait_until(self._interrupted, left)
                    left -= _now() - began
                    await self._answer_presses()
                    if self._queue.asked_for or self._skipped:
                        return
        finally:
            self._panel.reading = self._readable = False

    def _announce(self, new: tuple[str, ...]) -> None:
        self._news = NewNotesScreen(new, self._words) if new else None

    def _is_at_rest(self) -> bool:
        """Whether the headline says nothing that the crew has to know."""
        return (
            not self._attention.answering
            and not self._notes_wait()
            and isinstance(self._headline(), _AT_REST)
        )

    def _news_are_due(self) -> bool:
        return self._news is not None and self._is_at_rest()

    async def _tell_of_new_notes(self, news: NewNotesScreen, jobs: asyncio.TaskGroup) -> None:
        """Tell the crew of its new notes; once more from the start where something comes first."""

        def over() -> bool:
            return self._note_is_due() or not self._is_at_rest() or self._news is not news

        try:
            drawn = await self._draw(news)
        except HardwareError:
            self._news = None  # it could not be drawn the next time, and hides the headline
            return
        for page in drawn:
            if over():
                return
            await self._put(news, page)
            if await self._wait_until(over, page.hold_s):
                return
        self._news = None
        log.info("The crew has been told of new notes: %s", ", ".join(news.texts))
        jobs.create_task(self._new_notes_read())

    async def _show_headline(self, over: Callable[[], bool]) -> None:
        """Show the headline until it is another one, or until `over()`."""
        screen = self._headline()

        def outdated() -> bool:
            return over() or self._headline() != screen

        def urgent() -> bool:
            answer = self._attention.answering and self._headline() != screen
            return over() or answer or type(self._headline()) is not type(screen)

        drawn = await self._draw(screen)
        if urgent():
            return
        alone_s = REVIEW_S if self._asked_whole is None else ASIDE_S
        shown: PackedPage | None = None
        while True:
            for page in drawn:
                if page is not shown:
                    began = await self._put(screen, page)
                    shown = page
                if await self._wait_until(outdated, page.hold_s if len(drawn) > 1 else alone_s):
                    paced = began + PACE_S - _now()
                    await self._wait_until(urgent, paced)
                    return
            if self._take_turns(screen):
                return

    def _take_turns(self, shown: Screen) -> bool:
        """Let the question that was `shown` whole and the other headline change places; return
        whether there is a question."""
        now = self._situation()
        if now.question is None or now.patient or now.first is not None:
            return False
        self._asked_whole = now.question if shown == now.question else None
        return True

    def _headline(self) -> Screen:
        now = self._situation()
        if now.question != self._asked_whole:
            self._asked_whole = None
        elif now.question is not None:
            now = replace(now, question=None)
        return headline(now, self._words)

    def _note_is_due(self) -> bool:
        return not self._attention.answering and self._next_code() is not None

    async def _answer_presses(self) -> None:
        """Give the panel to the answer for as long as there is one."""
        while self._attention.answering:
            await self._show_headline(over=lambda: not self._attention.answering)

    async def _put(self, screen: Screen, page: PackedPage) -> float:
        """Bring `page` to the panel; return when it got there."""
        shown_at = await self._panel.put(screen, page)
        self._on_panel(screen)
        if not self._backoff.fresh:
            log.info("The display works again")
            self._backoff.reset()
            self.trouble = ""
        return shown_at

    async def _draw(self, screen: Screen) -> tuple[PackedPage, ...]:
        """Draw `screen` in a thread, unless it is an answer, which was drawn ahead."""
        if (kept := self._drawings.kept(screen)) is not None:
            return kept
        job = self._drawings.begin(screen)
        return await (job if self._attention.answering else self._meanwhile(job))

    async def _keep_shown(self, notes: list[StoredNote]) -> StoreError | None:
        try:
            await self._inbox.shown(notes)
        except StoreError as error:
            return error
        return None

    async def _meanwhile(self, job: asyncio.Future[T]) -> T:
        """Wait for `job`, and answer presses until it ends."""
        job.add_done_callback(lambda _: self._changed.set())
        while not job.done():
            await self._wait_until(lambda: job.done() or self._attention.answering, REVIEW_S)
            await self._answer_presses()
        return job.result()

    async def _wait_until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Wait until `true()`, but no longer than `seconds`; return its last value.

        Meanwhile the panel is tended.
        """
        deadline = _now() + seconds
        while True:
            self._changed.clear()
            await self._panel.tend()
            if (met := true()) or _now() >= deadline:
                return met
            try:
                async with asyncio.timeout_at(min(deadline, self._due()) + TIMER_SLACK_S):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def _due(self) -> float:
        """Return the loop time at which an answer or a frame ends, or the panel goes dark."""
        now = _now()
        latest = now + (TEND_S if self._panel.burns_in else REVIEW_S)
        return min([latest, *(end for end in self._attention.ends if end > now)])

    def _interrupted(self) -> bool:
        """Whether a note must give way: to an answer, or to a note that was asked for."""
        return self._attention.answering or self._queue.asked_for or self._skipped


def _now() -> float:
    return asyncio.get_running_loop().time()
