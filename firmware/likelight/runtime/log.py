"""Logging that never blocks the event loop: a queue, and a thread that writes to stderr.

Nobody may read that stderr: a pipe whose reader hangs. Then what does not fit is dropped, and the
end of the process does not wait for it.
"""

import json
import logging
import os
import queue
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from logging.handlers import QueueHandler
from threading import Thread

LONGEST_QUEUE = 10_000
"""Records that wait for stderr: some 5 MB at most."""
END_WITHIN_S = 2.0
"""The end of the process waits this long for what is still to be written."""
NOT_FOR_THE_JOURNAL = {"journal": False}
"""The `extra` of a line that each viewer's click may cause. A terminal and the bench have it, the
journal does not: with a like a second such lines were nine tenths of the 449 MB that a busy day
wrote to the memory card (tests/bench/bench_card.py)."""

_SYSLOG_PRIORITY = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}


class _JournalFormatter(logging.Formatter):
    """`<priority>` before each line, as sd-daemon(3) has it; journald adds time and unit."""

    def format(self, record: logging.LogRecord) -> str:
        priority = _SYSLOG_PRIORITY.get(record.levelno, 6)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())


_Records = queue.Queue[logging.LogRecord | None]


class _Enqueue(QueueHandler):
    """Puts records into a queue that may be full."""

    def enqueue(self, record: logging.LogRecord) -> None:
        with suppress(queue.Full):
            self.queue.put_nowait(record)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `time` (RFC 3339, UTC), `level`, `logger`, `message`,
    which ends with the traceback of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        told = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        # `QueueHandler` has put the traceback into the message.
        return json.dumps(told, ensure_ascii=False)


@contextmanager
def logging_to_stderr(
    level: int = logging.INFO, formatter: logging.Formatter | None = None
) -> Iterator[None]:
    """Send the root logger's records to stderr from a thread, until the context ends.

    Without a `formatter` a line is what the journal or a terminal needs.
    """
    records: _Records = queue.Queue(LONGEST_QUEUE)
    enqueue = _Enqueue(records)
    # A daemon thread, which the end of the process does not wait for.
    writing = Thread(
        target=_write_all, args=(records, formatter or _formatter()), name="log", daemon=True
    )
    if _is_journal():
        enqueue.addFilter(_is_for_the_journal)
    root = logging.getLogger()
    root.setLevel(level)
    root.addHandler(enqueue)
    writing.start()
    try:
        yield
    finally:
        root.removeHandler(enqueue)
        with suppress(queue.Full):
            records.put_nowait(None)
        writing.join(END_WITHIN_S)


def _is_journal() -> bool:
    return "JOURNAL_STREAM" in os.environ


def _is_for_the_journal(record: logging.LogRecord) -> bool:
    return bool(getattr(record, "journal", True))


def _formatter() -> logging.Formatter:
    if _is_journal():
        return _JournalFormatter("%(name)s: %(message)s")
    return logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S")


def _write_all(records: _Records, formatter: logging.Formatter) -> None:
    """Write each record until None comes.

    To the file descriptor: `sys.stderr` and `logging.StreamHandler` have locks, which a writer that
    hangs would still hold when Python takes them at its end.
    """
    try:
        stderr, encoding = sys.stderr.fileno(), sys.stderr.encoding
    except (AttributeError, OSError):  # closed (2>&-), or a test's
        return
    while (record := records.get()) is not None:
        unwritten = f"{formatter.format(record)}\n".encode(encoding, "backslashreplace")
        with suppress(OSError):
            while unwritten:
                unwritten = unwritten[os.write(stderr, unwritten) :]
