"""The first signal asks for the end; a second one ends the process, in the dark."""

import signal
import subprocess
import sys

import pytest

SCRIPT = """
import asyncio, os, signal, sys, time
from likelight.runtime.signals import Stop

def dark():
    print("dark", flush=True)
    {broken}

async def main():
    stop = Stop()
    stop.darken = dark
    os.kill(os.getpid(), signal.{first})
    await stop.requested.wait()
    print("asked", flush=True)
    os.kill(os.getpid(), signal.{second})
    {hangs}

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("first", "second", "hangs", "broken"),
    [
        ("SIGINT", "SIGINT", "await asyncio.sleep(60)", ""),
        ("SIGTERM", "SIGINT", "time.sleep(60)", ""),
        ("SIGHUP", "SIGTERM", "await asyncio.sleep(60)", "raise OSError"),
    ],
)
def test_who_cannot_wait_leaves_no_light_on(
    first: str, second: str, hangs: str, broken: str
) -> None:
    script = SCRIPT.format(first=first, second=second, hangs=hangs, broken=broken)
    ended = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ended.stdout == "asked\ndark\n"
    assert ("The lights may still be on" in ended.stderr) is bool(broken)
    assert ended.returncode == -getattr(signal, second)
