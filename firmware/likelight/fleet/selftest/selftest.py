"""From a configuration to a report: the hardware is opened, walked through, and switched off."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path

from likelight.config.settings import Config
from likelight.config.state_dir import held
from likelight.fleet.doctor.system import Ground
from likelight.fleet.selftest.hardware import open_parts
from likelight.fleet.selftest.report import Report, write
from likelight.fleet.selftest.session import Walk
from likelight.fleet.selftest.steps import STEPS
from likelight.fleet.selftest.technician import Person, keyboard

Say = Callable[[str], None]


def selftest(config: Config, file: Path, *, unattended: bool, say: Say) -> Report:
    """Walk through the hardware of `config`; write what was seen to `file` and return it.

    Afterwards all is dark. Holds the state directory, so that no daemon starts meanwhile. Raises
    `ConfigError` when one runs, `HardwareError` for a driver that isn't one, `OSError` for the
    report, and `CancelledError` when a signal ends it.
    """
    with held(config.state_dir) as state_dir, _handed_back(state_dir):
        seen = asyncio.run(_walk(config, unattended=unattended, say=say))
        write(seen, file)
        return seen


async def _walk(config: Config, *, unattended: bool, say: Say) -> Report:
    ground, parts = Ground(config), open_parts(config)
    person = Person(unattended=unattended, hint=say)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(parts.close)
        # A lost terminal (SIGHUP) or a shutdown leaves no lamp on, either.
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(ending, task.cancel)
        if not unattended:
            await stack.enter_async_context(keyboard(sys.stdin.fileno(), person.hear_line))
        if parts.simulated:
            say(f"SIMULATED: {', '.join(parts.simulated)}. What is simulated answers for itself.")
        return await Walk(ground, parts, person, say).through(STEPS, ground.now)


@contextmanager
def _handed_back(state_dir: Path) -> Iterator[None]:
    """Leave nothing of root's in the directory of the service's user, who couldn't open it."""
    try:
        yield
    finally:
        if os.geteuid() == 0:
            owner = state_dir.stat()
            for entry in state_dir.iterdir():
                with suppress(FileNotFoundError):
                    os.chown(entry, owner.st_uid, owner.st_gid, follow_symlinks=False)
