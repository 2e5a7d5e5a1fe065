"""The newest events of the daemon in its own words, for the bench."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

KEPT = 200


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event: its number (ascending, without a gap), when, how serious, and what happened."""

    n: int
    at: datetime
    level: str
    text: str


class LogLines(logging.Handler):
    """Keeps the newest 200 records of INFO and above.

    `on_line` is called after each, in the thread that logged. Attach it to the loggers whose
    events a person should read: `logging.getLogger("likelight").addHandler(LogLines(...))`.
    """

    def __init__(self, on_line: Callable[[], None] = lambda: None) -> None:
        super().__init__(logging.INFO)
        self._on_line = on_line
        self._guard = threading.Lock()
        self._lines: deque[LogLine] = deque(maxlen=KEPT)
        self._count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record's message; a traceback belongs in the journal, not on a page."""
        try:
            text = record.getMessage()
            with self._guard:
                self._count += 1
                at = datetime.fromtimestamp(record.created, UTC)
                self._lines.append(LogLine(self._count, at, record.levelname.lower(), text))
            self._on_line()
        except Exception:  # noqa: BLE001  they may raise anything; logging reports it
            self.handleError(record)

    def lines(self) -> tuple[LogLine, ...]:
        """Return what is kept, oldest first."""
        with self._guard:
            return tuple(self._lines)
