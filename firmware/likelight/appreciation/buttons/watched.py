"""A button of the crew that is watched: a press acts at once, and a stuck button is noticed."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from likelight_hw.ports import Button, HardwareError

log = logging.getLogger(__name__)

STUCK_AFTER_S = 60.0
"""Nobody holds a button for a minute: its cap is stuck, or its wires touch."""
CHATTER = 12
CHATTER_WITHIN_S = 4.0
"""Three presses a second for four seconds: nobody presses like that on purpose."""
RETRY_S = 5.0
DOWN_AT_START_S = 0.02
"""A press that comes this soon began before we read the button: perhaps before a power cut."""


class ButtonTrouble(StrEnum):
    """What can be wrong with a button."""

    STUCK = "stuck"
    CHATTERS = "chatters"
    UNREADABLE = "unreadable"


class ButtonHandler(Protocol):
    """What a button does. Its methods are called on the event loop and never wait."""

    def pressed(self) -> None:
        """The button was pressed."""

    def released(self) -> None:
        """Somebody released the button."""

    def cancelled(self) -> None:
        """The press does not count: the button was stuck, chattered or was down already."""


class WatchedButton:
    """Reads `button` for ever and calls `handler` for each press and release.

    A press acts first; `on_felt` is called right after that, in the same turn of the loop, so that
    lamp and screen can answer. In `trouble` a press still counts, but nothing is done at its end;
    `on_trouble` is called when a trouble begins or ends. An exception in either of them costs no
    press: otherwise this component would restart, and nobody would read the button until then.
    """

    def __init__(
        self,
        name: str,
        button: Button,
        handler: ButtonHandler,
        *,
        on_felt: Callable[[], None],
        on_trouble: Callable[[], None],
    ) -> None:
        self.name = name
        self.trouble: ButtonTrouble | None = None
        self._button = button
        self._handler = handler
        self._on_felt = on_felt
        self._on_trouble = on_trouble
        self._held = False
        self._touched_at = float("-inf")
        self._read_since = float("-inf")
        self._was_down = False
        self._presses: deque[float] = deque(maxlen=CHATTER)
        self._timer: asyncio.TimerHandle | None = None

    def touched_since(self, moment: float) -> bool:
        """Return whether it is held, or changed at `moment` (loop time) or later."""
        return self._held or self._touched_at >= moment

    async def run(self) -> None:
        """Read for ever; a button that can't be read is tried again every 5 s."""
        try:
            while True:
                if self.trouble is ButtonTrouble.UNREADABLE:
                    # A button says nothing until it is pressed: it works when no error comes first.
                    self._set_timer(RETRY_S, lambda: self._set_trouble(None))
                self._read_since = asyncio.get_running_loop().time()
                try:
                    async for down in self._button.edges():
                        self._on_edge(down)
                except HardwareError as error:
                    self._lost(error)
                except Exception as error:
                    # Nobody reads the button until the next try, so that is what all must know.
                    log.exception("The %s button's own handling failed", self.name)
                    self._lost(error)
                await asyncio.sleep(RETRY_S)
        finally:
            self._held = False
            self._stop_timer()
            # Nobody reads the button any more: what is held counts no longer.
            self._tell(self._handler.cancelled)

    def _on_edge(self, down: bool) -> None:
        self._held, self._touched_at = down, asyncio.get_running_loop().time()
        self._stop_timer()
        if down:
            self._pressed()
        else:
            self._released()

    def _pressed(self) -> None:
        # Such a press may shut the gate, but its end, perhaps minutes later, must not share again.
        self._was_down = self._touched_at - self._read_since < DOWN_AT_START_S
        self._handler.pressed()
        if self._was_down:
            self._handler.cancelled()
        self._tell(self._on_felt)
        self._presses.append(self._touched_at)
        took = self._touched_at - self._presses[0]
        chatters = len(self._presses) == CHATTER and took < CHATTER_WITHIN_S
        self._set_timer(STUCK_AFTER_S, self._on_stuck)
        self._set_trouble(ButtonTrouble.CHATTERS if chatters else None)

    def _released(self) -> None:
        match self.trouble:
            case None if self._was_down:
                pass
            case None:
                self._handler.released()
            case ButtonTrouble.CHATTERS:
                self._handler.cancelled()
                self._set_timer(CHATTER_WITHIN_S, lambda: self._set_trouble(None))
            case _:
                self._set_trouble(None)

    def _on_stuck(self) -> None:
        self._handler.cancelled()
        self._set_trouble(ButtonTrouble.STUCK)

    def _lost(self, error: Exception) -> None:
        news = self.trouble is not ButtonTrouble.UNREADABLE
        self._held = False
        self._stop_timer()
        self._tell(self._handler.cancelled)
        self._set_trouble(ButtonTrouble.UNREADABLE)
        if news:
            log.error("The %s button can't be read: %s", self.name, error)

    def _set_trouble(self, trouble: ButtonTrouble | None) -> None:
        before, self.trouble = self.trouble, trouble
        if trouble is before:
            return
        self._tell(self._on_trouble)
        if trouble is ButtonTrouble.STUCK:
            log.warning("The %s button has been down for a minute; is it stuck?", self.name)
        elif trouble is ButtonTrouble.CHATTERS:
            log.warning("The %s button chatters; its wire may be loose", self.name)
        elif trouble is None:
            log.info("The %s button works again", self.name)

    def _tell(self, listener: Callable[[], None]) -> None:
        try:
            listener()
        except Exception:
            # Not which button: the log must not tell when PRIVACY was pressed.
            log.exception("The buttons work, but lamp or screen failed to answer one")

    def _set_timer(self, seconds: float, then: Callable[[], None]) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
