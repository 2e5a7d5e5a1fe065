"""The end of a child process: by itself, by SIGKILL, or, when a driver holds it, not at all.

Written with asyncio.wait(): before Python 3.11.4 asyncio.timeout() raises CancelledError in place
of TimeoutError in a task that is being cancelled, as the task that ends a child usually is.
"""

import asyncio
import contextlib
import logging
import signal

_log = logging.getLogger(__name__)

KILLED_WITHIN_S = 2.0
"""A killed process is gone within milliseconds, unless a driver holds it in the kernel."""


async def end(process: asyncio.subprocess.Process, seconds: float) -> int | None:
    """Wait until the child ends, kill it after `seconds`, and return its exit code.

    Not even SIGKILL ends a child that sleeps in a driver: it is left behind, and the code is None.
    """
    gone = asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait((gone,), timeout=seconds)
    finally:
        kill(process)
        await asyncio.wait((gone,), timeout=KILLED_WITHIN_S)
        stuck = not gone.done()
        gone.cancel()
    if stuck:
        _log.error("SIGKILL does not end process %d: a driver holds it in the kernel", process.pid)
        return None
    return gone.result()


def kill(process: asyncio.subprocess.Process) -> None:
    """Send SIGKILL, unless the child has ended."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


def describe_exit(code: int | None) -> str:
    """Return in words what `end` returned."""
    if code is None:
        return "stuck in a driver; restart the device if this stays"
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
