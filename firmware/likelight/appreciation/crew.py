"""The crew's THANKS button: one press tells every viewer whose note was shown."""

import logging
from collections.abc import Callable

from likelight.appreciation.inbox import Inbox
from likelight.appreciation.sqlitefile import StoreError
from likelight_hw.ports import Button

log = logging.getLogger(__name__)


class ThanksButton:
    """Turns presses of `button` into thanks that survive a power cut.

    `on_thanks` is called once they are stored: to answer the crew and to tell the cloud.
    """

    def __init__(self, button: Button, inbox: Inbox, *, on_thanks: Callable[[], None]) -> None:
        self._button = button
        self._inbox = inbox
        self._on_thanks = on_thanks

    async def run(self) -> None:
        """Listen for ever."""
        async for _ in self._button.presses():
            try:
                thanked = await self._inbox.thank()
            except StoreError as error:
                # No answer from lamp and screen then: it would say what is not true.
                log.error("The thanks could not be stored: %s", error)
                continue
            log.info(
                "THANKS: the crew thanks for %s", "1 note" if thanked == 1 else f"{thanked} notes"
            )
            self._on_thanks()
