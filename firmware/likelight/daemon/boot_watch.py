"""What root's command has told of the boot volume, as it changes: it may be run at any time.

What it only asks for is asked at the panel.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from likelight.appreciation.buttons.question import Question, Questions
from likelight.appreciation.screens.models import StatusScreen
from likelight.assets.crew_words import CrewWords
from likelight.config.boot_report import NOTHING, BootReport, read_report
from likelight.config.reset import begin_reset

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 5.0
_HOLD_S = 3.0


class BootWatch:
    """Calls `on_change` with each other report in `file`, and asks the crew in `words` whether the
    device in `state_dir` shall forget its store, where a report says so.

    A component. `on_reset` is called once the reset is begun: the device must start again.
    """

    def __init__(
        self,
        file: Path,
        state_dir: Path,
        questions: Questions,
        words: CrewWords,
        *,
        on_change: Callable[[BootReport], None],
        on_reset: Callable[[], None],
    ) -> None:
        self._file = file
        self._state_dir = state_dir
        self._questions = questions
        self._words = words
        self._on_change = on_change
        self._on_reset = on_reset
        self._told = NOTHING
        self._agreed = asyncio.Event()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            report = await asyncio.to_thread(read_report, self._file)
            if report != self._told:
                self._told = report
                self._on_change(report)
                self._questions.put("reset", self._reset_question() if report.reset else None)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await self._agreed.wait()
            if self._agreed.is_set():
                self._agreed.clear()
                await self._reset()

    def _reset_question(self) -> Question:
        words = self._words
        detail = f"{words.reset_detail} {words.hold.format(name='THANKS', seconds=3)}"
        return Question(
            StatusScreen(words.reset_title, detail, "wrench"), self._agreed.set, _HOLD_S
        )

    async def _reset(self) -> None:
        try:
            await asyncio.to_thread(begin_reset, self._state_dir)
        except OSError as error:
            log.error("The reset can't begin: %s. All stays as it is", error)  # noqa: TRY400
            return
        log.warning("The crew has agreed: this device forgets its store, and starts again")
        self._on_reset()
