"""What root's command has told of the boot volume and of a USB stick, as it changes.

What they only ask for is asked at the panel.
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
from likelight.config.boot_report import (
    NO_STICK,
    NOTHING,
    BootReport,
    MasksAsked,
    NotKept,
    StickAsked,
    StickReport,
    read_report,
    read_stick,
    why_not_kept,
)
from likelight.config.reset import begin_reset
from likelight.config.settings import Config
from likelight.runtime.atomic_file import replace_file

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 5.0
STICK_LOOK_AGAIN_S = 1.0
"""While there is a stick: one that is pulled is soon asked about no more."""
ASKS_S = 600.0
"""Who has changed the file stands there when the device starts, or the stick goes in; who comes
later did not ask for it."""
_HOLD_S = 3.0

_Carry = Callable[[], None]
"""What is done once the crew has agreed, in a thread; raises `OSError`."""


class BootWatch:
    """Calls `on_change` with each other report in `file` and of the stick in `sticks`, and asks the
    crew in `words` what they ask for: shall the device of `config` forget its store, may masks
    uncover something, shall it take over what the stick says? The answers about the last two go to
    `answer`.

    `on_masks` is called with whether masks are asked about.

    What nobody has agreed to within 10 minutes is asked no more, until the device starts again or
    the stick is plugged in again. What can't be kept is asked again, with the reason.

    A component. `on_agreed` is called once the crew has agreed: the device must start again.
    """

    def __init__(
        self,
        file: Path,
        sticks: Path,
        config: Config,
        questions: Questions,
        words: CrewWords,
        answer: Path,
        *,
        on_change: Callable[[BootReport, StickReport], None],
        on_masks: Callable[[bool], None],
        on_agreed: Callable[[], None],
    ) -> None:
        self._file = file
        self._sticks = sticks
        self._config = config
        self._questions = questions
        self._words = words
        self._on_change = on_change
        self._answer = answer
        self._on_masks = on_masks
        self._behind = b"", ""
        self._on_agreed = on_agreed
        self._told = (NOTHING, NO_STICK)
        self._asks = (NOTHING, NO_STICK)
        """What of that is asked still."""
        self._card_until = self._stick_until = float("-inf")
        self._failed: NotKept = ""
        self._open: dict[str, _Carry] = {}
        """What each question that is asked comes to, by what it is about."""
        self._agreed = asyncio.Queue[tuple[str, _Carry]]()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self._look()
            agreed = None
            stick_is_in = self._told[1] != NO_STICK
            with suppress(TimeoutError):
                async with asyncio.timeout(STICK_LOOK_AGAIN_S if stick_is_in else LOOK_AGAIN_S):
                    agreed = await self._agreed.get()
            if agreed is not None:
                # A stick that was pulled during the last second says nothing any more.
                await self._look()
                await self._carry_out(*agreed)

    def put_behind_masks(self, jpeg: bytes, why_none: str) -> None:
        """Ask about masks over this picture; without one `why_none` says why, in words."""
        self._behind = jpeg, why_none
        self._ask_about_masks(self._asks[0].masks)

    async def _look(self) -> None:
        card, stick = await asyncio.to_thread(self._read)
        card_before, stick_before = self._told
        self._told = card, stick
        now = asyncio.get_running_loop().time()
        if card != card_before:
            self._card_until = now + ASKS_S
        if stick != stick_before:
            self._stick_until = now + ASKS_S
        if (card, stick) != (card_before, stick_before):
            self._failed = ""
            self._on_change(card, stick)
        before = self._asks
        self._asks = (
            card if now < self._card_until else NOTHING,
            stick if now < self._stick_until else NO_STICK,
        )
        if self._asks[0] != before[0]:
            self._ask_of_card(self._asks[0])
        if self._asks[1] != before[1]:
            self._ask_of_stick(self._asks[1].asked)

    def _read(self) -> tuple[BootReport, StickReport]:
        return read_report(self._file), read_stick(self._sticks)

    def _ask_of_card(self, report: BootReport) -> None:
        words, reset = self._words, None
        if report.reset:
            screen = self._screen(words.reset_title, words.reset_detail)
            reset = screen, partial(begin_reset, self._config)
        self._put("reset", reset)
        self._ask_about_masks(report.masks)
        self._on_masks(report.masks is not None)

    def _ask_about_masks(self, asked: MasksAsked | None) -> None:
        if asked is None:
            self._put("masks", None)
            return
        words, (jpeg, why_none) = self._words, self._behind
        said = self._screen(words.masks_title, f"{words.masks_detail} {why_none}".strip())
        screen = MasksScreen(said, asked.held, asked.asked, jpeg)
        self._put("masks", (screen, partial(replace_file, self._answer, asked.nonce)))

    def _ask_of_stick(self, asked: StickAsked | None) -> None:
        if asked is None:
            self._put("stick", None)
            return
        words = self._words
        said = {
            words.stick_network: asked.network,
            words.stick_name: asked.name,
            words.stick_language: asked.language,
            words.stick_masks: asked.masks,
        }
        changes = " ".join(word.format(name=new) for word, new in said.items() if new)
        screen = self._screen(words.stick_title, changes)
        self._put("stick", (screen, partial(replace_file, self._answer, asked.nonce)))

    def _screen(self, title: str, detail: str) -> StatusScreen:
        held = self._words.hold.format(name="THANKS", seconds=round(_HOLD_S))
        return StatusScreen(title, f"{self._why_not_kept()}{detail} {held}", "wrench")

    def _why_not_kept(self) -> str:
        words, (card, stick) = self._words, self._asks
        match self._failed or card.not_kept or stick.not_kept:
            case "full":
                return f"{words.card_full} {words.call_it.format(code='D1')} "
            case "failing":
                return f"{words.card_failing} {words.call_it.format(code='D3')} "
        return ""

    def _put(self, about: str, asked: tuple[Screen, _Carry] | None) -> None:
        self._open.pop(about, None)
        if asked is None:
            self._questions.put(about, None)
            return
        screen, carry = asked
        self._open[about] = carry
        agreed = partial(self._agreed.put_nowait, (about, carry))
        self._questions.put(about, Question(screen, agreed, _HOLD_S))

    async def _carry_out(self, about: str, agreed: _Carry) -> None:
        if self._open.get(about) is not agreed:
            return
        try:
            await asyncio.to_thread(agreed)
        except OSError as error:
            log.error("What the crew has agreed to can't be kept: %s", error)  # noqa: TRY400
            self._failed = why_not_kept(error)
            card, stick = self._asks
            self._ask_of_card(card)
            self._ask_of_stick(stick.asked)
            return
        log.warning("The crew has agreed at the panel: this device starts again")
        self._on_agreed()
