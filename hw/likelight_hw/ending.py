"""The end of a child process: by itself, by SIGKILL, or not at all."""

import asyncio
import contextlib
import logging

_log = logging.getLogger(__name__)

GONE_WITHIN_S = 2.0
"""A killed process is gone within milliseconds, unless a driver holds it in the kernel."""


async def end(process: asyncio.subprocess.Process, patience: float) -> int | None:
    """Return the exit code of a child that was asked to end; kill it after `patience` seconds.

    One that sleeps in a driver can't even be killed: it is left behind, and the code is None.
    """
    # Not asyncio.timeout(): in a task that is being cancelled, as ours mostly is, it raises
    # CancelledError for TimeoutError before Python 3.11.4 (Debian 12 has 3.11.2).
    try:
        return await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        pass
    finally:
        _kill(process)
    try:
        return await asyncio.wait_for(process.wait(), GONE_WITHIN_S)
    except TimeoutError:
        _log.error("Process %d can't be killed: a driver holds it in the kernel", process.pid)
        return None


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
