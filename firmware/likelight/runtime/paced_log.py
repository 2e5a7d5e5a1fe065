"""One line for many events of a kind: a client that causes them can't fill the log."""

import asyncio
import logging

EVERY_S = 60.0


class PacedLog:
    """Warns in `log` of the first event at once, then once a minute, with how many there were."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._unsaid: tuple[str, tuple[object, ...]] | None = None
        self._count = 0
        self._pausing = False

    def say(self, message: str, *values: object) -> None:
        """Log `message % values`, or count it until the minute since the last line is over."""
        if self._pausing:
            self._unsaid = (message, values)
            self._count += 1
            return
        self._log.warning(message, *values)
        self._pause()

    def _pause(self) -> None:
        self._pausing = True
        asyncio.get_running_loop().call_later(EVERY_S, self._go_on)

    def _go_on(self) -> None:
        self._pausing = False
        if self._unsaid is None:
            return
        (message, values), count = self._unsaid, self._count
        self._unsaid, self._count = None, 0
        self._log.warning(f"{message} (%d such in the last minute)", *values, count)
        self._pause()
