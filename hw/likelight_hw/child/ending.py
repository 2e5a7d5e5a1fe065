"""Ends that must not hang: of a child process (by itself, by SIGKILL or not at all), and others.

Neither knows asyncio.timeout() nor wait_for(): before Python 3.11.4 the one raises CancelledError
for TimeoutError in a task that is being cancelled, as ours mostly is; before 3.12 the other
swallows a cancellation that comes in the moment in which the work ends.
"""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger(__name__)

GONE_WITHIN_S = 2.0
"""A killed process is gone within milliseconds, unless a driver holds it in the kernel."""


async def within(work: Coroutine[Any, Any, None], patience: float) -> bool:
    """Do `work`, but cancel it after `patience` seconds; return whether it was done.

    Raises what it raises. A task of its own does it, so that it may have time-outs inside.
    """
    job = asyncio.ensure_future(work)
    try:
        await asyncio.wait((job,), timeout=patience)
    finally:
        done = job.done()
        job.cancel()
    if done:
        job.result()
    return done


async def end(process: asyncio.subprocess.Process, patience: float) -> int | None:
    """Return the exit code of a child that was asked to end; kill it after `patience` seconds.

    One that sleeps in a driver can't even be killed: it is left behind, and the code is None.
    """
    gone = asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait((gone,), timeout=patience)
    finally:
        _kill(process)
        await asyncio.wait((gone,), timeout=GONE_WITHIN_S)
        stuck = not gone.done()
        gone.cancel()
    if stuck:
        _log.error("Process %d can't be killed: a driver holds it in the kernel", process.pid)
        return None
    return gone.result()


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
