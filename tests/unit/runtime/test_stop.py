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
        timeout=100,
        check=False,
    )
    assert ended.stdout == "asked\ndark\n"
    assert ("The lights may still be on" in ended.stderr) is bool(broken)
    assert ended.returncode == -getattr(signal, second)


HANGS = """
import asyncio, os, signal, time
from likelight.runtime import signals

assert signals.END_WITHIN_S + signals.DARKEN_WITHIN_S < 10
signals.END_WITHIN_S = signals.DARKEN_WITHIN_S = 0.2

async def swallows():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

async def disk():
    await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, time.sleep, 60))

async def driver():
    try:
        await asyncio.sleep(60)
    finally:
        time.sleep(60)

def darken():
    print("dark", flush=True)
    {darkening}

async def main():
    stop = signals.Stop()
    stop.darken = darken
    task = asyncio.create_task({hangs}())
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGTERM)
    await stop.requested.wait()
    task.cancel()
    await task

asyncio.run(main())
"""


@pytest.mark.parametrize("hangs", ["swallows", "disk", "driver"])
@pytest.mark.parametrize("darkening", ["pass", "time.sleep(60)"])
def test_an_end_that_hangs_is_ended_in_the_dark(hangs: str, darkening: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", HANGS.format(hangs=hangs, darkening=darkening)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (ended.stdout, ended.returncode) == ("dark\n", 70)
