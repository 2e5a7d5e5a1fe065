"""A session of the self-test: one step after the other, on the panel and in the terminal.

The panel speaks the crew's language, the terminal and the report English, which IT reads.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass

from likelight.appreciation.screens.models import SelfTestScreen
from likelight.assets import catalogue, crew_words
from likelight.assets.crew_words import CrewWords
from likelight.assets.typeface import shaping_available
from likelight.config.settings import Config
from likelight.fleet.doctor.system import System
from likelight.fleet.selftest.guide_panel import GuidePanel
from likelight.fleet.selftest.report import (
    Outcome,
    SelfTestReport,
    StepReport,
    StepVerdict,
    failed,
    unseen,
)
from likelight.fleet.selftest.technician import PRIVACY, THANKS, Answer, Reply, Technician
from likelight.fleet.selftest.under_test import DeviceUnderTest
from likelight.runtime.cleanup import raise_if_cancelled
from likelight.runtime.clock import Now
from likelight_hw.ports import Button, HardwareError

log = logging.getLogger(__name__)

QUESTION_S = 60.0
"""When nobody has answered after this time (s), nobody is there.

Eight steps then end after 9 minutes.
"""
VERDICT_S = 1.5
"""How long the result of a step stays on the panel."""
ITSELF = "the test itself"
LOOK = "`sudo likelight doctor` looks further"
_PASSED = {StepVerdict.PASSED: True, StepVerdict.FAILED: False, StepVerdict.UNSEEN: None}
"""What the panel draws: a tick, a cross or neither."""


class SelfTestSession:
    """What the steps use: the device under test, its panel as a guide, and the person."""

    def __init__(
        self,
        system: System,
        device: DeviceUnderTest,
        technician: Technician,
        say: Callable[[str], None],
    ) -> None:
        self.system = system
        self.device = device
        self.technician = technician
        self.say = say
        self.words = _words(system.config.kitchen.language)
        """The panel's."""
        self.panel = GuidePanel(device.display)
        self.seen_by: str | None = None
        self.broken_buttons: dict[str, str] = {}
        """Why a button can't be read, by its name."""
        self.down: set[str] = set()
        """The names of the buttons that are held down now."""
        self.on_edge: Callable[[str, bool], None] = lambda name, down: None
        """Called with each press and release of a button, by its name, for a step that needs it."""
        self._step = self._of = 1
        self._title = ""

    @property
    def config(self) -> Config:
        return self.system.config

    async def tell(self, short: str, words: str | None = None) -> None:
        """Say what to do or what happens: `short` on the panel, `words` in the terminal."""
        self.say(f"      {words or short}")
        await self.panel.show(self._screen(short))

    async def ask(
        self, short: str, words: str, action: Coroutine[object, object, None]
    ) -> Outcome | None:
        """Ask while `action` goes on; return what an answer other than yes means."""
        self.technician.forget()
        by_button = ", or THANKS/PRIVACY" if self.technician.buttons_answer else ""
        self.say(f"      {words}" + ("" if self.technician.unattended else f" [y/n/s{by_button}]"))
        reply = Reply(Answer.NOBODY)
        async with asyncio.TaskGroup() as group:
            shown = group.create_task(action)
            await self.panel.show(self._screen(short))
            reply = await self.technician.answer(QUESTION_S)
            shown.cancel()
        return self.outcome_of(reply)

    def _screen(self, detail: str) -> SelfTestScreen:
        return SelfTestScreen(self._step, self._of, self._title, detail)

    def outcome_of(self, reply: Reply) -> Outcome | None:
        """Return what an answer other than yes means; None for yes."""
        self.seen_by = reply.by
        match reply.answer:
            case Answer.YES:
                return None
            case Answer.NO:
                return failed("the answer was no")
            case Answer.SKIP:
                return unseen("skipped")
            case Answer.NOBODY if self.technician.unattended:
                return unseen("nobody was there to look")
        return unseen("nobody answered")

    async def run(self, steps: "Sequence[Step]", now: Now) -> SelfTestReport:
        """Run every step, also after one that failed, and return the report."""
        began, reports = now(), list[StepReport]()
        self._of = len(steps)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.panel.turn_pages()),
                group.create_task(self._listen(THANKS, self.device.thanks)),
                group.create_task(self._listen(PRIVACY, self.device.privacy)),
            ]
            for self._step, step in enumerate(steps, 1):
                self.on_edge = lambda name, down: None
                reports.append(await self._run_step(step))
            for task in tasks:
                task.cancel()
        board = await asyncio.to_thread(lambda: self.system.model)
        return SelfTestReport(self.config.kitchen.id, board, began, now(), tuple(reports))

    async def _run_step(self, step: "Step") -> StepReport:
        self._title, self.seen_by = step.title(self.words), None
        simulated = step.simulated(self.device)
        self.say(f"{self._step}/{self._of}  {step.name}{' (SIMULATED)' if simulated else ''}")
        try:
            outcome = await step.run(self)
        except* (HardwareError, OSError) as group:
            error = first_error(group)
            outcome = failed(str(error) or "it did not answer in time", LOOK)
        raise_if_cancelled()
        if outcome.verdict is StepVerdict.FAILED and outcome.fix is None:
            outcome = Outcome(outcome.verdict, outcome.words, step.fix)
        if outcome.verdict is not StepVerdict.UNSEEN and self.seen_by is None:
            self.seen_by = ITSELF
        self.say(f"      {outcome.verdict}: {outcome.words}")
        if outcome.fix:
            self.say(f"      fix: {outcome.fix}")
        await self._show_verdict(outcome)
        seen_by = None if outcome.verdict is StepVerdict.UNSEEN else self.seen_by
        return StepReport(
            step.name, outcome.verdict, outcome.words, outcome.fix, simulated, seen_by
        )

    async def _show_verdict(self, outcome: Outcome) -> None:
        said = {
            StepVerdict.PASSED: self.words.passed,
            StepVerdict.FAILED: self.words.failed,
            StepVerdict.UNSEEN: self.words.not_seen,
        }
        screen = SelfTestScreen(
            self._step,
            self._of,
            self._title,
            said[outcome.verdict],
            passed=_PASSED[outcome.verdict],
        )
        if await self.panel.show(screen) and not self.technician.unattended:
            await asyncio.sleep(VERDICT_S)

    async def _listen(self, name: str, button: Button) -> None:
        """Pass each press on to the technician; a button that can't be read ends nothing else."""
        try:
            async for pressed in button.edges():
                self.on_edge(name, pressed)
                if pressed:
                    self.down.add(name)
                    self.technician.on_button(name)
                else:
                    self.down.discard(name)
        except HardwareError as error:
            self.broken_buttons[name] = str(error)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to look at, whether it is simulated, and the fix that helps most often.

    `name` is for the terminal and the report, `title` for the panel.
    """

    name: str
    title: Callable[[CrewWords], str]
    fix: str
    simulated: Callable[[DeviceUnderTest], bool]
    run: Callable[[SelfTestSession], Awaitable[Outcome]]


def _words(language: str) -> CrewWords:
    words = crew_words.load(catalogue.load(language).lang)
    # Letters that don't join can't be read; the doctor tells how to fix that.
    return words if shaping_available() or not words.rtl else crew_words.ENGLISH


def first_error(group: BaseExceptionGroup[Exception]) -> Exception:
    """Return the first error in `group`."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, Exception)
    return error
