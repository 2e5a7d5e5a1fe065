"""What root's command has told of the boot volume, as it changes: it may be run at any time.

What it only asks for is asked at the panel.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from likelight.appreciation.buttons.question import Question, Questions
from likelight.appreciation.screens.models import MasksScreen, Screen, StatusScreen
from likelight.assets.crew_words import CrewWords
from likelight.config.boot_report import NOTHING, BootReport, read_report
from likelight.config.reset import begin_reset
from likelight.config.settings import Config
from likelight.runtime.atomic_file import replace_file

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 5.0
_HOLD_S = 3.0


class BootWatch:
    """Calls `on_change` with each other report in `file`, and asks the crew in `words` what it asks
    for: shall the device of `config` forget its store, may masks uncover something? The answer
    about masks goes to `answer`.

    A component. `on_agreed` is called once the crew has agreed: the device must start again.
    """

    def __init__(
        self,
        file: Path,
        config: Config,
        questions: Questions,
        words: CrewWords,
        answer: Path,
        *,
        on_change: Callable[[BootReport], None],
        on_agreed: Callable[[], None],
    ) -> None:
        self._file = file
        self._config = config
        self._questions = questions
        self._words = words
        self._on_change = on_change
        self._answer = answer
        self._on_agreed = on_agreed
        self._told = NOTHING
        self._agreed = asyncio.Queue[Callable[[], None]]()
        """What to do, in a thread."""

    async def run(self) -> None:
        """Look for ever."""
        while True:
            report = await asyncio.to_thread(read_report, self._file)
            if report != self._told:
                self._told = report
                self._on_change(report)
                self._ask(report)
            agreed = None
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    agreed = await self._agreed.get()
            if agreed is not None:
                await self._carry_out(agreed)

    def _ask(self, report: BootReport) -> None:
        words, reset, masks = self._words, None, None
        if report.reset:
            screen = self._screen(words.reset_title, words.reset_detail)
            reset = self._question(screen, partial(begin_reset, self._config))
        if report.masks is not None:
            said = self._screen(words.masks_title, words.masks_detail)
            asks = MasksScreen(said, report.masks.held, report.masks.asked)
            masks = self._question(asks, partial(replace_file, self._answer, report.masks.nonce))
        self._questions.put("reset", reset)
        self._questions.put("masks", masks)

    def _screen(self, title: str, detail: str) -> StatusScreen:
        held = self._words.hold.format(name="THANKS", seconds=round(_HOLD_S))
        return StatusScreen(title, f"{detail} {held}", "wrench")

    def _question(self, screen: Screen, agree: Callable[[], None]) -> Question:
        return Question(screen, partial(self._agreed.put_nowait, agree), _HOLD_S)

    async def _carry_out(self, agreed: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(agreed)
        except OSError as error:
            log.error("What the crew has agreed to can't be kept: %s", error)  # noqa: TRY400
            return
        log.warning("The crew has agreed at the panel: this device starts again")
        self._on_agreed()
