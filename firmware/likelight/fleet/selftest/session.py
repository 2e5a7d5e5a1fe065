"""A walk through the hardware: one step after the other, on the panel and in the terminal.

The panel speaks the crew's language, the terminal and the report English, which IT reads.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from likelight.appreciation.panel.drawings import PackedPage, draw
from likelight.appreciation.panel.surface import Glass
from likelight.appreciation.screens.models import Screen, SelfTestScreen
from likelight.appreciation.screens.typeface import shaping_available
from likelight.assets import catalogue, crew_words
from likelight.assets.crew_words import CrewWords
from likelight.config.settings import Config
from likelight.fleet.doctor.system import Ground
from likelight.fleet.selftest.hardware import Parts
from likelight.fleet.selftest.report import Outcome, Report, StepReport, Verdict
from likelight.fleet.selftest.technician import PRIVACY, THANKS, Answer, Heard, Person
from likelight.runtime.clock import Now
from likelight_hw.ports import Button, HardwareError

log = logging.getLogger(__name__)

QUESTION_S = 60.0
"""Whoever hasn't answered by then has walked away. Seven steps then last 7 minutes, and end."""
VERDICT_S = 1.5
"""How long what came of a step stands on the panel."""
ITSELF = "the test itself"
LOOK = "likelight doctor looks further"


class Walk:
    """What a step has in its hands."""

    def __init__(
        self, ground: Ground, parts: Parts, person: Person, say: Callable[[str], None]
    ) -> None:
        self.ground = ground
        self.parts = parts
        self.person = person
        self.say = say
        self.words = _words(ground.config.kitchen.language)
        """The panel's."""
        self.panel = _Panel(parts)
        self.seen_by: str | None = None
        self.broken_buttons: dict[str, str] = {}
        """Why a button can't be listened to, by its name."""
        self.down: set[str] = set()
        """The buttons that are held down now."""
        self._step = self._of = 1
        self._title = ""

    @property
    def config(self) -> Config:
        return self.ground.config

    async def tell(self, short: str, words: str | None = None) -> None:
        """Say what to do or what happens: `short` on the panel, `words` in the terminal."""
        self.say(f"      {words or short}")
        await self.panel.show(self._screen(short))

    async def ask(self, short: str, words: str, doing: Coroutine[Any, Any, None]) -> Outcome | None:
        """Ask while `doing` goes on; return what an answer other than yes means."""
        self.person.forget()
        thumbs = ", or THANKS/PRIVACY" if self.person.thumbs else ""
        self.say(f"      {words}" + ("" if self.person.unattended else f" [y/n/s{thumbs}]"))
        heard = Heard(Answer.NOBODY)
        async with asyncio.TaskGroup() as group:
            acting = group.create_task(doing)
            await self.panel.show(self._screen(short))
            heard = await self.person.answer(QUESTION_S)
            acting.cancel()
        return self.judge(heard)

    def _screen(self, detail: str) -> SelfTestScreen:
        return SelfTestScreen(self._step, self._of, self._title, detail)

    def judge(self, heard: Heard) -> Outcome | None:
        """Return what an answer other than yes means; None for yes."""
        self.seen_by = heard.by
        match heard.answer:
            case Answer.YES:
                return None
            case Answer.NO:
                return Outcome(Verdict.FAILED, "the answer was no")
            case Answer.SKIP:
                return Outcome(Verdict.UNSEEN, "skipped")
            case Answer.NOBODY if self.person.unattended:
                return Outcome(Verdict.UNSEEN, "nobody was there to look")
        return Outcome(Verdict.UNSEEN, "nobody answered")

    async def through(self, steps: "Sequence[Step]", now: Now) -> Report:
        """Take every step, whatever came of the others, and return what was seen."""
        began, taken = now(), list[StepReport]()
        self._of = len(steps)
        async with asyncio.TaskGroup() as group:
            helpers = [
                group.create_task(self.panel.turn_pages()),
                group.create_task(self._listen(THANKS, self.parts.thanks)),
                group.create_task(self._listen(PRIVACY, self.parts.privacy)),
            ]
            for self._step, step in enumerate(steps, 1):
                taken.append(await self._take(step))
            for helper in helpers:
                helper.cancel()
        board = await asyncio.to_thread(lambda: self.ground.model)
        return Report(self.config.kitchen.id, board, began, now(), tuple(taken))

    async def _take(self, step: "Step") -> StepReport:
        self._title, self.seen_by = step.title(self.words), None
        simulated = step.simulated(self.parts)
        self.say(f"{self._step}/{self._of}  {step.name}{' (SIMULATED)' if simulated else ''}")
        try:
            outcome = await step.take(self)
        except* (HardwareError, OSError) as group:
            error = _first(group)
            outcome = Outcome(Verdict.FAILED, str(error) or "it did not answer in time", LOOK)
        if outcome.verdict is Verdict.FAILED and outcome.mend is None:
            outcome = Outcome(outcome.verdict, outcome.words, step.mend)
        if outcome.verdict is not Verdict.UNSEEN and self.seen_by is None:
            self.seen_by = ITSELF
        self.say(f"      {outcome.verdict}: {outcome.words}")
        if outcome.mend:
            self.say(f"      mend: {outcome.mend}")
        await self._show_verdict(outcome)
        seen_by = None if outcome.verdict is Verdict.UNSEEN else self.seen_by
        return StepReport(
            step.name, outcome.verdict, outcome.words, outcome.mend, simulated, seen_by
        )

    async def _show_verdict(self, outcome: Outcome) -> None:
        said = {
            Verdict.PASSED: self.words.passed,
            Verdict.FAILED: self.words.failed,
            Verdict.UNSEEN: self.words.not_seen,
        }
        screen = SelfTestScreen(
            self._step,
            self._of,
            self._title,
            said[outcome.verdict],
            passed=None if outcome.verdict is Verdict.UNSEEN else outcome.verdict is Verdict.PASSED,
        )
        if await self.panel.show(screen) and not self.person.unattended:
            await asyncio.sleep(VERDICT_S)

    async def _listen(self, name: str, button: Button) -> None:
        """Tell the person object of each press; a button that can't be read is no reason to end."""
        try:
            async for pressed in button.edges():
                if pressed:
                    self.down.add(name)
                    self.person.hear_button(name)
                else:
                    self.down.discard(name)
        except HardwareError as error:
            self.broken_buttons[name] = str(error)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to look at, whether it is simulated, and the mend that helps most often.

    `name` is for the terminal and the report, `title` for the panel.
    """

    name: str
    title: Callable[[CrewWords], str]
    mend: str
    simulated: Callable[[Parts], bool]
    take: Callable[[Walk], Awaitable[Outcome]]


class _Panel:
    """The panel as a guide. One that fails leaves the terminal, and says why to who asks."""

    def __init__(self, parts: Parts) -> None:
        self.info = parts.display.info
        self.trouble: str | None = None
        self.page: PackedPage | None = None
        """What is on the glass."""
        self._glass = Glass(parts.display)
        self._screen: Screen | None = None
        self._pages: tuple[PackedPage, ...] = ()
        self._changed = asyncio.Event()
        self._busy = asyncio.Lock()

    async def show(self, screen: Screen) -> bool:
        """Put the first page of `screen` on the glass; return whether it got there."""
        try:
            drawn = await asyncio.to_thread(draw, screen, self.info)
        except HardwareError as error:
            self.page, self.trouble = None, str(error)
            return False
        async with self._busy:
            self._screen, self._pages = screen, drawn
            self._changed.set()
            return await self._put(screen, drawn[0])

    async def turn_pages(self) -> None:
        """Show the further pages of what is too long for one, round and round."""
        while True:
            self._changed.clear()
            screen, shown, turn = self._screen, self._pages, 0
            if screen is None or len(shown) < 2:
                await self._changed.wait()
                continue
            while not await self._changes_within(shown[turn].hold_s):
                turn = (turn + 1) % len(shown)
                async with self._busy:
                    if shown is self._pages:
                        await self._put(screen, shown[turn])

    async def _changes_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._changed.wait()
        return False

    async def _put(self, screen: Screen, page: PackedPage) -> bool:
        try:
            await self._glass.put(screen, page, 1.0)
        except (HardwareError, TimeoutError) as error:
            self._glass.forget()
            self.page, self.trouble = None, str(error) or "it did not take a picture in time"
            return False
        self.page, self.trouble = page, None
        return True


def _words(language: str) -> CrewWords:
    words = crew_words.load(catalogue.load(language).lang)
    # Letters that don't join can't be read; the doctor tells how to mend that.
    return words if shaping_available() or not words.rtl else crew_words.ENGLISH


def _first(group: BaseExceptionGroup[Exception]) -> Exception:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, Exception)
    return error
