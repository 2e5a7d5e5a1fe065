"""The crew's THANKS button: one press tells every viewer whose note was shown."""

import asyncio
import logging
from collections.abc import Callable

from likelight.appreciation.sync.inbox import Inbox
from likelight.runtime.store_errors import StoreError

log = logging.getLogger(__name__)

LONG_S = 1.0
"""A press of this length shows the last note again, and thanks nobody."""
PACE_S = 1.0
"""All presses within this time after a thanks are together one more thanks."""


class ThanksButton:
    """What THANKS does: a short press thanks when it ends, a long one repeats the last note.

    `on_thanks` is called once the thanks are written, which waits for no disk; it answers the crew
    and tells the cloud. `overruled(since)` returns whether PRIVACY was touched at loop time `since`
    or later: an elbow on both buttons means PRIVACY.
    """

    def __init__(
        self,
        inbox: Inbox,
        *,
        overruled: Callable[[float], bool],
        on_thanks: Callable[[], None],
        on_repeat: Callable[[], None],
    ) -> None:
        self._inbox = inbox
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
        self._long = loop.call_later(LONG_S, self._repeat)

    def released(self) -> None:
        pressed_at = self._pressed_at
        self.cancelled()
        if pressed_at is not None and not self._overruled(pressed_at):
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

    def _repeat(self) -> None:
        pressed_at = self._pressed_at
        self.cancelled()
        if pressed_at is not None and not self._overruled(pressed_at):
            self._on_repeat()
