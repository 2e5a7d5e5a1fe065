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
    try:
        async with asyncio.timeout(patience):
            return await process.wait()
    except TimeoutError:
        pass
    finally:
        _kill(process)
    try:
        async with asyncio.timeout(GONE_WITHIN_S):
            return await process.wait()
    except TimeoutError:
        _log.error("Process %d can't be killed: a driver holds it in the kernel", process.pid)
        return None


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
