"""The presenter: puts notes and the headline on the display, at a pace at which people read.

A note is reported as shown only once the display has it on the glass, lit. A display that fails
takes nothing else down, and notes wait for it, as they wait while the crew sleeps.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import TypeVar

from likelight.appreciation.buttons.attention import Attention
from likelight.appreciation.panel.drawings import Drawings, PackedPage
from likelight.appreciation.panel.headline import Situation, answers, headline
from likelight.appreciation.panel.surface import PanelContent, PanelSurface
from likelight.appreciation.screens.care import SHIFT_EVERY_S, brightness, orbit
from likelight.appreciation.screens.models import IdleScreen, NoteScreen, Screen
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
"""The headline is thought over this often, for what time alone changes: midnight, a lull."""
TEND_S = 10.0
"""The brightness and the place of what burns in are thought over this often."""
PACE_S = 1.0
"""The least time between two counts on the display, which is slow and near people's eyes."""
_TEST_CODE = "\0test"
TIMER_SLACK_S = 0.001
"""A loop may fire a timer a hair early; asking for what is left then could go on for ever."""


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """What the panel has to know of its kitchen.

    In `quiet()` hours it is dark, or as bright as `night_brightness` says (0..1) if it does not
    burn in. `review_due` returns the date by which the crew's consent must be reviewed, when that
    is soon.
    """

    catalogue: Catalogue
    timezone: tzinfo | None = None
    quiet: Callable[[], bool] = lambda: False
    night_brightness: float = 0.0
    review_due: Callable[[], date | None] = lambda: None


class Presenter:
    """Decides what the display shows when, and shows it.

    `situation` is asked whenever something may have changed; `on_note` is called when a note has
    appeared on the panel, so that the lamp can turn heads towards it. In quiet hours the panel
    shows no note until somebody presses a button.
    """

    def __init__(
        self,
        display: Display,
        inbox: Inbox,
        settings: PanelSettings,
        *,
        situation: Callable[[], Situation],
        on_note: Callable[[], None],
        rng: random.Random,
    ) -> None:
        catalogue = settings.catalogue
        self._surface = PanelSurface(display)
        self._drawings = Drawings(display.info)
        self._attention = Attention()
        self._inbox = inbox
        self._notes = {
            note.code: NoteScreen(note.text, note.icon, rtl=catalogue.dir == "rtl")
            for note in catalogue.notes
        }
        self._words = crew_words.load(catalogue.lang)
        self._test_note = NoteScreen(self._words.test, "wrench", rtl=self._words.rtl)
        self._situation = situation
        self._on_note = on_note
        self._settings = settings
        self._backoff = Backoff(rng)
        self.trouble = ""
        """Why the display shows nothing new; empty while it does."""
        self._changed = asyncio.Event()
        self._said: tuple[Screen, float] | None = None
        self._reading = False
        self._readable = False
        """Unlike one that is still on its way, a note that eyes can see may be skipped."""
        self._again: str | None = None
        self._paused = False
        self._skipped = False
        self._unreadable: set[str] = set()

    @property
    def current(self) -> PanelContent:
        """What is on the glass; a dark one shows nothing."""
        return self._surface.shown

    def change(self) -> None:
        """Something that decides what to show is different."""
        self._changed.set()

    def felt(self) -> None:
        """A button went down: the panel wakes, and says with a frame that it was felt."""
        self._attention.press()
        self._changed.set()

    def answer(self) -> None:
        """The crew pressed a button: the headline goes before any note for a moment."""
        self._attention.begin_answer()
        self._changed.set()

    def repeat(self) -> bool:
        """Show the last note again, at once and without another receipt; False: there is none."""
        shown = (note.code for note in reversed(self._inbox.history) if note.code in self._notes)
        self._again = next(shown, None)
        if self._again is None:
            return False
        self._attention.stop_answering()
        self._attention.note_presence()
        self._changed.set()
        return True

    def pause(self) -> None:
        """Let notes wait; the one on the glass stays its time."""
        self._paused = True
        self._changed.set()

    def resume(self) -> None:
        """End the pause."""
        self._paused = False
        self._changed.set()

    def skip(self) -> bool:
        """The note on the glass is done; False: there is none."""
        self._skipped = self._readable
        self._changed.set()
        return self._skipped

    def test_note(self) -> None:
        """Show a note that says it is a test, at once and without a receipt."""
        self._again = _TEST_CODE
        self._attention.note_presence()
        self._changed.set()

    async def run(self) -> None:
        """Show for ever."""
        self._surface.forget()
        async with asyncio.TaskGroup() as jobs:
            jobs.create_task(self._drawings.keep(answers(self._words)))
            while True:
                try:
                    await self._show_next(jobs)
                except (HardwareError, TimeoutError, StoreError) as error:
                    self.trouble = str(error) or "it hangs"
                    if self._backoff.fresh:
                        log.warning("The display shows nothing new: %s", self.trouble)
                    self._surface.forget()
                    await asyncio.sleep(self._backoff.next())

    async def _show_next(self, jobs: asyncio.TaskGroup) -> None:
        code = self._next_code()
        if code is None or self._attention.answering:
            await self._show_headline(over=self._note_is_due)
        else:
            await self._show_note(code, jobs)

    def _next_code(self) -> str | None:
        """Return the code of the note to show: the one asked for again, or the oldest waiting."""
        if self._again is not None:
            return self._again
        if self._paused or (self._settings.quiet() and not self._attention.press_resolved):
            return None
        for note in self._inbox.waiting:
            if note.code in self._notes:
                return note.code
            if note.code not in self._unreadable:
                self._unreadable.add(note.code)
                log.warning("This device has no words for the note %s; update it", note.code)
        return None

    async def _show_note(self, code: str, jobs: asyncio.TaskGroup) -> None:
        """Show every waiting note of this code at once; equal words need no repetition."""
        screen = self._notes.get(code, self._test_note)
        drawn = await self._draw(screen)
        waiting: list[StoredNote] = [note for note in self._inbox.waiting if note.code == code]
        self._again = None
        self._skipped = False
        self._reading = True
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
                    left -= self._now() - began
                    await self._answer_presses()
                    if self._again is not None or self._skipped:
                        return
        finally:
            self._reading = self._readable = False

    async def _show_headline(self, over: Callable[[], bool]) -> None:
        """Show the headline until it is another one, or until `over()`."""
        screen = self._headline()

        def outdated() -> bool:
            return over() or self._headline() != screen

        def urgent() -> bool:
            return over() or type(self._headline()) is not type(screen)

        drawn = await self._draw(screen)
        if urgent():
            return
        shown: PackedPage | None = None
        while True:
            for page in drawn:
                if page is not shown:
                    began = await self._put(screen, page)
                    shown = page
                if await self._wait_until(outdated, page.hold_s if len(drawn) > 1 else REVIEW_S):
                    paced = began + PACE_S - self._now()
                    await self._wait_until(urgent, paced)
                    return

    def _headline(self) -> Screen:
        return headline(self._situation(), self._words)

    def _note_is_due(self) -> bool:
        return not self._attention.answering and self._next_code() is not None

    async def _answer_presses(self) -> None:
        """Give the glass to the answer for as long as there is one."""
        while self._attention.answering:
            await self._show_headline(over=lambda: not self._attention.answering)

    async def _put(self, screen: Screen, page: PackedPage) -> float:
        """Bring `page` to the glass; return when it got there."""
        if self._said is None or self._said[0] != screen:
            self._said = screen, self._now()
        self._attention.answered()
        await self._surface.put(screen, page, self._brightness())
        if not self._backoff.fresh:
            log.info("The display works again")
            self._backoff.reset()
            self.trouble = ""
        return self._now()

    async def _tend(self) -> None:
        """Frame a felt press, and look after the panel: its brightness, and where its picture is.

        What only moves or dims costs one transfer and no drawing.
        """
        await self._surface.frame(self._attention.felt)
        await self._surface.light(self._brightness())
        if self._surface.info.burns_in:
            await self._surface.move(orbit(int(self._now() // SHIFT_EVERY_S)))

    def _brightness(self) -> float:
        screen, since = self._said or (None, self._now())
        return brightness(
            burns_in=self._surface.info.burns_in,
            quiet=self._settings.quiet(),
            night=self._settings.night_brightness,
            attended=self._reading or self._attention.crew_present,
            still_s=self._now() - since,
            needed=not isinstance(screen, IdleScreen),
        )

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
        """Wait for `job`, and answer presses while it takes its time."""
        job.add_done_callback(lambda _: self._changed.set())
        while not job.done():
            await self._wait_until(lambda: job.done() or self._attention.answering, REVIEW_S)
            await self._answer_presses()
        return job.result()

    async def _wait_until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Wait until `true()`, but no longer than `seconds`; return what it says then.

        Meanwhile the panel is looked after.
        """
        deadline = self._now() + seconds
        while True:
            self._changed.clear()
            await self._tend()
            if (met := true()) or self._now() >= deadline:
                return met
            try:
                async with asyncio.timeout_at(min(deadline, self._due()) + TIMER_SLACK_S):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def _due(self) -> float:
        """Return when something changes of itself: an answer or a frame ends, the panel rests."""
        now = self._now()
        latest = now + (TEND_S if self._surface.info.burns_in else REVIEW_S)
        return min([latest, *(end for end in self._attention.ends if end > now)])

    def _interrupted(self) -> bool:
        """Whether a note must give way: to an answer, or to itself from its first page on."""
        return self._attention.answering or self._again is not None or self._skipped

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
