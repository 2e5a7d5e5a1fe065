"""The crew's THANKS button: one press tells every viewer whose note was shown.

Held, it shows the last note again, or agrees to what the panel asks.
"""

import asyncio
import logging
from collections.abc import Callable

from likelight.appreciation.buttons.question import Question
from likelight.appreciation.sync.inbox import Inbox
from likelight.runtime.store_errors import StoreError

log = logging.getLogger(__name__)

LONG_S = 1.0
"""A press of this length shows the last note again, and thanks nobody.

While the panel asks something it does neither: it was to agree, and was too short.
"""
PACE_S = 1.0
"""All presses within this time after a thanks are together one more thanks."""


class ThanksButton:
    """What THANKS does: a short press thanks when it ends, a long one repeats the last note, or
    agrees to the question that was on the panel when it began, if that is still asked.

    `on_thanks` is called once the thanks are written, which waits for no disk; it answers the crew
    and tells the cloud. `overruled(since)` returns whether PRIVACY was touched at loop time `since`
    or later: an elbow on both buttons means PRIVACY. `asked` returns the question that is open,
    and `shown` whether a panel that people can see has it.
    """

    def __init__(
        self,
        inbox: Inbox,
        *,
        overruled: Callable[[float], bool],
        on_thanks: Callable[[], None],
        on_repeat: Callable[[], None],
        asked: Callable[[], Question | None],
        shown: Callable[[Question], bool],
    ) -> None:
        self._inbox = inbox
        self._asked = asked
        self._shown = shown
        self._question: Question | None = None
        self._overruled = overruled
        self._on_thanks = on_thanks
        self._on_repeat = on_repeat
        self._pressed_at: float | None = None
        self._long: asyncio.TimerHandle | None = None
        self._due = asyncio.Event()

    def pressed(self) -> None:
        loop = asyncio.get_running_loop()
        self.cancelled()
        self._pressed_at = loop.time()
        question = self._asked()
        self._question = question if question is not None and self._shown(question) else None
        held_s = LONG_S if self._question is None else self._question.hold_s
        self._long = loop.call_later(held_s, self._held)

    def released(self) -> None:
        pressed_at = self._pressed_at
        self.cancelled()
        if pressed_at is None or self._overruled(pressed_at):
            return
        # Without a question, a longer one has been taken for one already.
        if asyncio.get_running_loop().time() < pressed_at + LONG_S:
            self._due.set()

    def cancelled(self) -> None:
        self._pressed_at = None
        if self._long is not None:
            self._long.cancel()
            self._long = None

    async def run(self) -> None:
        """Store and report the thanks that are due, for ever."""
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                thanked = await self._inbox.thank()
            except StoreError as error:
                # Lamp and screen do not answer then: their answer would not be true.
                log.exception("The thanks could not be stored: %s", error)
                continue
            try:
                self._on_thanks()
            except Exception:
                log.exception("The thanks are stored, but lamp or screen failed to answer")
            log.info(
                "THANKS: the crew thanks for %s", "1 note" if thanked == 1 else f"{thanked} notes"
            )
            await asyncio.sleep(PACE_S)

    def _held(self) -> None:
        pressed_at, question = self._pressed_at, self._question
        self.cancelled()
        if pressed_at is None or self._overruled(pressed_at):
            return
        if question is None:
            self._on_repeat()
        elif question is self._asked():
            question.agreed()
