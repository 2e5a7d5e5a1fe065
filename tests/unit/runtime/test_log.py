"""The log goes to stderr, and a stderr that nobody reads holds up neither the loop nor the end."""

import os
import subprocess
import sys

FLOOD = """
import logging
from likelight.runtime import log
assert log.END_WITHIN_S == 2.0
with log.logging_to_stderr():
    for number in range({records}):
        logging.getLogger("likelight").info("%d %s", number, "x" * 100)
print("ended", flush=True)
"""


def test_every_record_is_written_in_order() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FLOOD.format(records=2000)],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    assert [line.split()[1] for line in ended.stderr.splitlines()] == [*map(str, range(2000))]


def test_a_stderr_that_nobody_reads_does_not_keep_the_process() -> None:
    unread, stderr = os.pipe()
    try:
        ended = subprocess.run(
            [sys.executable, "-c", FLOOD.format(records=30_000)],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            timeout=100,
            check=True,
        )
    finally:
        os.close(unread)
        os.close(stderr)
    assert ended.stdout == "ended\n"


def test_a_closed_stderr_is_no_error() -> None:
    closed = 'exec "$0" -c "$1" 2>&-'
    command = ["bash", "-c", closed, sys.executable, FLOOD.format(records=10)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    assert ended.stdout == "ended\n"


def test_journald_gets_a_priority_on_each_line() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FLOOD.format(records=1)],
        env={**os.environ, "JOURNAL_STREAM": "8:1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    assert ended.stderr == f"<6>likelight: 0 {'x' * 100}\n"
